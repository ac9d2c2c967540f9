"""A curve of any span has few points, and says of each what the readings say."""

import statistics
from typing import Any

import numpy as np
import pytest

from cityloop.loops.sensing.history.reading import readings_since
from cityloop.loops.sensing.history.series import MOST, drawn, series
from cityloop.loops.sensing.models import Part
from cityloop.town.calendar.clock import city_clock
from cityloop.town.calendar.models import CityClock
from tests.loops.sensing.history.world import DAY, NOW, feed, night, said, station
from tests.loops.sensing.instruments import AT, HOUR

pytestmark = pytest.mark.usefixtures("town")
MINUTE = HOUR // 60


@pytest.fixture
def pm(town: Any) -> int:
    CityClock.objects.update_or_create(id=1, defaults={"zone": "Asia/Kolkata"})  # half an hour beside the others
    city_clock.restart()
    return station()[0]


def sums(rows: list[tuple[int, int, float]], begins: Any) -> dict[int, tuple[int, float, float, float]]:
    found: dict[int, list[float]] = {}
    for _pk, at, value in rows:
        found.setdefault(begins(at), []).append(value)
    return {at: (len(v), min(v), round(statistics.fmean(v), 9), max(v)) for at, v in found.items()}


def points(found: Any) -> dict[int, tuple[int, float, float, float]]:
    columns = (found.time, found.number, found.least, np.round(found.mean, 9), found.most)
    return {row[0]: row[1:] for row in zip(*(column.tolist() for column in columns), strict=True)}


HALF = HOUR // 2
OFFSET = 5 * HOUR + HALF


def hour_of(at: int) -> int:
    return (at - HALF) // HOUR * HOUR + HALF


def day_of(at: int) -> int:
    return (at + OFFSET) // DAY * DAY - OFFSET


def test_points_say_what_readings_say_whether_they_moved_or_not(pm: int) -> None:
    start, often = NOW - 96 * DAY, 4 * MINUTE
    old = said(pm, 5, often, start)
    fresh = said(pm, 3, often, NOW - 3 * DAY)
    feed(*old, *fresh)
    for moved in (False, True):
        if moved:
            assert night().readings == len(old)
            late = [(pm, at + 1, value + 50) for _pk, at, value in old[100:1800:97]]
            feed(*late)
            old = sorted([*old, *late])
        hours = series(pm, start, NOW, most=2400)
        assert (hours.step, points(hours)) == (HOUR, sums([*old, *fresh], hour_of))
        days = series(pm, start, NOW, most=100)
        assert (days.step, points(days)) == (DAY, sums([*old, *fresh], day_of))
        weeks = series(pm, start, NOW, most=60)
        assert weeks.step == 7 * DAY and weeks.number.sum() == len(old) + len(fresh)
        assert weeks.most.max() == max(value for _pk, _at, value in old)
        raw = series(pm, start, start + 2 * DAY)
        assert raw.step == 0 and raw.time.tolist() == [at for _pk, at, _value in old if at < start + 2 * DAY]
        short = series(pm, start, start + 5 * DAY, most=400)
        assert short.step == 30 * MINUTE and points(short) == sums(old, lambda at: at // HALF * HALF)
    night()
    assert points(series(pm, start, NOW, most=2400)) == sums([*old, *fresh], hour_of)
    assert Part.objects.filter(kind=Part.HOURS).exists() and Part.objects.filter(kind=Part.DAYS).exists()


def test_a_curve_of_any_span_has_few_points(pm: int) -> None:
    feed(*said(pm, 15, 10 * MINUTE), *said(pm, 380, 19 * DAY, start=AT + 20 * DAY), *said(pm, 5, MINUTE, NOW - 5 * DAY))
    night()
    for span in (HOUR, DAY, 15 * DAY, 80 * DAY, 90 * DAY, 400 * DAY, 40_000 * DAY):
        for most in (50, 500, MOST):
            found = series(pm, NOW - span, NOW, most)
            assert len(found.time) <= most, (span, most, found.step)
            assert (np.diff(found.time) > 0).all()
    assert series(pm, NOW - DAY, NOW).step == 0 and series(pm + 1, AT, NOW).time.tolist() == []


def test_what_is_no_number_has_no_point(pm: int) -> None:
    from cityloop.loops.sensing.models import Datastream
    from tests.loops.sensing.instruments import CATEGORY

    Datastream.objects.update(observation_type=CATEGORY)
    feed(*((pm, AT + n * HOUR, "N" if n % 2 else float(n)) for n in range(48)))
    night()
    assert series(pm, AT, NOW).number.sum() == 24 and series(pm, AT, NOW, 20).number.sum() == 24


def test_what_a_person_removed_is_in_no_sum(pm: int) -> None:
    from cityloop.loops.sensing.actions import removing
    from cityloop.loops.sensing.rules.keys import Key
    from tests.town.staff import BY

    rows = said(pm, 3, 10 * MINUTE)
    feed(*rows, (pm, NOW, 0.0))
    night()
    gone = [*rows[:9], *rows[300:303]]  # a whole hour among them
    for _pk, at, _value in gone:
        removing.remove_observation(key=Key(pm, at, 0), by=BY, at=NOW)
    assert night().withdrawn == len(gone)
    left = [row for row in rows if row not in gone]
    hours = series(pm, AT, AT + 8 * DAY, most=200)
    assert (hours.step, points(hours)) == (HOUR, sums(left, hour_of))
    days = series(pm, AT, AT + 30 * DAY, most=100)
    assert (days.step, points(days)) == (DAY, sums(left, day_of))


def test_rules_are_tried_on_what_has_moved_and_pictures_lose_no_peak(pm: int) -> None:
    rows = said(pm, 20, 5 * MINUTE)
    feed(*rows, (pm, AT + 7 * DAY + 1, 500.0), (pm, NOW, 1.0))
    before = readings_since({pm: AT + DAY})[pm]
    night()
    feed((pm, AT + 3 * DAY + 1, 3.0))
    time, result = readings_since({pm: AT + DAY})[pm]
    late = time != AT + 3 * DAY + 1
    assert time[late].tolist() == before[0].tolist() and result[late].tolist() == before[1].tolist()
    assert (~late).sum() == 1 and (np.diff(time) > 0).all() and time[0] == AT + DAY
    times, values = drawn(pm, AT, AT + 15 * DAY, 1000)
    assert max(values) == 500.0 and 300 < len(times) <= 1000 and times == sorted(times)
    assert drawn(pm, AT, AT + HOUR) == ([at for _pk, at, _v in rows[:12]], [value for _pk, _at, value in rows[:12]])
