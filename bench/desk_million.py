"""The desk at a million cases: inbox, list, search and the page of a case, for posts that see much and little.

The city is `million`'s. Each page is asked for some times through Django and drawn; of a page the quickest counts, of
the pages of a kind and a post the slowest. CPU time is judged, of the process and of its connection's at the database:
wall time, told beside it, judges the machine and its neighbours.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.city import open_city
from bench.million import RARE, fill, street

ROUNDS = 4
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
        from tests.loops.cases.smallville import make

        settings.ALLOWED_HOSTS = ["testserver"]
        town = make(Path(folder))
        fill(town, real_now())
        numbers = [_number(town.to(state)) for state in ("handling", "closed")]
        pages = [figure for who in WHO for figure in _measured(town, who, numbers, database)]
        return [*pages, *_tried(database, real_now())]


def _asked(numbers: list[str]) -> dict[str, list[str]]:
    """Give what is asked for."""
    cases, tail = "/desk/cases/", numbers[0].rpartition("-")[2]
    mistyped = f"{street(7)[:-2]}no"
    return {
        "inbox": ["/desk/", "/desk/?late=over", "/desk/?what=dispatched", "/desk/?unit=100102", "/desk/?others=1"],
        "list": [cases, f"{cases}?state=open", f"{cases}?late=1", f"{cases}?state=closed", f"{cases}?matter=hole"],
        "list by state and area": [
            f"{cases}?state=handling&unit=100102", f"{cases}?state=handled&unit=100102001",
            f"{cases}?state=cancelled&unit=100103", f"{cases}?state=open&unit=100199",
            f"{cases}?matter=hole&unit=100104",
        ],
        "search by number or telephone": [f"{cases}?q={numbers[0]}", f"{cases}?q={tail}", f"{cases}?q=12345678"],
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
        pages = [page for path in paths if (page := _page(browser, path))]
        if pages:
            name, goal = f"{what}, {WHO[who]}, {database}", GOALS[database]
            yield {**_row(f"{name}: CPU", max(pages)[0], "ms", goal), "slowest": max(pages)[3]}
            yield _row(f"{name}: wall", max(page[1] for page in pages), "ms", 0)
            yield _row(f"{name}: SQL statements", max(page[2] for page in pages), "", STATEMENTS)


def _tried(database: str, now: int) -> Iterator[dict[str, Any]]:
    """Try a change of the catalogue on the cases of a month and of three."""
    from cityloop.loops.cases import trying
    from cityloop.town.catalog import drafts, queries

    made = drafts.with_line(queries.published(), "tree", "100102", "roads")
    for days in (31, 92):
        span, found = trying.Span(now - days * 86_400_000_000, now + 1), []
        for _round in range(ROUNDS):
            spent, started = _cpu(), time.perf_counter()
            trial = trying.tried(made, span)
            found.append(((_cpu() - spent) * 1000, (time.perf_counter() - started) * 1000))
        cases = sum(group.cases for group in trying.groups(span))
        name = f"a change tried on {cases:,} cases of {days} days, {database}"
        yield {**_row(f"{name}: CPU", min(found)[0], "ms", 0), "routed": len(trial.routed)}
        yield _row(f"{name}: wall", min(wall for _spent, wall in found), "ms", 0)


def _page(browser: Any, path: str) -> tuple[float, float, int, str] | None:
    """Give CPU ms, wall ms, SQL statements and the path of a page; None where this post does not see it."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    found = []
    for _round in range(ROUNDS):
        with CaptureQueriesContext(connection) as asked:
            spent, started = _cpu(), time.perf_counter()
            status = browser.get(path).status_code
            found.append(((_cpu() - spent) * 1000, (time.perf_counter() - started) * 1000, len(asked), path))
        if status == 404:
            return None
        if status not in (200, 302):
            raise RuntimeError(f"{path}: {status}")
    print(f"{path}: {min(found)[0]:.0f} ms", file=sys.stderr)
    return min(found)[0], min(wall for _cpu, wall, _n, _path in found), min(n for *_times, n, _path in found), path


def _cpu() -> float:
    """Give the CPU seconds of this process and of its connection's at the database."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return time.process_time()
    pid = connection.connection.info.backend_pid if connection.connection else 0
    beside = Path(f"/proc/{pid}/schedstat")
    return time.process_time() + (int(beside.read_text().split()[0]) / 1e9 if pid else 0)


def _number(case: int) -> str:
    from cityloop.loops.cases.models import Case
    from cityloop.loops.cases.numbers import number

    return number(Case.objects.get(pk=case))


def _row(name: str, value: float, unit: str, goal: float) -> dict[str, Any]:
    return {
        "name": name,
        "value": round(value, 1),
        "unit": unit,
        "goal": f"≤ {goal}" if goal else "",
        "holds": not goal or value <= goal,
    }


if __name__ == "__main__":
    print(json.dumps(run(), indent=1, ensure_ascii=False))
