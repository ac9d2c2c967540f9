"""Who drifts and who jumped: told from weather, from noise, and from a neighbour that sees it stronger."""

import numpy as np
import pytest

from cityloop.loops.sensing import instruments, tasks
from cityloop.loops.sensing.actions import counting, doubting
from cityloop.loops.sensing.actions.doubting import Peer, neighbourhoods
from cityloop.loops.sensing.history import nightly
from cityloop.loops.sensing.models import Census, Datastream, Doubt, Observation
from cityloop.loops.sensing.rules.drifting import DRIFTS, JUMPED, shift
from cityloop.town.units import queries as units
from tests.loops.sensing.instruments import AT, HOUR, bring
from tests.loops.sensing.watched import alarm, set_up, switch_on
from tests.town.staff import BY

DAYS = 14
HOURS = np.arange(DAYS * 24)
DAY = HOURS // 24


def weather(seed: int) -> np.ndarray:
    """Two weeks as the sky has them: days that go up and down, hours within them, and an episode at the end."""
    draw = np.random.default_rng(seed)
    level = 40 + np.cumsum(draw.normal(0, 9, DAYS))[DAY] + 12 * np.sin(HOURS / 24 * 2 * np.pi)
    return level + np.where(DAY >= DAYS - 3, 60, 0) + draw.normal(0, 2, len(HOURS))


def seen(true: np.ndarray, seed: int, gain: float = 1.0) -> np.ndarray:
    return gain * true + np.random.default_rng(1_000 + seed).normal(0, 3, len(HOURS))


@pytest.mark.once
@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("gain", [0.6, 1.0, 1.5])
def test_honest_weather_is_no_drift_however_strongly_one_sees_it(seed: int, gain: float) -> None:
    true = weather(seed)
    assert shift(seen(true, seed, gain), seen(true, seed + 500), DAY) is None


@pytest.mark.once
@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("a_day", [3.0, -3.0])
def test_a_drift_is_found_with_its_size(seed: int, a_day: float) -> None:
    true = weather(seed)
    found = shift(seen(true, seed, 1.2) + a_day * HOURS / 24, seen(true, seed + 500), DAY)
    assert found is not None and found.kind == DRIFTS and found.since == 0
    assert found.by == pytest.approx(a_day * (DAYS - 1), rel=0.25)
    assert len(found.days) == len(found.away) == DAYS


@pytest.mark.once
def test_a_jump_is_a_jump_and_says_when() -> None:
    found = []
    for seed in range(25):
        true = weather(seed)
        found.append(shift(seen(true, seed) + np.where(DAY >= 8, 30.0, 0.0), seen(true, seed + 500), DAY))
    sure = [one for one in found if one is not None]
    assert len(sure) >= 24, "where weather rises with it, it may be left open"
    assert {(one.kind, one.since) for one in sure} == {(JUMPED, 8)}
    assert all(one.by == pytest.approx(30, abs=6) for one in sure)


@pytest.mark.once
def test_three_bad_days_are_neither() -> None:
    true = weather(1)
    away = seen(true, 1) + np.where((DAY >= 5) & (DAY < 8), 40.0, 0.0)
    assert shift(away, seen(true, 501), DAY) is None


@pytest.mark.once
def test_fewer_than_seven_days_or_a_middle_that_is_missing_say_nothing() -> None:
    true, few = weather(2), DAY < 6
    off = seen(true, 2) + 5.0 * HOURS / 24
    assert shift(off[few], seen(true, 502)[few], DAY[few]) is None
    assert shift(off, np.full(len(HOURS), np.nan), DAY) is None
    assert shift(np.full(len(HOURS), 7.0), np.full(len(HOURS), 7.0), DAY) is None, "all alike: nothing to be away from"
    empty = np.array([])
    assert shift(empty, empty, empty) is None


def test_peers_are_those_of_the_smallest_unit_with_enough_of_them(town) -> None:
    leaves = list(units.valid().filter(is_leaf=True).order_by("code").values_list("code", flat=True))
    here = [Peer(n, ("pm", "ug/m3"), leaves[0]) for n in range(1, 5)]
    there = [Peer(5, ("pm", "ug/m3"), leaves[1])]
    found = list(neighbourhoods(here + there))
    assert [one.pk for one in found[0].own] == [1, 2, 3, 4] and found[0].code == leaves[0]
    assert [one.pk for one in found[1].own] == [5] and len(found[1].pool) == 5
    assert list(neighbourhoods(here[:3])) == []


def set_up_air(drift: float = 4.0) -> tuple[list[int], int]:
    """Four stations that see the same, and a fifth that drifts; two weeks of hours. Give them, and the time after."""
    pks = [set_up(place=(10.02 + 0.01 * n, 50.05)) for n in range(5)]
    true, until = weather(3), AT + DAYS * 24 * HOUR
    rows = []
    for n, pk in enumerate(pks):
        values = seen(true, n) + (drift * HOURS / 24 if n == 4 else 0)
        rows += [(pk, AT + hour * HOUR, round(float(max(0, value)), 2)) for hour, value in enumerate(values)]
    bring(*rows, now=until)
    return pks, until


def test_it_is_found_from_hours_and_told_without_looking_at_readings(town, django_assert_max_num_queries) -> None:
    switch_on(alarm("high", above=4000))
    pks, until = set_up_air()
    with django_assert_max_num_queries(24):
        assert doubting.doubt(at=until) == 1
    one = instruments.doubts()[0]
    assert (one.datastream_id, one.kind, one.peers) == (pks[4], DRIFTS, 4)
    assert one.by == pytest.approx(52, rel=0.25) and len(one.away) == DAYS
    states = {one.stream.pk: one.state for one in instruments.listed(at=until)}
    assert states == {**dict.fromkeys(pks[:4], instruments.SOUND), pks[4]: DRIFTS}
    assert [one.stream.pk for one in instruments.listed(state=instruments.DOUBTED, at=until)] == [pks[4]]
    doubting.doubt(at=until + HOUR)
    assert Doubt.objects.count() == 1, "found anew, not once more"


def test_hours_that_have_moved_to_the_history_count_the_same(town, settings, tmp_path) -> None:
    settings.HISTORY, settings.HOT_DAYS = str(tmp_path / "history"), 3
    switch_on(alarm("high", above=4000))
    pks, until = set_up_air()
    doubting.doubt(at=until)
    before = instruments.doubts()[0]
    nightly.age(by=BY, at=until)
    assert Observation.objects.count() < 5 * 24 * 5
    doubting.doubt(at=until)
    after = instruments.doubts()[0]
    assert (after.datastream_id, after.kind) == (pks[4], DRIFTS)
    assert after.by == pytest.approx(before.by) and after.away == before.away


def test_the_census_counts_each_once(town, django_assert_num_queries) -> None:
    switch_on(alarm("high", above=4000), alarm("silent", silent="4 uh"))
    pks, until = set_up_air()
    mute = set_up(place=(10.15, 50.02))
    doubting.doubt(at=until)
    counting.count(at=until)
    row = Census.objects.get()
    assert (row.key, row.number, row.silent, row.never, row.doubtful) == ("air/pm25", 6, 1, 1, 1)
    last = [Datastream.objects.get(pk=pk).latest.result for pk in pks]
    assert (row.least, row.most) == (min(last), max(last)) and row.mean == pytest.approx(sum(last) / 5)
    counting.count(at=until + 5 * HOUR)
    row = Census.objects.get()
    assert (row.silent, row.doubtful, row.most) == (6, 0, None), "who is silent is not doubted too"
    Datastream.objects.filter(pk=mute).delete()
    counting.count(at=until)
    assert Census.objects.get().number == 5


def test_the_steward_looks_once_an_hour(town, monkeypatch) -> None:
    calls: list[int] = []
    monkeypatch.setattr(doubting, "doubt", lambda *, at: calls.append(at) or 0)
    for _time in range(3):
        tasks.doubt()
    assert len(calls) == 1
