"""Readings that are kept no longer go, on the ledger, and the counts stay true; what they came to stays."""

import json
from pathlib import Path
from typing import Any

import pytest

from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.sensing import queries
from cityloop.loops.sensing.actions import describing, removing
from cityloop.loops.sensing.history import files, tidying
from cityloop.loops.sensing.history.series import series
from cityloop.loops.sensing.models import Aged, Datastream, Latest, Observation, Part
from cityloop.loops.sensing.rules import said as shapes
from cityloop.loops.sensing.rules.keys import Key
from cityloop.town.ledger.models import Step
from tests.loops.sensing.history.world import DAY, NOW, feed, hot, night, said, seen, station, true_counts
from tests.loops.sensing.instruments import AT, HOUR, stream
from tests.town.staff import BY

pytestmark = pytest.mark.usefixtures("town")


def keep(pk: int, days: Any) -> None:
    body = {"properties": {"retention_days": days}}
    describing.change(pk=pk, said=shapes.read(shapes.DatastreamSaid, body), by=BY, at=NOW)


def two() -> list[int]:
    """Two datastreams of one property."""
    first, second = station(stream("a"), stream("b"))
    prop = Datastream.objects.get(pk=first).observed_property_id
    Datastream.objects.update(observed_property=prop)
    return [first, second]


def test_each_datastream_keeps_its_readings_as_long_as_it_says(settings: Any) -> None:
    settings.HOT_DAYS = 10
    a, b = two()
    feed(*said(a, 50, 6 * HOUR, start=NOW - 50 * DAY), *said(b, 50, 6 * HOUR, start=NOW - 50 * DAY))
    keep(a, 30)
    done = night()
    assert done.expired == 80 and len(seen(a)) == 120 and len(seen(b)) == 200
    assert min(at for at, _value in seen(a)) == NOW - 30 * DAY
    true_counts()
    steps = [json.loads(step.data) for step in Step.objects.filter(what="expired")]
    assert len(steps) == 20 and {step["readings"] for step in steps} == {4}
    assert {"property", "period", "datastreams", "readings"} == set(steps[0])
    assert series(a, NOW - 50 * DAY, NOW, 60).number.sum() == 200  # what they came to stays
    assert night().expired == 0
    assert night(NOW + DAY).expired == 4
    true_counts()
    assert night(NOW + 5 * DAY).expired == 16
    true_counts()


def test_a_property_and_the_city_may_say_it_too(settings: Any) -> None:
    a, b = station(stream("a"), stream("b"))
    start = NOW - 285 * DAY
    feed(*said(a, 15, start=start), (a, NOW, 1.0), *said(b, 15, start=start), (b, NOW, 1.0))
    body = {"properties": {"retention_days": 280}}
    prop = Datastream.objects.get(pk=a).observed_property_id
    describing.change(pk=prop, said=shapes.read(shapes.PropertySaid, body), by=BY, at=NOW)
    assert night().expired == 5 * 24
    settings.KEEP_DAYS = {"readings": 275, "hours": 0, "days": 0}
    assert night().expired == 10 * 24 and len(seen(a)) == 241
    true_counts()


def test_shorter_than_the_hot_window_works_too_and_leaves_the_sums() -> None:
    a, b = two()
    feed(*said(a, 30, start=NOW - 30 * DAY), *said(b, 30, start=NOW - 30 * DAY))
    keep(a, 10)
    assert night().expired == 20 * 24
    assert len(hot(a)) == len(seen(a)) == 240 and len(hot(b)) == 30 * 24
    assert series(a, NOW - 30 * DAY, NOW, 40).number.sum() == 30 * 24
    true_counts()


def test_a_silent_datastream_loses_its_last_word_in_the_end() -> None:
    a, b = two()
    feed(*said(a, 5), *said(b, 5), (b, NOW, 1.0))
    keep(a, 100)
    done = night()
    assert done.expired == 120 and seen(a) == [] and not Latest.objects.filter(pk=a).exists()
    assert not Observation.objects.filter(datastream=a).exists() and queries.readings_kept() == 121
    true_counts()
    feed((a, NOW, 2.0))
    assert night().expired == 0
    true_counts()


def test_late_readings_of_days_that_are_gone_do_not_spoil_their_sums() -> None:
    (a,) = station()
    rows = said(a, 4)
    feed(*rows, (a, NOW, 1.0))
    keep(a, 100)
    night()
    before = series(a, AT, NOW, 500)
    assert feed((a, AT + 1, 900.0)).tally.accepted == 1 and len(seen(a)) == 2
    assert night().expired == 1
    after = series(a, AT, NOW, 500)
    assert after.number.tolist() == before.number.tolist() and after.most.tolist() == before.most.tolist()
    true_counts()


def test_sums_go_too_where_the_city_says_so(settings: Any) -> None:
    (a,) = station()
    feed(*said(a, 5), *said(a, 5, start=AT + 55 * DAY), (a, NOW, 1.0))
    night()
    settings.KEEP_DAYS = {"readings": 0, "hours": 360, "days": 0}
    night()
    assert set(Part.objects.values_list("kind", "period").distinct()) >= {("days", "2026")}
    assert not Part.objects.filter(kind=Part.HOURS, period="2026-01").exists()
    assert Part.objects.filter(kind=Part.HOURS).exists()
    assert json.loads(Step.objects.get(what="expired").data)["kind"] == "hours"


def test_what_was_removed_with_its_datastream_leaves_the_history(history: Path) -> None:
    a, b = two()
    feed(*said(a, 3), *said(b, 3), (a, NOW, 1.0), (b, NOW, 1.0))
    night()
    removing.remove(shape=shapes.DatastreamSaid, pk=a, by=BY, at=NOW)
    assert night().gone > 72 and not Aged.objects.filter(datastream=a).exists()
    assert len(seen(b)) == 73 and seen(a) == []
    assert not Part.objects.filter(low__lte=a).exists()
    true_counts()


def test_what_was_removed_of_several_properties_at_one_time_goes_of_all() -> None:
    a, b = station(stream("a"), stream("b"))
    feed(*said(a, 2), *said(b, 2), (a, NOW, 1.0), (b, NOW, 1.0))
    night()
    for pk in (a, b):
        removing.remove_observation(key=Key(pk, AT, 0), by=BY, at=NOW)
    assert night().withdrawn == 2
    assert seen(a)[0][0] == seen(b)[0][0] == AT + HOUR
    true_counts()


def test_the_lowest_datastream_of_files_goes_too_though_they_were_written_later() -> None:
    gone, middle, high = station(stream("a"), stream("b"), stream("c"))
    Datastream.objects.update(observed_property=Datastream.objects.get(pk=gone).observed_property_id)
    for number, some in enumerate(((middle, high), (gone, middle))):
        feed(*(row for pk in some for row in said(pk, 1, start=AT + number)), *((pk, NOW + number, 1.0) for pk in some))
        night()
    removing.remove(shape=shapes.DatastreamSaid, pk=gone, by=BY, at=NOW)
    night()
    assert not any(gone in files.read(one.kind, one.file).datastream for one in Part.objects.all())


def test_a_reading_removed_and_sent_again_is_there_again() -> None:
    (a,) = station()
    rows = said(a, 2)
    feed(*rows, (a, NOW, 1.0))
    night()
    removing.remove_observation(key=Key(a, AT, 0), by=BY, at=NOW)
    assert seen(a)[0][0] == AT + HOUR
    true_counts()
    assert feed((a, AT, 9.0)).tally.accepted == 1 and seen(a)[0] == (AT, 9.0)
    Latest.objects.update(first=AT)
    for _ in range(2):
        true_counts()
        night()
    assert seen(a)[0] == (AT, 9.0) and len(seen(a)) == 49


def test_files_that_nobody_reads_any_more_are_swept_away(history: Path, monkeypatch: Any) -> None:
    (a,) = station()
    feed(*said(a, 2), (a, NOW, 1.0))
    night()
    for n in range(1, 3):
        feed(*((a, at + n, 1.0) for _pk, at, _value in said(a, 2)))
        night()
    found = list(history.rglob("*.parquet"))
    assert len(found) > Part.objects.count()
    assert night().swept == 0  # others may be reading them still
    monkeypatch.setattr(tidying, "GRACE", -1.0)
    (history / "readings" / "property=9").mkdir()
    assert night().swept == len(found) - Part.objects.count()
    assert len(list(history.rglob("*.parquet"))) == Part.objects.count() and len(seen(a)) == 48 * 3 + 1


def test_days_to_keep_are_a_whole_number() -> None:
    (a,) = station()
    for wrong in (0, -1, 1.5, "90", True, 10**6):
        with pytest.raises(Refusal) as caught:
            keep(a, wrong)
        assert caught.value.field == "properties/retention_days"
