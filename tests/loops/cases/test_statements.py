"""What one interactive action costs the database: few statements, none of which reads a big table through."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases import actions as cases
from cityloop.loops.cases import behind
from cityloop.loops.cases.models import Case
from cityloop.town.orgs import authority
from tests.loops.cases.smallville import REPORTER, STRAIGHT, Town
from tests.steady import steady

BIG = ("cases_case", "cases_part", "cases_report", "cases_submission", "ledger_step", "worklist_row", "persons_words")
FRAME = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


def inside(asked: CaptureQueriesContext) -> list[str]:
    return [q["sql"] for q in asked if not q["sql"].startswith(FRAME)]


def straight(town: Town) -> Iterator[tuple[str, list[str]]]:
    """Every step of the straight way, with the statements of its transaction; all that is remembered is fresh."""
    report: dict[str, Any] = {"channel": "web", "words": "A tree", "matter": "tree", "lon": 10.05, "lat": 50.07}
    for key in ("", "k"):
        cases.collect(report=cases.Report(**report), by=REPORTER, at=town.at)
        with CaptureQueriesContext(connection) as asked:
            case = cases.collect(report=cases.Report(**report), by=REPORTER, at=town.at, door="t", key=key).case
        yield f"collect{key}", inside(asked)
    for action, who, data in STRAIGHT:
        town.at += 60_000_000
        scope, actor = authority.scope(town.accounts[who], town.at), town.actor(who)
        with CaptureQueriesContext(connection) as asked:
            cases.take(case=case, act=Act(action, data), by=actor, at=town.at, scope=scope)
        yield action, inside(asked)
    yield from named(town)


def named(town: Town) -> Iterator[tuple[str, list[str]]]:
    """The steps that name a person, who is looked up."""
    for state, action, who, field in (
        ("dispatched", "accept", "parks", "person"), ("handled", "submit", "dispatcher", "inspector"),
    ):  # fmt: skip
        case = town.to(state)
        town.at += 60_000_000
        person = town.actor("parks" if field == "person" else "inspector").person
        with CaptureQueriesContext(connection) as asked:
            act = Act(action, {field: person})
            cases.take(case=case, act=act, by=town.actor(who), at=town.at, scope=None)
        yield f"{action} with {field}", inside(asked)


@pytest.fixture
def remembered(settings: Any) -> None:
    steady(settings)


def test_at_most_six_statements(town: Town, remembered: None) -> None:
    town.to("closed")
    for action, sql in straight(town):
        most = 8 if action == "collectk" else 6  # looking for the key before, keeping the answer at the end
        assert len(sql) <= most, f"{action}\n" + "\n".join(sql)


def test_no_statement_reads_a_big_table_through(town: Town, remembered: None) -> None:
    for _ in range(30):
        town.collect()
    town.to("closed")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        if connection.vendor == "postgresql":  # small tables are read through by right: forbid it, and see what is left
            cursor.execute("SET LOCAL enable_seqscan = off")
    for action, statements in straight(town):
        for sql in statements:
            assert scanned(sql) == [], f"{action}: {sql[:200]}"


def test_who_is_behind_a_case_and_what_was_folded_into_it_is_found_by_indexes(town: Town) -> None:
    for _ in range(30):
        town.collect()
    case = Case.objects.get(pk=town.to("handling"))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
    with CaptureQueriesContext(connection) as asked:
        assert len(behind.reports_of(case)) == behind.followers(case) == 1
        assert behind.spoken_in([case.pk]) == {case.pk: "en"}
        assert behind.standing(authority.scope(town.accounts["shift"], town.at), [case.pk]) == {
            case.pk: ("handling", 1)
        }
    for sql in inside(asked):
        assert scanned(sql) == [], sql


def scanned(sql: str) -> list[str]:
    """Name the big tables that a statement reads from end to end, in the table or along an index."""
    postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.cursor.execute(("EXPLAIN " if postgresql else "EXPLAIN QUERY PLAN ") + sql)
        plan = "\n".join(" ".join(str(cell) for cell in row) for row in cursor.cursor.fetchall())
    tables = "|".join(BIG)
    if not postgresql:
        return re.findall(rf'SCAN "?({tables})"?', plan)
    nodes = [node for node in plan.split("->") if "Cond:" not in node]
    return [found[1] for node in nodes if (found := re.search(rf"Scan.* on ({tables})", node))]


def test_a_scan_is_seen(town: Town) -> None:
    town.collect()
    for sql in ("SELECT * FROM ledger_step WHERE what = 'x'", "SELECT state FROM cases_case ORDER BY state, created"):
        assert scanned(sql), sql
