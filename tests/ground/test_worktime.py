"""Working time against an oracle that walks minute by minute."""

import pickle
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.worktime import (
    DAY,
    HOUR,
    MINUTE,
    Calendars,
    Limit,
    WorkCalendar,
    limit_micros,
    parse_limit,
    public_days,
)
from tests.conftest import PROVE

WALK = settings(deadline=None, max_examples=200 if PROVE else 12)  # the oracle walks minute by minute

SPLIT = [[("08:30", "12:00"), ("14:00", "18:00")]] * 5 + [[], []]
NIGHT = [[("22:00", "06:00")]] * 4 + [[("22:00", "06:00"), ("09:00", "11:00")], [], [("12:00", "24:00")]]


def at(text: str, zone: str = "UTC", fold: int = 0) -> int:
    """Give the instant of a local wall time."""
    local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return round(local.timestamp()) * 1_000_000


def local(instant: int, zone: str) -> str:
    """Give an instant as local wall time."""
    return datetime.fromtimestamp(instant / 1e6, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


class Oracle:
    """Is this minute worked? Asked of every minute's wall time; knows nothing of intervals."""

    def __init__(
        self, zone: str, shifts: list[list[tuple[str, str]]], holidays: set[date], swapped: dict[date, int]
    ) -> None:
        self.zone, self.shifts, self.holidays, self.swapped = ZoneInfo(zone), shifts, holidays, swapped

    def on(self, day: date) -> list[tuple[int, int]]:
        if day in self.swapped:
            rows = self.shifts[self.swapped[day]]
        else:
            rows = [] if day in self.holidays else self.shifts[day.weekday()]
        spans = [tuple(int(text[:2]) * 60 + int(text[3:]) for text in pair) for pair in rows]
        return [(begin, end if end > begin else end + 1440) for begin, end in spans]

    def worked(self, minute: int) -> bool:
        wall = datetime.fromtimestamp(minute * 60, UTC).astimezone(self.zone)
        today, clock = wall.date(), wall.hour * 60 + wall.minute
        late = any(begin <= clock + 1440 < end for begin, end in self.on(today - timedelta(days=1)))
        return late or any(begin <= clock < end for begin, end in self.on(today))

    def between(self, a: int, b: int) -> int:
        return sum(self.worked(minute) for minute in range(a // MINUTE, b // MINUTE)) * MINUTE

    def due(self, start: int, amount: int) -> int:
        minute = start // MINUTE
        while amount > 0:
            amount -= MINUTE * self.worked(minute)
            minute += 1
        return minute * MINUTE


# Wall times that no shift's edge falls into while clocks change: there the oracle and RFC 5545 agree.
ZONES = {"America/New_York": date(2018, 11, 4), "Asia/Shanghai": date(2019, 2, 4), "Europe/Berlin": date(2020, 3, 29)}


@st.composite
def situations(draw: st.DrawFn) -> tuple[WorkCalendar, Oracle, int]:
    """A calendar, its oracle, and an instant on a whole minute within days of something special."""
    zone = draw(st.sampled_from(sorted(ZONES)))
    shifts = draw(st.sampled_from([SPLIT, NIGHT, [[("00:00", "24:00")]] * 7, [[("07:15", "07:45")]] + [[]] * 6]))
    days = st.integers(-12, 12).map(lambda n: ZONES[zone] + timedelta(days=n))
    holidays = set(draw(st.lists(days, max_size=4)))
    weekdays = st.sampled_from([day for day in range(7) if shifts[day]])
    swapped = draw(st.dictionaries(days, weekdays, max_size=3))
    start = at(ZONES[zone].isoformat(), zone) + draw(st.integers(-7 * 1440, 7 * 1440)) * MINUTE
    calendar = WorkCalendar(zone, shifts, holidays=holidays, workdays=swapped)
    return calendar, Oracle(zone, shifts, holidays, swapped), start


@WALK
@given(situations(), st.integers(0, 5 * 1440))
def test_between_counts_the_minutes_worked(situation: tuple[WorkCalendar, Oracle, int], minutes: int) -> None:
    calendar, oracle, start = situation
    assert calendar.between(start, start + minutes * MINUTE) == oracle.between(start, start + minutes * MINUTE)


@WALK
@given(situations(), st.integers(0, 9 * 60))
def test_add_ends_with_the_last_minute_worked(situation: tuple[WorkCalendar, Oracle, int], minutes: int) -> None:
    calendar, oracle, start = situation
    assert calendar.add(start, minutes * MINUTE) == oracle.due(start, minutes * MINUTE)


@WALK
@given(situations(), st.integers(0, 10**9))
def test_next_working_is_the_first_minute_worked(situation: tuple[WorkCalendar, Oracle, int], micros: int) -> None:
    calendar, oracle, start = situation
    assert calendar.is_working(start) == oracle.worked(start // MINUTE)
    minute = start // MINUTE
    while not oracle.worked(minute):
        minute += 1
    assert calendar.next_working(start) == max(start, minute * MINUTE)


CALENDARS = [
    WorkCalendar("Asia/Shanghai", SPLIT, country="CN"),
    WorkCalendar("America/New_York", SPLIT, country="US", subdivision="NY"),
    WorkCalendar("America/New_York", NIGHT),
    WorkCalendar("Australia/Lord_Howe", [[("01:15", "02:20"), ("02:40", "23:10")]] * 7),
    WorkCalendar.always("Asia/Kathmandu"),
]
INSTANTS = st.integers(at("1995-01-01"), at("2035-01-01"))
AMOUNTS = st.one_of(
    st.integers(0, 40 * HOUR), st.integers(0, 4000 * HOUR), st.sampled_from([1, 7 * HOUR + 30 * MINUTE])
)


@settings(deadline=None)
@given(st.sampled_from(CALENDARS), INSTANTS, AMOUNTS)
def test_between_is_the_inverse_of_add(calendar: WorkCalendar, start: int, amount: int) -> None:
    due = calendar.add(start, amount)
    assert calendar.between(start, due) == amount
    if amount:
        assert calendar.between(start, due - 1) == amount - 1, "one microsecond earlier it is not used up"


@settings(deadline=None)
@given(st.sampled_from(CALENDARS), INSTANTS, AMOUNTS, st.integers(0, 100))
def test_a_pause_hides_no_time(calendar: WorkCalendar, start: int, limit: int, percent: int) -> None:
    pause = start + (calendar.add(start, limit) - start) * percent // 100
    elapsed = calendar.between(start, pause)
    remaining = limit - elapsed
    resumed = pause + 3 * DAY + 17
    due = calendar.add(resumed, remaining)
    assert elapsed + calendar.between(resumed, due) == limit


@settings(deadline=None)
@given(st.sampled_from(CALENDARS), st.lists(st.tuples(INSTANTS, AMOUNTS), min_size=1, max_size=20))
def test_many_deadlines_are_the_single_ones(calendar: WorkCalendar, asked: list[tuple[int, int]]) -> None:
    starts, amounts = np.array(asked, np.int64).T
    assert calendar.due_many(starts, amounts).tolist() == [calendar.add(*pair) for pair in asked]
    assert calendar.due_many(starts, amounts, "always").tolist() == (starts + amounts).tolist()


@settings(deadline=None)
@given(st.sampled_from(CALENDARS), INSTANTS, INSTANTS, INSTANTS)
def test_between_adds_up(calendar: WorkCalendar, a: int, b: int, c: int) -> None:
    a, b, c = sorted((a, b, c))
    assert calendar.between(a, b) + calendar.between(b, c) == calendar.between(a, c)
    assert calendar.between(c, a) == 0 or a == c
    assert 0 <= calendar.between(a, b) <= b - a


def test_a_deadline_that_uses_up_a_shift_falls_at_its_end() -> None:
    calendar = WorkCalendar("UTC", SPLIT)
    assert calendar.add(at("2024-05-06 08:30"), 3 * HOUR + 30 * MINUTE) == at("2024-05-06 12:00")
    assert calendar.add(at("2024-05-06 08:30"), 3 * HOUR + 30 * MINUTE + 1) == at("2024-05-06 14:00") + 1
    assert calendar.add(at("2024-05-04 10:00"), 0) == at("2024-05-04 10:00"), "nothing is due at once, even on Saturday"


def test_new_york_works_through_both_changes_of_the_clock() -> None:
    nights = WorkCalendar("America/New_York", [[("22:00", "06:00")]] * 7)
    zone = "America/New_York"
    assert nights.between(at("2018-03-10 22:00", zone), at("2018-03-11 06:00", zone)) == 7 * HOUR
    assert nights.between(at("2018-11-03 22:00", zone), at("2018-11-04 06:00", zone)) == 9 * HOUR
    assert nights.add(at("2018-11-03 22:00", zone), 4 * HOUR) == at("2018-11-04 01:00", zone, fold=1)


def test_wall_times_skipped_or_repeated_are_read_as_rfc_5545_says() -> None:
    zone = "America/New_York"
    skipped = WorkCalendar(zone, [[("01:00", "02:30")]] * 7)
    assert skipped.between(at("2018-03-11 00:00", zone), at("2018-03-11 12:00", zone)) == 90 * MINUTE
    repeated = WorkCalendar(zone, [[("00:30", "01:30")]] * 7)
    assert repeated.between(at("2018-11-04 00:00", zone), at("2018-11-04 12:00", zone)) == HOUR
    overlapping = WorkCalendar(zone, [[("01:00", "02:30"), ("03:00", "04:00")]] * 7)
    assert overlapping.between(at("2018-03-11 00:00", zone), at("2018-03-11 12:00", zone)) == 2 * HOUR


def test_china_works_on_swapped_weekends_and_rests_on_the_days_won() -> None:
    calendar = WorkCalendar("Asia/Shanghai", SPLIT, country="CN")
    zone = "Asia/Shanghai"
    assert calendar.is_working(at("2019-02-02 09:00", zone)), "a Saturday worked for Spring Festival"
    assert not calendar.is_working(at("2019-02-08 09:00", zone)), "the Friday won by it"
    assert calendar.is_working(at("2018-12-29 09:00", zone)), (
        "a Saturday worked for New Year, announced in the year before"
    )
    assert calendar.add(at("2019-02-03 17:00", zone), 2 * HOUR) == at("2019-02-11 09:30", zone)


def test_the_library_knows_the_announced_swaps() -> None:
    days = public_days("CN", "", 2019)
    assert date(2019, 10, 12) in days.workdays
    assert date(2019, 10, 7) in days.holidays
    assert all(day.year == 2019 for day in days.holidays | days.workdays)


def test_days_given_outrank_the_library() -> None:
    zone = "Asia/Shanghai"
    rested = WorkCalendar(zone, SPLIT, country="CN", holidays=[date(2019, 2, 2)])
    assert not rested.is_working(at("2019-02-02 09:00", zone))
    worked = WorkCalendar(zone, SPLIT, country="CN", workdays={date(2019, 2, 5): 4})
    assert worked.is_working(at("2019-02-05 09:00", zone))


def test_a_swapped_day_takes_the_shifts_of_its_weekday() -> None:
    shifts = [[("08:00", "16:00")]] * 4 + [[("08:00", "12:00")], [], []]
    calendar = WorkCalendar("UTC", shifts, workdays={date(2024, 5, 11): 4, date(2024, 5, 12): None})
    assert calendar.between(at("2024-05-11"), at("2024-05-12")) == 4 * HOUR
    assert calendar.between(at("2024-05-12"), at("2024-05-13")) == 8 * HOUR


def test_tables_grow_both_ways_without_changing_an_answer() -> None:
    fresh = WorkCalendar("America/New_York", SPLIT, country="US")
    near = at("2018-10-21 12:00")
    expected = fresh.add(near, 40 * HOUR)
    fresh.between(at("1960-01-01"), at("2090-01-01"))
    assert fresh.add(near, 40 * HOUR) == expected
    assert WorkCalendar("UTC", [[("09:00", "09:01")]] + [[]] * 6).add(near, 20 * HOUR) > at("2040-01-01")


def test_threads_see_the_same_answers() -> None:
    from concurrent.futures import ThreadPoolExecutor

    spec = ("Europe/Berlin", SPLIT)
    asked = [at("1990-01-01") + n * 37 * DAY for n in range(400)]
    alone = WorkCalendar(*spec)
    expected = [alone.add(start, 300 * HOUR) for start in asked]
    shared = WorkCalendar(*spec)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda start: shared.add(start, 300 * HOUR), reversed(asked))) == expected[::-1]


@pytest.mark.parametrize(
    ("text", "micros"),
    [("15 um", 15 * MINUTE), ("2uh", 2 * HOUR), ("8 wh", 8 * HOUR), ("5 wd", 37.5 * HOUR), ("10 d", 10 * DAY)],
)
def test_limits_are_read_and_measured(text: str, micros: float) -> None:
    calendar = WorkCalendar("UTC", SPLIT, day_hours=7.5)
    assert limit_micros(parse_limit(text), calendar) == micros


@settings(deadline=None)
@given(st.builds(Limit, st.integers(0, 10**8), st.sampled_from(["um", "uh", "wh", "wd", "d"])))
def test_a_limit_reads_back(limit: Limit) -> None:
    assert parse_limit(limit.text) == limit
    assert (limit.running == "work") == (limit.unit in ("wh", "wd"))


def test_calendars_answer_by_id_and_travel() -> None:
    calendars = Calendars({"city": WorkCalendar("UTC", SPLIT), "always": WorkCalendar.always()})
    start = at("2024-05-03 17:00")
    assert calendars.add("", start, 2 * HOUR, "work") == at("2024-05-06 09:30")
    assert calendars.add("always", start, 2 * HOUR, "work") == start + 2 * HOUR
    assert calendars.between("city", start, at("2024-05-06 09:30"), "work") == 2 * HOUR
    assert calendars.micros("always", parse_limit("1 wd")) == DAY
    copy = pickle.loads(pickle.dumps(calendars))
    assert copy == calendars
    assert hash(copy) == hash(calendars)
    assert calendars != Calendars({"city": WorkCalendar("UTC", NIGHT)})


def refusals() -> Iterator[tuple[str, object]]:
    """What must be refused, with the field that must be named."""
    week = [[("09:00", "17:00")]] * 5 + [[], []]
    yield "limit", lambda: parse_limit("15 minutes")
    yield "limit", lambda: parse_limit("-1 d")
    yield "zone", lambda: WorkCalendar("Mars/Olympus", week)
    yield "zone", lambda: WorkCalendar("../../etc/passwd", week)
    yield "shifts", lambda: WorkCalendar("UTC", week[:5])
    yield "shifts", lambda: WorkCalendar("UTC", [[]] * 7)
    yield "shifts", lambda: WorkCalendar("UTC", [[("9", "17:00")]] + [[]] * 6)
    yield "shifts", lambda: WorkCalendar("UTC", [[("09:00", "25:00")]] + [[]] * 6)
    yield "shifts.0", lambda: WorkCalendar("UTC", [[("09:00", "12:00"), ("11:00", "13:00")]] + [[]] * 6)
    yield "day_hours", lambda: WorkCalendar("UTC", week, day_hours=0)
    yield "country", lambda: WorkCalendar("UTC", week, country="XX")
    yield "workdays", lambda: WorkCalendar("UTC", week, workdays={date(2024, 1, 6): 9})
    yield "amount", lambda: WorkCalendar("UTC", week).add(0, -1)
    yield "amount", lambda: WorkCalendar("UTC", week).due_many([0, 1], [5, -1])
    yield "at", lambda: WorkCalendar("UTC", week).add(at("2199-12-30"), 10_000 * HOUR)
    yield "at", lambda: WorkCalendar("UTC", week).is_working(10**18)
    yield "calendar", lambda: Calendars({"city": WorkCalendar("UTC", week)}).get("nowhere")
    yield "default", lambda: Calendars({})


@pytest.mark.parametrize(("field", "wrong"), list(refusals()))
def test_what_is_wrong_is_refused_by_its_field(field: str, wrong: object) -> None:
    with pytest.raises(Refusal) as refused:
        wrong()  # type: ignore[operator]
    assert refused.value.field == field
    assert "{" not in str(refused.value)


def test_the_property_tests_can_fail() -> None:
    """The oracle disagrees with a calendar that forgets a holiday."""
    zone = "America/New_York"
    start = at("2018-11-05 00:00", zone)
    forgetful = WorkCalendar(zone, SPLIT)
    oracle = Oracle(zone, SPLIT, {date(2018, 11, 6)}, {})
    assert forgetful.between(start, start + 3 * DAY) != oracle.between(start, start + 3 * DAY)
