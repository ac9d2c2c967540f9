"""What a rule says of columns of readings, against the plainest way of saying it reading by reading."""

from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityloop.loops.sensing.rules import conditions, measures
from cityloop.loops.sensing.rules.conditions import DAY, HOUR, Told
from cityloop.loops.sensing.rules.phases import CALM, PENDING, RAISED, Stand, turns

pytestmark = pytest.mark.once

UTC, NEW_YORK = ZoneInfo("UTC"), ZoneInfo("America/New_York")
MINUTE = HOUR // 60
VALUES = st.lists(st.integers(0, 12) | st.just(float("nan")), min_size=1, max_size=40)
STEPS = st.lists(st.integers(1, 90), min_size=40, max_size=40)


def at(steps: list[int], number: int) -> np.ndarray:  # type: ignore[type-arg]
    return np.cumsum(np.array(steps[:number], np.int64)) * MINUTE


@given(VALUES, STEPS, st.integers(2, 4), st.integers(5, 200))
def test_how_often_within_a_window(values: list[float], steps: list[int], least: int, minutes: int) -> None:
    times, column = at(steps, len(values)), np.array(values, float)
    so = column > 6
    told = conditions.often(times, so, least, minutes * MINUTE)
    for here, time in enumerate(times):
        within = [so[k] for k in range(here + 1) if times[k] > time - minutes * MINUTE]
        assert told.so[here] == (sum(within) >= least) != told.over[here]


@given(VALUES, STEPS, st.sampled_from([-4, -1, 2, 5]), st.integers(5, 200))
def test_rising_and_falling_within_a_window(values: list[float], steps: list[int], by: int, minutes: int) -> None:
    times, column = at(steps, len(values)), np.array(values, float)
    told = conditions.changed(times, column, by, minutes * MINUTE)
    for here, time in enumerate(times):
        before = [column[k] for k in range(here) if times[k] >= time - minutes * MINUTE and not np.isnan(column[k])]
        change = [column[here] - one if by > 0 else one - column[here] for one in before]
        assert told.so[here] == any(one >= abs(by) for one in change)


@given(VALUES, STEPS, st.integers(0, 120), st.sampled_from([0, 45]))
def test_an_alarm_is_raised_after_its_time_and_once(
    values: list[float], steps: list[int], hold: int, gap: int
) -> None:  # fmt: skip
    """Judged in two pieces, cut anywhere, it is the same as judged in one; and raised and over take turns."""
    times, column = at(steps, len(values)), np.array(values, float)
    told, limits = conditions.above(column, 7, 4), {"hold": hold * MINUTE, "gap": gap * MINUTE}
    whole, stand = turns(times, told, Stand(), **limits)
    assert [turn.raised for turn in whole] == [n % 2 == 0 for n in range(len(whole))]
    assert (stand.phase == RAISED) == (len(whole) % 2 == 1)
    for turn in whole:
        if turn.raised:
            assert times[turn.at] - turn.since >= hold * MINUTE
            since = int(np.searchsorted(times, turn.since))
            assert told.so[since : turn.at + 1].all()
        else:
            assert told.over[turn.at]
    for cut in range(len(values) + 1):
        first, between = turns(
            times[:cut], Told(told.so[:cut], told.over[:cut]), Stand(), hold=hold * MINUTE, gap=gap * MINUTE
        )
        second, end = turns(
            times[cut:], Told(told.so[cut:], told.over[cut:]), between, hold=hold * MINUTE, gap=gap * MINUTE
        )
        assert first + [turn._replace(at=turn.at + cut) for turn in second] == whole
        assert end.phase == stand.phase and (end.phase == CALM or end == stand)


def test_nobody_knows_what_was_in_a_gap() -> None:
    times = np.array([0, 30, 300, 350, 390]) * MINUTE
    told = conditions.above(np.full(5, 9.0), 7, None)
    found, stand = turns(times, told, Stand(), hold=90 * MINUTE, gap=60 * MINUTE)
    assert [(turn.at, turn.since) for turn in found] == [(4, 300 * MINUTE)] and stand.phase == RAISED
    assert (
        turns(times[:4], Told(told.so[:4], told.over[:4]), Stand(), hold=90 * MINUTE, gap=60 * MINUTE)[1].phase
        == PENDING
    )


def test_between_limit_and_clear_things_stay_as_they_were() -> None:
    told = conditions.below(np.array([2.0, 4.0, 4.9, 5.0]), 3, 5)
    found, _stand = turns(np.arange(4) * HOUR, told, Stand(), hold=0, gap=0)
    assert [(turn.raised, turn.at) for turn in found] == [(True, 0), (False, 3)]


def test_what_is_no_number_says_nothing() -> None:
    told = conditions.above(np.array([9.0, np.nan, 9.0]), 7, 4)
    assert told.so.tolist() == [True, False, True] and not told.over.any()


def weeks(count: int) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """Eight weeks of hours: quiet nights, loud days, with noise that is always the same."""
    times = np.arange(count * 168) * HOUR + 4 * DAY  # from a Monday
    hours = conditions.hours_of_week(times, UTC)
    return times, 50 + 20.0 * ((hours % 24 >= 8) & (hours % 24 < 20)) + (np.arange(len(times)) * 7919 % 11 - 5) / 5


def test_what_is_normal_withstands_errors() -> None:
    times, values = weeks(8)
    clean = conditions.normal(times, values, UTC)
    wrong = values.copy()
    wrong[:168] = 900.0  # a whole week of nonsense
    spoilt = conditions.normal(times, wrong, UTC)
    assert np.nanmax(np.abs(spoilt.middle - clean.middle)) < 1
    loud_at_night = np.array([4 * DAY + 3 * HOUR])
    assert conditions.unusual(loud_at_night, np.array([70.0]), spoilt, 5, UTC).so.all()
    assert not conditions.unusual(loud_at_night + 7 * HOUR, np.array([70.0]), spoilt, 5, UTC).so.any()
    assert conditions.unusual(loud_at_night, np.array([50.0]), spoilt, 5, UTC).over.all()


def test_what_was_seldom_seen_is_not_known() -> None:
    times, values = weeks(3)
    assert np.isnan(conditions.normal(times, values, UTC).middle).all()
    told = conditions.unusual(times[:5], values[:5] + 500, conditions.normal(times, values, UTC), 5, UTC)
    assert not told.so.any() and not told.over.any()


def test_where_nought_alone_was_seen_nothing_is_unusual() -> None:
    times = weeks(8)[0]
    told = conditions.unusual(times[:5], np.full(5, 0.1), conditions.normal(times, times * 0.0, UTC), 5, UTC)
    assert not told.so.any()


@pytest.mark.parametrize(("at_", "zone", "hour"), [
    (1_540_137_600_000_000, NEW_YORK, 6 * 24 + 12),  # 2018-10-21 16:00 UTC: Sunday noon in New York
    (1_541_307_600_000_000, NEW_YORK, 6 * 24),  # 2018-11-04 05:00 UTC: 01:00 of the night in which an hour comes twice
    (0, UTC, 3 * 24),
])  # fmt: skip
def test_the_hour_of_the_week_is_the_city_s(at_: int, zone: ZoneInfo, hour: int) -> None:
    expected = hour + (1 if at_ == 1_541_307_600_000_000 else 0)
    assert conditions.hours_of_week(np.array([at_]), zone).tolist() == [expected]


def test_a_function_sees_its_window_and_new_readings_alone() -> None:
    seen: list[list[float]] = []

    def say(readings: object) -> bool:
        seen.append([value for _at, value in readings])  # type: ignore[attr-defined]
        return len(seen) == 2

    times, values = np.arange(6) * HOUR, np.arange(6.0)
    told = conditions.asked(times, values, np.arange(6) >= 4, 3 * HOUR, say)
    assert seen == [[2, 3, 4], [3, 4, 5]]
    assert told.so.tolist() == [False] * 5 + [True] and told.over.tolist() == [False] * 4 + [True, False]


@pytest.mark.parametrize(("one", "other", "same"), [
    ("µg/m³", "ug/m3", True), ("μg/m3", "ug/m3", True), ("°C", "Cel", True), ("mg/m3", "ug/m3", False),
    ("dB(A)", "dB[SPL]", True), ("", "1", True), ("km/h", "km/h", True), ("F", "Cel", False),
])  # fmt: skip
def test_units_are_told_apart_whatever_their_spelling(one: str, other: str, same: bool) -> None:
    assert measures.same(one, other) is same
