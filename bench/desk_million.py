"""The desk at a million cases: inbox, list, search and the page of a case, for posts that see much and little.

The city is `million`'s. Each figure is the 95th percentile of requests through Django, pages drawn, in the best of
some blocks; and the most SQL statements that any of those pages took.
"""

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.city import open_city
from bench.million import RARE, fill, street

BLOCKS, ROUNDS = 3, 5
GOALS = {"PostgreSQL": 200, "SQLite": 400}
STATEMENTS = 12
WHO = {
    "shift": "a shift leader", "dispatcher": "a dispatcher", "inspector_east": "a district",
    "parks": "a large department", "police": "a small department",
}  # fmt: skip


def run() -> list[dict[str, Any]]:
    """Measure."""
    with open_city() as database, tempfile.TemporaryDirectory() as folder:
        from django.conf import settings

        from cityloop.town.columns import real_now
        from tests.loops.cases.smallville import build

        settings.ALLOWED_HOSTS = ["testserver"]
        town = build(Path(folder))
        fill(town, real_now())
        numbers = [_number(town.to(state)) for state in ("handling", "closed")]
        return [figure for who in WHO for figure in _measured(town, who, numbers, database)]


def _asked(numbers: list[str]) -> dict[str, list[str]]:
    """Give what is asked for."""
    cases, tail = "/desk/cases/", numbers[0].rpartition("-")[2]
    mistyped = f"{street(7)[:-2]}no"
    return {
        "inbox": ["/desk/", "/desk/?late=over", "/desk/?what=dispatched", "/desk/?unit=100102", "/desk/?others=1"],
        "list": [cases, f"{cases}?state=open", f"{cases}?late=1"],
        "list by state and area": [
            f"{cases}?state=handling&unit=100102", f"{cases}?state=handled&unit=100102001",
            f"{cases}?state=cancelled&unit=100103", f"{cases}?state=open&unit=100199",
            f"{cases}?matter=hole&unit=100104",
        ],
        "search by number": [f"{cases}?q={numbers[0]}", f"{cases}?q={tail}"],
        "search by words, rare and common": [
            f"{cases}?q={RARE}", f"{cases}?q=road", f"{cases}?q={street(9)}+road", f"{cases}?q=road+{RARE}",
            f"{cases}?q=路灯+road", f"{cases}?q=路灯+积水",
        ],
        "search by a mistyped word": [f"{cases}?q={mistyped}"],
        "search by a pair of characters": [f"{cases}?q=路灯", f"{cases}?q=路灯&state=handling&unit=100105"],
        "search by place": [f"{cases}?q={street(11)}", f"{cases}?q={street(12)}+路灯&state=open"],
        "page of a case": [f"{cases}{number}" for number in numbers],
    }  # fmt: skip


def _measured(town: Any, who: str, numbers: list[str], database: str) -> Iterator[dict[str, Any]]:
    from django.test import Client

    browser = Client()
    browser.force_login(town.accounts[who])
    for what, paths in _asked(numbers).items():
        if what == "page of a case" and who in ("police", "inspector_east"):
            continue
        most = max(_statements(browser, path) for path in paths)
        name = f"{what}, {WHO[who]}, {database}"
        value, slowest = min(_p95(browser, paths) for _block in range(BLOCKS))
        goal = GOALS[database]
        yield {**_row(f"{name}: p95 at 1,000,000 cases", value, "ms", goal), "slowest": slowest}
        yield _row(f"{name}: SQL statements", most, "", STATEMENTS)


def _statements(browser: Any, path: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    browser.get(path)
    with CaptureQueriesContext(connection) as asked:
        status = browser.get(path).status_code
    if status not in (200, 302):
        raise RuntimeError(f"{path}: {status}")
    return len(asked)


def _p95(browser: Any, paths: list[str]) -> tuple[float, str]:
    times = []
    for _round in range(ROUNDS):
        for path in paths:
            started = time.perf_counter()
            browser.get(path)
            times.append(((time.perf_counter() - started) * 1000, path))
    return sorted(times)[int(len(times) * 0.95)]


def _number(case: int) -> str:
    from cityloop.loops.cases.models import Case
    from cityloop.loops.cases.numbers import number

    return number(Case.objects.get(pk=case))


def _row(name: str, value: float, unit: str, goal: float) -> dict[str, Any]:
    return {"name": name, "value": round(value, 1), "unit": unit, "goal": f"≤ {goal}", "holds": value <= goal}


if __name__ == "__main__":
    print(json.dumps(run(), indent=1, ensure_ascii=False))
