"""Trying a change on cases: one query for what came in, answered by an index; examples as far as one may see them."""

from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.worktime import DAY
from cityloop.loops.cases import trying
from cityloop.loops.cases.models import Case
from cityloop.loops.cases.trying import Span
from cityloop.town.calendar.clock import city_clock
from cityloop.town.catalog import drafts, queries
from cityloop.town.ledger.models import Step
from cityloop.town.orgs import authority

EAST, WEST = {"lon": 10.15, "lat": 50.07}, {"lon": 10.05, "lat": 50.07}


@pytest.fixture
def span(town):
    for place in (EAST, WEST, WEST):
        town.collect(**place)
    town.collect(matter="hole", **EAST)
    town.collect(matter="secret", **WEST)
    town.collect(matter="", **EAST)
    return Span(town.at - DAY, town.at + 1)


def tried(town, span):
    unit = Case.objects.filter(matter="tree").order_by("pk")[0].unit_code
    return trying.tried(drafts.with_line(queries.published(), "tree", unit, "roads"), span)


def test_what_came_in_is_counted_by_matter_and_unit_in_one_query(town, span):
    with CaptureQueriesContext(connection) as asked:
        found = trying.groups(span)
    assert len(asked) == 1
    assert sorted((one.matter, one.cases) for one in found) == [("hole", 1), ("secret", 1), ("tree", 1), ("tree", 2)]
    assert trying.groups(Span(span.since - DAY, span.since)) == []


def test_the_count_is_answered_by_the_index_alone(town, span):
    for _ in range(40):
        town.collect()
    Case.objects.filter(created__gte=span.until).update(created=span.since - DAY)  # most are older, as in a city
    with CaptureQueriesContext(connection) as asked:
        trying.groups(span)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE cases_case")
        if connection.vendor == "postgresql":
            # Of so few rows, none of them known to be visible to all, any way is as cheap: leave the index alone.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
            cursor.execute(f"EXPLAIN {asked[0]['sql']}")
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {asked[0]['sql']}")
        plan = "\n".join(str(row) for row in cursor.fetchall())
    assert "case_created" in plan and ("COVERING INDEX" in plan or "Index Only Scan" in plan), plan


def test_a_change_is_tried_and_nothing_is_written(town, span):
    before = Step.objects.count(), queries.last_digest()
    found = tried(town, span)
    assert [(row.cases, row.was.keys, row.now.keys) for row in found.routed] == [(1, ("parks", "roads"), ("roads",))]
    scope = authority.scope(town.accounts["shift"], town.at)
    (case,) = trying.examples(found, scope)
    assert case.matter == "tree" and (Step.objects.count(), queries.last_digest()) == before
    assert trying.examples(found, authority.NOBODY) == []


def test_examples_show_nobody_more_than_they_may_see(town, span):
    found = trying.tried(drafts.without_plate(queries.published(), "town"), span)
    assert {row.matter.code for row in found.gone} == {"hole", "secret", "tree"}
    seen = {one.matter for one in trying.examples(found, authority.scope(town.accounts["dispatcher"], town.at))}
    level = max(grant.level for grant in authority.scope(town.accounts["dispatcher"], town.at).grants)
    assert ("secret" in seen) == (level >= 2) and "tree" in seen


def test_days_are_the_citys_and_bounded(town):
    one = trying.days("2018-10-21", "2018-10-21")
    first = datetime.fromtimestamp(one.since / 1_000_000, city_clock.zone)
    assert one.until - one.since == DAY and (first.day, first.hour, first.minute) == (21, 0, 0)
    for since, until, field in (
        ("x", "", "since"),
        ("2018-10-22", "2018-10-20", "until"),
        ("2016-01-01", "2018-10-20", "since"),
    ):
        with pytest.raises(Refusal) as caught:
            trying.days(since, until)
        assert caught.value.field == field
