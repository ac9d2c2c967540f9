"""All plates loaded and judged, and each switched on in one city, one after the other.

Beside PostgreSQL: `python tests/pg.py python -m bench.plates`.
"""

import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from bench.city import open_city
from bench.house import cpu_of, database

AT = 1_540_000_000_000_000
CHECKED, SWITCHED = 2.0, 1.0  # seconds of CPU


def run() -> list[dict[str, Any]]:
    """Measure; give name, value, unit, goal and whether it holds."""
    from cityloop.ground.kit.judge import judge, loop_problems
    from cityloop.ground.kit.loader import load
    from cityloop.ground.kit.registry import plates

    folders = plates()
    loading = _cpu(lambda: [load(folder) for folder in folders.values()])
    loop = _cpu(loop_problems)
    problems: list[Any] = []
    checking = loop + _cpu(lambda: problems.extend(p for name, folder in folders.items() for p in judge(folder, name)))
    with open_city() as kind:
        spent, walls, seen = _switched_on([load(folder) for folder in folders.values()])
    worst = max(spent)
    return [
        _row("plates: how many", len(folders), "", 0, holds=not problems),
        _row("plates: all loaded", loading, "CPU s", CHECKED, loading < CHECKED),
        _row("plates: all loaded and judged, the loop proved", checking, "CPU s", CHECKED, checking < CHECKED),
        _row(f"plates: one more switched on, the slowest ({kind})", worst, "CPU s", SWITCHED, worst < SWITCHED),
        _row(f"plates: the same by the clock on the wall ({kind})", max(walls), "s", 0, holds=True),
        _row(f"plates: the catalogue of all seen by others ({kind})", seen, "CPU s", SWITCHED, seen < SWITCHED),
    ]


def _switched_on(made: list[Any]) -> tuple[list[float], list[float], float]:
    """Give what switching each on costs beside those before it, in CPU (the database's too) and in wall time, and
    what it costs to read the last version afresh."""
    from cityloop.ground.loop.actor import Actor
    from cityloop.town.catalog import actions, queries
    from cityloop.town.orgs.actions import found_city

    by = Actor(kind="rule", role="rule", name="bench")
    found_city(key="city", names={"en": "City", "zh-hans": "市"}, by=by, at=AT)
    spent, walls = list[float](), list[float]()
    for plate in made:
        begun = time.perf_counter()
        spent.append(_cpu(partial(actions.switch_on, plate=plate, by=by, at=AT)))
        walls.append(time.perf_counter() - begun)
    return spent, walls, _cpu(queries.current)


def _cpu(work: Callable[[], Any]) -> float:
    begun = time.process_time() + cpu_of(database())
    work()
    return time.process_time() + cpu_of(database()) - begun


def _row(name: str, value: float, unit: str, goal: float, holds: bool) -> dict[str, Any]:
    return {"name": name, "value": round(value, 3), "unit": unit, "goal": goal or "", "holds": bool(holds)}


if __name__ == "__main__":
    print(json.dumps(run(), indent=2, ensure_ascii=False))
