"""The sweep over a million open rows of work: nothing due, and 10,000 falling due at once.

The rows are copies of one real duty with spread deadlines, written plainly; the sweep is the real one. Run beside
PostgreSQL with `python tests/pg.py python -m bench.sweep`.
"""

import statistics
import threading
import time
from typing import Any

from bench.city import open_city

ROWS = 1_000_000
FALLING = 10_000
NOW = 1_540_137_600_000_000
WINDOW = 3.0  # seconds of interactive work over which p99 is taken; the sweep lies inside
HOUR = 3_600_000_000


def _fill(rows: int) -> None:
    from django.db import connection

    from cityloop.town.worklist.actions import COLUMNS

    names = ", ".join(f'"{c}"' for c in COLUMNS)
    series = (
        f"SELECT n FROM generate_series(1, {rows}) n"
        if connection.vendor == "postgresql"
        else f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {rows}) SELECT n FROM s"
    )
    values = {
        "loop": "'bench'", "subject_id": "n", "slot": "'state'", "opened_seq": "1", "what": "'collected'",
        "role": "'intake_officer'", "org": "0", "org_path": "''", "person": "0", "unit_code": "'1001'", "level": "0",
        "origin": "'exercise'", "opened": str(NOW), "limit": str(8 * HOUR),
        "due": f"{NOW} + {8 * HOUR} + n * 1000", "due50": f"{NOW} + {4 * HOUR} + n * 1000",
        "due80": f"{NOW} + {6 * HOUR} + n * 1000", "due150": f"{NOW} + {12 * HOUR} + n * 1000", "pause": "''",
        "on_due": "''", "mark": "0", "next_at": f"{NOW} + {4 * HOUR} + n * 1000", "ended": "NULL",
    }  # fmt: skip
    columns = ", ".join(values[c] for c in COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO worklist_row ({names}) SELECT {columns} FROM ({series}) x")
        cursor.execute("ANALYZE")


def _fall() -> None:
    """Let 10,000 rows fall due at once: their half is over now."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE worklist_row SET next_at = {NOW - 1}, due50 = {NOW - 1} WHERE subject_id <= {FALLING}")


def _interactive(stop: threading.Event, times: list[float]) -> None:
    """A person's action: one short write of a row, again and again."""
    from django.db import connection, transaction

    number = ROWS
    while not stop.is_set():
        start = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE worklist_row SET person = person + 1 WHERE subject_id = %s", [number])
        times.append(time.perf_counter() - start)
        number -= 1
        time.sleep(0.002)
    connection.close()


def _watched(work: Any, seconds: float = 0.0) -> tuple[float, list[float]]:
    stop, times = threading.Event(), list[float]()
    worker = threading.Thread(target=_interactive, args=(stop, times))
    worker.start()
    start = time.perf_counter()
    work()
    spent = time.perf_counter() - start
    time.sleep(max(0.0, seconds - spent))
    stop.set()
    worker.join()
    return spent, times


def run() -> list[dict[str, Any]]:
    """Fill, sweep and measure."""
    with open_city() as database:
        from cityloop.town.worklist.actions import sweep

        _fill(ROWS)
        sweep(at=NOW)
        idle = statistics.median(_timed(lambda: sweep(at=NOW)) for _ in range(9))
        _, alone = _watched(lambda: None, WINDOW)
        _fall()
        spent, beside = _watched(lambda: sweep(at=NOW), WINDOW)
    ratio = _p99(beside) / _p99(alone)
    name = f"sweep of {ROWS:,} open rows, {database}"
    return [
        _row(f"{name}: nothing due", idle * 1000, "ms", "< 50", idle < 0.05),
        _row(f"{name}: {FALLING:,} falling due at once", spent, "s", "< 2", spent < 2),
        _row(f"{name}: interactive p99 beside / alone", ratio, "×", "≤ 2", ratio <= 2),
    ]


def _timed(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _p99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98] if len(times) > 2 else max(times)


def _row(name: str, value: float, unit: str, goal: str, holds: bool) -> dict[str, Any]:
    return {"name": name, "value": round(value, 3), "unit": unit, "goal": goal, "holds": holds}


if __name__ == "__main__":
    import json

    print(json.dumps(run(), indent=1, ensure_ascii=False))
