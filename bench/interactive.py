"""One person's action: what it costs through the JSON door, and whether it stays as quick with a million cases.

The city is a small one; the cases are real ones, brought up the straight way by real actions. For the million, rows
of cases, steps, reports, parts and work are copied from those (resampled) and written plainly; the actions measured
are real, on cases of their own. The server is the real `cityloop serve` with two workers.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.city import open_city
from bench.house import House, Request, post_all, served

FEW, MANY = 10_000, 1_000_000
REPORTS = 600
BLOCKS, ROUNDS = 6, 12
TEMPLATES = 20


def run() -> list[dict[str, Any]]:
    """Measure."""
    with open_city() as database, tempfile.TemporaryDirectory() as folder:
        from tests.loops.cases.smallville import make

        town = make(Path(folder))
        costs = list(_door(town, database))
        templates(town)
        fill(FEW)
        few = _p50(town)
        fill(MANY)
        many = _p50(town)
    name = f"interactive, {database}"
    return [
        *costs,
        _row(f"{name}: p50 of one action at {FEW:,} cases", few * 1000, "ms", "", True),
        _row(f"{name}: p50 of one action at {MANY:,} cases", many * 1000, "ms", "", True),
        _row(f"{name}: p50 at {MANY:,} against {FEW:,}", many / few, "×", "≤ 1.5", many / few <= 1.5),
    ]


# --- through the door


def _door(town: Any, database: str) -> Iterator[dict[str, Any]]:
    keys = keys_of(town)
    with served() as house:
        _spent(house, _reports(60))  # warm
        spent, answers = _spent(house, _reports(REPORTS))
        yield from _costs(f"a report through the JSON door, {database}", spent, REPORTS)
        numbers = [json.loads(body)["number"] for _, body in answers]
        total = dict.fromkeys(spent, 0.0)
        count = 0
        for action, who, data in _straight():
            spent, answers = _spent(house, _actions(numbers, action, data, keys[who]))
            total = {name: total[name] + spent[name] for name in total}
            count += len(answers)
        yield from _costs(f"an action through the JSON door, {database}", total, count)


def _straight() -> list[tuple[str, str, dict[str, Any]]]:
    from tests.loops.cases.smallville import STRAIGHT

    return STRAIGHT


def keys_of(town: Any) -> dict[str, str]:
    from cityloop.town.columns import real_now
    from cityloop.town.persons.actions import make_access_key
    from tests.town.staff import BY

    return {
        name: make_access_key(account=account, label="bench", days=1, by=BY, at=real_now(), per_minute=100_000)
        for name, account in town.accounts.items()
    }


def _reports(count: int) -> Iterator[Request]:
    for n in range(count):
        body = {
            "words": f"A tree fell across the road, number {n}", "matter": "tree",
            "lon": 10.01 + n % 90 / 1000, "lat": 50.01 + n % 80 / 1000, "address": "Long Road 1",
        }  # fmt: skip
        yield "/api/v1/reports", body, {"Idempotency_Key": f"{time.time_ns()}-{n}"}


def _actions(numbers: list[str], action: str, data: dict[str, Any], key: str) -> Iterator[Request]:
    for number in numbers:
        yield f"/api/v1/cases/{number}/actions/{action}", {"data": data}, {"Authorization": f"Bearer {key}"}


def _spent(house: House, requests: Iterator[Request]) -> tuple[dict[str, float], list[tuple[int, bytes]]]:
    before = house.cpu()
    answers = post_all(house.port, requests)
    after = house.cpu()
    bad = [(status, body) for status, body in answers if status not in (200, 201)]
    if bad:
        raise RuntimeError(f"{len(bad)} of {len(answers)} requests failed: {bad[0]}")
    return {name: after[name] - before[name] for name in after}, answers


def _costs(name: str, spent: dict[str, float], count: int) -> Iterator[dict[str, Any]]:
    each = {part: seconds * 1000 / count for part, seconds in spent.items()}
    both = each["web"] + each["database"]
    yield _row(f"{name}: application + database", both, "CPU ms", "≤ 5", both <= 5)
    yield _row(f"{name}: of these the database", each["database"], "CPU ms", "", True)
    yield _row(f"{name}: the steward meanwhile", each["steward"], "CPU ms", "", True)


# --- in a big city


def templates(town: Any) -> None:
    """Bring cases to all states of the straight way: what the many are copied from."""
    for state in ("collected", "filed", "dispatched", "handling", "handled", "checking", "checked"):
        town.to(state)
    for _ in range(TEMPLATES):
        town.to("closed")


def fill(wanted: int) -> None:
    """Copy rows plainly until there are so many cases: case, first step, reports, parts, rows of work."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), max(id), max(id) - %s FROM cases_case", [TEMPLATES + 6])
        have, top, low = cursor.fetchone()
        copies = (wanted - have) // (TEMPLATES + 7) + 1
        series = (
            f"SELECT n FROM generate_series(1, {copies}) n"
            if connection.vendor == "postgresql"
            else f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {copies}) SELECT n FROM s"
        )
        new = f"{top} + (n - 1) * {TEMPLATES + 7} + 1 + {{id}} - {low}"
        for table, case in (("cases_case", "id"), ("cases_report", "case_id"), ("cases_part", "case_id")):
            _copy(cursor, table, {case: new.format(id=f"t.{case}")}, f"t.{case} >= {low} AND t.{case} <= {top}", series)
        rows = f"t.subject_id >= {low} AND t.subject_id <= {top}"
        _copy(cursor, "worklist_row", {"subject_id": new.format(id="t.subject_id")}, rows, series)
        step = "CAST(substr(t.subject, 6) AS BIGINT)"
        _copy(
            cursor, "ledger_step", {"subject": f"'case:' || ({new.format(id=step)})"},
            f"t.seq = 1 AND t.kind = 'case' AND {step} >= {low} AND {step} <= {top}", series,
        )  # fmt: skip
        if connection.vendor == "postgresql":
            cursor.execute("SELECT setval(pg_get_serial_sequence('cases_case', 'id'), max(id)) FROM cases_case")
        cursor.execute("ANALYZE")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")


def _copy(cursor: Any, table: str, changed: dict[str, str], where: str, series: str) -> None:
    from django.apps import apps

    model = next(m for m in apps.get_models() if m._meta.db_table == table)
    columns = [str(f.column) for f in model._meta.concrete_fields if f.column != "id" or "id" in changed]
    nulled = {"follow": "NULL", "offset": "NULL"} | changed
    values = ", ".join(nulled.get(c, f't."{c}"') for c in columns)
    names = ", ".join(f'"{c}"' for c in columns)
    cursor.execute(f'INSERT INTO "{table}" ({names}) SELECT {values} FROM "{table}" t, ({series}) s WHERE {where}')


def _p50(town: Any) -> float:
    """Give the middle time of one action over the whole straight way; the best of some blocks, for others work here."""
    _block(town)
    return min(statistics.median(_block(town)) for _ in range(BLOCKS))


def _block(town: Any) -> list[float]:
    """Time every action of the straight way of some new cases."""
    from cityloop.ground.loop.snapshot import Act
    from cityloop.loops.cases import actions
    from cityloop.town.orgs import authority

    times: list[float] = []
    for n in range(ROUNDS):
        case = town.collect(lon=10.01 + n / 1000).case
        for action, who, data in _straight():
            town.at += 60_000_000
            scope, actor = authority.scope(town.accounts[who], town.at), town.actor(who)
            started = time.perf_counter()
            actions.take(case=case, act=Act(action, data), by=actor, at=town.at, scope=scope)
            times.append(time.perf_counter() - started)
    return times


def _row(name: str, value: float, unit: str, goal: str, holds: bool) -> dict[str, Any]:
    return {"name": name, "value": round(value, 3), "unit": unit, "goal": goal, "holds": holds}


if __name__ == "__main__":
    print(json.dumps(run(), indent=1, ensure_ascii=False))
