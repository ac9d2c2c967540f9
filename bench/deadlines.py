"""Deadlines in working time: near against far, one against a million."""

import json
import time
import timeit
from typing import Any

import numpy as np

from cityloop.ground.worktime import DAY, HOUR, WorkCalendar

NOW = 1_540_137_600_000_000
SHIFTS = [[("08:30", "12:00"), ("14:00", "18:00")]] * 5 + [[], []]
YEAR = 250 * 15 * HOUR // 2  # a year of working days of 7.5 hours
ROUNDS, CALLS, MILLION = 7, 20_000, 1_000_000


def run() -> list[dict[str, Any]]:
    """Measure; give name, value, unit, goal and whether it holds."""
    calendar = WorkCalendar("Asia/Shanghai", SHIFTS, day_hours=7.5, country="CN")
    calendar.add(NOW, YEAR)
    hour, year = _alternately(calendar)
    many, single = _million(calendar), _million_singly(calendar)
    return [
        _row("deadline: one hour ahead", hour * 1e6, "µs", 5, hour < 5e-6),
        _row("deadline: a year ahead against an hour ahead", year / hour, "ratio", 2, year / hour <= 2),
        _row("deadline: a million, vectorised", many, "s", 5, many < 5),
        _row("deadline: a million, one by one", single, "s", 5, single < 5),
    ]


def _alternately(calendar: WorkCalendar) -> tuple[float, float]:
    """Give seconds a call for an hour and for a year ahead: the best of some rounds, taken in turns."""
    hours = range(NOW, NOW + 40 * DAY, 40 * DAY // 100)
    near = [_each(calendar, list(hours), HOUR) for _ in range(ROUNDS)]
    far = [_each(calendar, list(hours), YEAR) for _ in range(ROUNDS)]
    return min(near), min(far)


def _each(calendar: WorkCalendar, starts: list[int], amount: int) -> float:
    add = calendar.add
    spent = timeit.timeit(lambda: [add(start, amount) for start in starts], number=CALLS // len(starts))
    return spent / (CALLS // len(starts) * len(starts))


def _million(calendar: WorkCalendar) -> float:
    rng = np.random.default_rng(1)
    starts, amounts = NOW + rng.integers(0, 365 * DAY, MILLION), rng.integers(0, 200 * HOUR, MILLION)
    begin = time.perf_counter()
    calendar.due_many(starts, amounts)
    return time.perf_counter() - begin


def _million_singly(calendar: WorkCalendar) -> float:
    rng = np.random.default_rng(1)
    starts, amounts = (
        (NOW + rng.integers(0, 365 * DAY, MILLION)).tolist(),
        rng.integers(0, 200 * HOUR, MILLION).tolist(),
    )
    begin = time.perf_counter()
    for start, amount in zip(starts, amounts, strict=True):
        calendar.add(start, amount)
    return time.perf_counter() - begin


def _row(name: str, value: float, unit: str, goal: float, holds: bool) -> dict[str, Any]:
    return {"name": name, "value": round(value, 3), "unit": unit, "goal": goal, "holds": bool(holds)}


if __name__ == "__main__":
    print(json.dumps(run(), indent=2, ensure_ascii=False))
