"""What is said of a city: what waits and how long, by questions that no million of cases makes longer."""

import re

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from prometheus_client import CollectorRegistry

from cityloop.doors.metrics import city, counting, door
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import real_now
from cityloop.town.hooks import actions as hooks
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.tasks import sequence_and_seal
from cityloop.town.notices.actions import tell
from cityloop.town.notices.models import Notice
from tests.loops.cases.smallville import build
from tests.town.staff import BY

HOUR = 3_600_000_000
LONG = ("ledger_step", "ledger_seal", "worklist_row", "notices_notice", "sensing_arrived", "sensing_quarantined")


@pytest.fixture
def town(db, tmp_path, settings):
    settings.HOOKS_INSIDE = True
    return build(tmp_path)


def said() -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(city.City())
    return {sample.name: sample.value for family in registry.collect() for sample in family.samples}


def test_a_city_in_which_nothing_waits_says_so(town):
    sequence_and_seal()
    found = said()
    waiting = {name: value for name, value in found.items() if name.endswith(("_waiting_seconds", "_due_rows"))}
    assert set(waiting.values()) == {0.0} and len(waiting) == 3
    assert found["cityloop_database_up"] == 1 and found["cityloop_database_bytes"] > 100_000
    assert found["cityloop_readings_quarantined_total"] == found["cityloop_readings_unjudged"] == 0


def test_what_waits_is_said_with_how_long(town):
    sequence_and_seal()
    hooks.subscribe(account=town.accounts["shift"], url="http://h.test/", label="", kinds=(), by=BY, at=real_now())
    town.to("handling")
    tell(event="e", kind="webhook_parked", subject="hook:1", params={}, at=1, account=town.accounts["shift"].pk)
    Notice.objects.update(created=city_clock.now() - HOUR, next_at=city_clock.now())
    Step.objects.filter(offset=None).update(recorded_at=real_now() - HOUR)
    found = said()
    assert 3600 <= found["cityloop_ledger_unsequenced_seconds"] < 3700
    assert 3600 <= found["cityloop_notices_waiting_seconds"] < 3700
    assert found["cityloop_webhooks_waiting_seconds"] == 0, "what has no offset is not yet owed"
    sequence_and_seal()
    Step.objects.update(recorded_at=real_now() - HOUR)
    assert 3600 <= said()["cityloop_webhooks_waiting_seconds"] < 3700


def test_while_the_database_is_away_that_is_said(town, monkeypatch):
    def away(at):
        raise DatabaseError("away")

    monkeypatch.setattr(city, "NUMBERS", (city.Asked("cityloop_x", "X.", city._seconds(away)), *city.NUMBERS))
    found = said()
    assert found == {"cityloop_build_info": 1.0, "cityloop_database_up": 0.0}


def test_it_asks_little_seldom_and_nothing_that_grows_with_the_city(town):
    collector = city.City()
    with CaptureQueriesContext(connection) as asked:
        list(collector.collect())
    assert len(asked) <= 18, [one["sql"] for one in asked]
    with CaptureQueriesContext(connection) as again:
        list(collector.collect())
    assert len(again) == 0, "it is kept for a few seconds"
    if connection.vendor != "sqlite":
        return
    for one in asked:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {one['sql']}")
            for *_ids, detail in cursor.fetchall():
                through = re.match(r"(SCAN|SEARCH) (\w+)(?: (USING .*))?", detail)
                if through and through[2] in LONG:
                    by_id = through[1] == "SCAN" and " LIMIT " in one["sql"]  # from one end of the table
                    assert through[3] or by_id, (detail, one["sql"])


def test_the_word_alone_opens_it(settings):
    settings.METRICS = "a long word nobody knows"
    assert door.known(b"Bearer a long word nobody knows") and door.known(b"bearer a long word nobody knows ")
    for wrong in (
        b"",
        b"a long word nobody knows",
        b"Bearer",
        b"Bearer ",
        b"Bearer \xff",
        b"Basic a long word nobody knows",
    ):
        assert not door.known(wrong)


def test_labels_are_of_closed_lists():
    answers = counting._children.cache_info().currsize
    for method in ("GET", "BREW", "PROPFIND", "X" * 50):
        counting.note("follow/<str:code>", method, 200, 0.01)
    assert counting._children.cache_info().currsize == answers + 2
