"""Readings handed on to judges on other machines: sorted, named, marked, and judged once whoever is quicker."""

from typing import Any

import pytest
from django.test import override_settings

from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.sensing import tasks
from cityloop.loops.sensing.actions import arriving, handing, judging
from cityloop.loops.sensing.jetstream.again import bring_back
from cityloop.loops.sensing.models import Alarm, Arrived
from cityloop.town.columns import real_now
from tests.loops.cases.smallville import Town
from tests.loops.sensing.instruments import AT, HOUR, bring
from tests.loops.sensing.watched import MINUTE, alarm, set_up, switch_on

pytestmark = pytest.mark.usefixtures("town")
NOW = AT + HOUR


def high(number: int) -> list[int]:
    """Set up stations where too much is measured, in two batches; give their datastreams."""
    switch_on(alarm("high", above=250, clear=200, opens="nothing"))
    streams = [set_up(place=(10.001 * (1 + n / 10_000), 50.02)) for n in range(number)]
    for minute in range(2):
        bring(*((pk, AT + minute * MINUTE, 300.0 + minute) for pk in streams), now=NOW)
    return streams


def waiting() -> list[tuple[int, int, float]]:
    found = arriving.waiting(1000)
    return list(zip(found.datastream.tolist(), found.time.tolist(), found.result.tolist(), strict=True))


def test_all_of_a_datastream_are_of_one_partition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handing, "LARGEST", 3)
    streams = high(20)
    before, came = waiting(), Arrived.objects.order_by("id")[0].at
    assert handing.sort() == 40 == len(before) and handing.sort() == 0
    assert waiting() == before
    rows = list(Arrived.objects.order_by("id"))
    assert {row.partition for row in rows} == {pk % handing.PARTITIONS for pk in streams}
    assert {row.at for row in rows} == {came} and max(row.number for row in rows) == 3
    for row in rows:
        found = arriving.waiting(100, partition=row.partition)
        assert {pk % handing.PARTITIONS for pk in found.datastream.tolist()} == {row.partition}


def test_what_the_stream_has_not_acknowledged_goes_out_again_under_its_name() -> None:
    high(5)
    handing.sort()
    first = handing.unsent()
    assert [one.name for one in first] == [one.name for one in handing.unsent()]
    handing.sent(parcels=first[:2], at=real_now())
    assert [one.name for one in handing.unsent()] == [one.name for one in first[2:]]
    for one in first:
        assert handing.stands(one.name, one.partition) and not handing.stands(one.name, one.partition + 1)
        judging.judge(at=NOW, partition=one.partition)
        assert not handing.stands(one.name, one.partition)
    assert Alarm.objects.count() == 5 and handing.unsent() == []
    for none in ("", "7", "7-", "a-b", "1-2-3", "9" * 19 + "-1", "٧-٨"):
        with pytest.raises(ValueError):
            handing.stands(none, 0)


def test_a_row_that_has_the_number_of_one_that_is_gone_is_not_taken_for_it() -> None:
    """SQLite gives the number of a row that is gone to the next."""
    (pm,) = high(1)
    seen = arriving.waiting(100)
    judging.judge(at=NOW)
    bring((pm, AT + 2 * MINUTE, 100.0), (pm, AT + 3 * MINUTE, 300.0), now=NOW)
    bring((pm, AT + 4 * MINUTE, 100.0), now=NOW)
    assert not arriving.taken(seen) and not arriving.held(seen)
    assert judging.judge(at=NOW) == 3
    assert [one.state for one in Alarm.objects.order_by("pk")] == ["cleared", "cleared"]


def test_a_slow_judge_who_was_overtaken_raises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written in portions is not written once another has judged the same: by now it may be over."""
    streams = high(judging.FEW + 2)
    portions = judging.apply_in_portions

    def overtaken(*given: Any) -> None:
        monkeypatch.setattr(judging, "apply_in_portions", portions)
        assert judging.judge(at=NOW) == 2 * len(streams)
        bring(*((pk, AT + 5 * MINUTE, 100.0) for pk in streams), now=NOW)
        judging.judge(at=NOW)
        portions(*given)

    monkeypatch.setattr(judging, "apply_in_portions", overtaken)
    assert judging.judge(at=NOW) == 0
    assert [one.state for one in Alarm.objects.all()] == ["cleared"] * len(streams)


def test_the_steward_judges_what_the_stream_did_not(monkeypatch: pytest.MonkeyPatch, town: Town) -> None:
    monkeypatch.setattr(tasks.city_clock, "now", lambda: NOW)
    with override_settings(STREAM=["nats://127.0.0.1:1"]):
        (pm,) = high(1)
        handing.sort()
        bring((pm, AT + 5 * MINUTE, 100.0), now=NOW)
        assert tasks.judge() == 0 and Arrived.objects.count() == 2
        Arrived.objects.filter(partition=handing.partition_of(pm)).update(at=real_now() - arriving.PATIENCE)
        assert tasks.judge() == 2 and Arrived.objects.count() == 1  # what has just come waits for the stream
        Arrived.objects.update(at=real_now() - arriving.PATIENCE)
        assert tasks.judge() == 1
    handing.sort()
    bring((pm, AT + 6 * MINUTE, 300.0), now=NOW)
    handing.sort()
    bring((pm, AT + 7 * MINUTE, 310.0), now=NOW)
    assert tasks.judge() == 2  # without a stream all is judged, whoever it was meant for
    assert [(one.state, one.worst) for one in Alarm.objects.order_by("pk")] == [("cleared", 301.0), ("raised", 310.0)]


def test_readings_brought_back_are_those_that_stand_now() -> None:
    (pm,) = high(1)
    judging.judge(at=NOW)
    assert arriving.number() == 0
    assert arriving.again([(pm, AT), (pm, AT + 1), (pm + 1, AT)]) == 1 and waiting() == [(pm, AT, 300.0)]
    assert judging.judge(at=NOW) == 1 and Alarm.objects.count() == 1
    assert arriving.again([]) == 0


def test_judging_anew_needs_a_stream() -> None:
    with pytest.raises(Refusal) as none:
        bring_back(since=AT, at=NOW)
    with override_settings(STREAM=["nats://127.0.0.1:1"]), pytest.raises(Refusal) as away:
        bring_back(since=AT, at=NOW)
    assert (none.value.code, away.value.code) == ("stream.none", "stream.away")
