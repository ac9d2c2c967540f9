"""One calendar: two sorted tables, built year by year when first asked for, and the questions put to them."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import chain
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.worktime.limits import DAY, HOUR, Limit, Running, micros
from cityloop.ground.worktime.pattern import (
    EPOCH,
    Week,
    WrittenShifts,
    WrittenSwaps,
    check_zone,
    days_of,
    first_worked,
    instant,
    public_days,
    shifts_on,
    swaps,
    weekly,
)

Instants = npt.NDArray[np.int64]
Span = tuple[int, int]

FIRST_YEAR, LAST_YEAR = 1900, 2199
_MORE = 400 * DAY  # how far a table grows when a deadline falls behind its end
_MARGIN = 3 * DAY  # longer than any zone's offset and any shift together


class Table(NamedTuple):
    """Working intervals of whole years; valid for instants in `[low, high)`, complete a margin beyond."""

    low: int
    high: int
    starts: list[int]
    ends: list[int]
    worked: list[int]  # working time accumulated from the first start to each interval's end
    arrays: tuple[Instants, Instants, Instants]


_NO_TABLE = Table(0, 0, [], [], [], (np.empty(0, np.int64),) * 3)


class Spec(NamedTuple):
    """All that distinguishes one calendar from another."""

    zone: str
    week: Week
    closed: frozenset[date]
    swapped: frozenset[tuple[date, int]]
    day_micros: int
    country: str
    subdivision: str


class WorkCalendar:
    """A zone, weekly shifts, and the days that differ. Immutable, hashable, picklable, thread-safe.

    `shifts[weekday]` (0 = Monday) lists `("08:30", "12:00")` pairs. `workdays` are days worked by swap: dates,
    or a mapping from date to the weekday whose shifts it takes (None: the first weekday that has any).
    `holidays` are dates not worked. `country` and `subdivision` add what the library `holidays` knows.
    A swapped workday is worked even when it is a holiday; a date given here outranks the library.
    """

    __slots__ = ("_lock", "_spec", "_table", "_years", "day_micros", "zone")

    def __init__(
        self,
        zone: str,
        shifts: WrittenShifts,
        *,
        holidays: Iterable[date] = (),
        workdays: WrittenSwaps = (),
        day_hours: float = 8,
        country: str = "",
        subdivision: str = "",
    ) -> None:
        check_zone(zone)
        week = weekly(shifts)
        if not 0 < day_hours <= 24:
            raise Refusal(
                "worktime.day_hours.range", "A working day has more than 0 and at most 24 hours.", "day_hours"
            )
        public_days(country, subdivision, 2024)  # refuses an unknown country now, not at the first deadline
        swapped, day = swaps(workdays, week), round(day_hours * HOUR)
        self.__setstate__(Spec(zone, week, frozenset(holidays), swapped, day, country, subdivision))

    @classmethod
    def always(cls, zone: str = "UTC") -> WorkCalendar:
        """Give the calendar in which every instant is worked; its working day has 24 hours."""
        return cls(zone, [[("00:00", "24:00")]] * 7, day_hours=24)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WorkCalendar) and self._spec == other._spec

    def __hash__(self) -> int:
        return hash(self._spec)

    def __reduce__(self) -> tuple[Any, ...]:
        return _revive, (self._spec,)

    def __setstate__(self, spec: Spec) -> None:
        self._spec = spec
        self.zone = ZoneInfo(spec.zone)
        self.day_micros = spec.day_micros
        self._table: Table = _NO_TABLE
        self._years: dict[int, list[Span]] = {}
        self._lock = threading.Lock()

    @property
    def day_hours(self) -> float:
        """Give the working hours of one working day (`wd`)."""
        return self.day_micros / HOUR

    # --- questions

    def add(self, at: int, amount: int, running: Running = "work") -> int:
        """Give the instant at which `amount` of running time after `at` is used up; `amount` >= 0."""
        if amount <= 0:
            return _nothing_added(at, amount)
        if running == "always":
            return at + amount
        table = self._table
        if not table.low <= at < table.high:
            table = self._cover(at, at)
        while True:
            goal = amount + _worked_at(table, at)
            worked = table.worked
            if worked and goal <= worked[-1]:
                i = bisect_left(worked, goal)
                return table.ends[i] - worked[i] + goal
            table = self._grow(table, at, amount)

    def between(self, a: int, b: int, running: Running = "work") -> int:
        """Give the running time in `[a, b)`; 0 when b is not after a."""
        if b <= a:
            return 0
        if running == "always":
            return b - a
        table = self._table
        if not (table.low <= a and b < table.high):
            table = self._cover(a, b)
        return _worked_at(table, b) - _worked_at(table, a)

    def is_working(self, at: int) -> bool:
        """Tell whether `at` lies inside a shift."""
        table = self._cover(at, at)
        i = bisect_right(table.starts, at) - 1
        return i >= 0 and at < table.ends[i]

    def pauses(self, a: int, b: int, most: int = 4) -> list[tuple[int, int]]:
        """Give the first spans within `[a, b)` that are not worked."""
        found: list[Span] = []
        at = a
        while at < b and len(found) < most:
            begin = self.next_working(at)
            if begin > at:
                found.append((at, min(begin, b)))
            table = self._cover(begin, begin)
            at = table.ends[bisect_right(table.starts, begin) - 1]
        return found

    def next_working(self, at: int) -> int:
        """Give `at` itself when it is worked, else the start of the next shift."""
        table = self._cover(at, at)
        i = bisect_right(table.ends, at)
        while i >= len(table.ends):
            table = self._grow(table, at, 0)
            i = bisect_right(table.ends, at)
        return max(at, table.starts[i])

    def due_many(self, at: npt.ArrayLike, amount: npt.ArrayLike, running: Running = "work") -> Instants:
        """Give `add` for int64 arrays that broadcast against each other; the result has their common shape."""
        begin, spend = np.broadcast_arrays(np.asarray(at, np.int64), np.asarray(amount, np.int64))
        if spend.size and int(spend.min()) < 0:
            _nothing_added(0, -1)
        if running == "always" or not begin.size:
            simple: Instants = begin + spend
            return simple
        first, last = int(begin.min()), int(begin.max())
        table = self._cover(first, last)
        goal = spend + _worked_at_many(table, begin)
        while not table.worked or int(goal.max()) > table.worked[-1]:
            table = self._grow(table, first, int(spend.max()))
            goal = spend + _worked_at_many(table, begin)
        _, ends, worked = table.arrays
        i = np.searchsorted(worked, goal, side="left")
        due: Instants = np.where(spend == 0, begin, ends[i] - worked[i] + goal)
        return due

    # --- tables

    def _grow(self, table: Table, at: int, amount: int) -> Table:
        """Give a table that reaches further than `table`; at the last year there is none."""
        end = _year_start(LAST_YEAR + 1)
        return self._cover(at, end if table.high >= end else min(table.high + max(amount, _MORE), end - 1))

    def _cover(self, first: int, last: int) -> Table:
        """Give a table valid from `first` to `last`, and for whatever the present one is valid for."""
        table = self._table
        if table.low <= first and last < table.high:
            return table
        with self._lock:
            table = self._table
            low, high = _year_of(first), _year_of(last)
            if table is not _NO_TABLE:
                low, high = min(low, _year_of(table.low)), max(high, _year_of(table.high - 1))
            self._table = table = self._build(low, high)
            return table

    def _build(self, low: int, high: int) -> Table:
        floor, ceiling = _year_start(low) - _MARGIN, _year_start(high + 1) + _MARGIN
        spans = chain.from_iterable(map(self._year, range(low - 1, high + 2)))
        kept = [span for span in _joined(spans) if span[1] > floor and span[0] < ceiling]
        starts, ends = [start for start, _ in kept], [end for _, end in kept]
        arrays = np.array(starts, np.int64), np.array(ends, np.int64)
        sums = np.cumsum(arrays[1] - arrays[0])
        return Table(floor + _MARGIN, ceiling - _MARGIN, starts, ends, sums.tolist(), (*arrays, sums))

    def _year(self, year: int) -> list[Span]:
        """Give the working intervals of the shifts that start in `year`."""
        known = self._years.get(year)
        if known is None:
            known = self._years[year] = list(self._spans(year))
        return known

    def _spans(self, year: int) -> Iterator[Span]:
        spec = self._spec
        public = public_days(spec.country, spec.subdivision, year)
        swapped = dict.fromkeys(public.workdays - spec.closed, first_worked(spec.week)) | dict(spec.swapped)
        closed = public.holidays | spec.closed
        for day in days_of(year):
            for begin, end in shifts_on(day, spec.week, closed, swapped):
                yield instant(day, begin, self.zone), instant(day, end, self.zone)


def _revive(spec: Spec) -> WorkCalendar:
    calendar = WorkCalendar.__new__(WorkCalendar)
    calendar.__setstate__(spec)
    return calendar


def limit_micros(limit: Limit, calendar: WorkCalendar) -> int:
    """Give the limit in microseconds of its own running time; a working day is `calendar.day_hours`."""
    return micros(limit, calendar.day_micros)


def _nothing_added(at: int, amount: int) -> int:
    if amount < 0:
        raise Refusal("worktime.amount.negative", "An amount of time cannot be negative.", "amount")
    return at


def _worked_at(table: Table, at: int) -> int:
    i = bisect_right(table.starts, at) - 1
    if i < 0:
        return 0
    left = table.ends[i] - at
    return table.worked[i] - left if left > 0 else table.worked[i]


def _worked_at_many(table: Table, at: Instants) -> Instants:
    starts, ends, worked = table.arrays
    if not len(starts):
        return np.zeros(at.shape, np.int64)
    i = np.searchsorted(starts, at, side="right") - 1
    return np.where(i < 0, 0, worked[i] - np.maximum(ends[i] - at, 0))


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Sort intervals, drop empty ones, join those that meet or overlap."""
    kept: list[Span] = []
    for start, end in sorted(spans):
        if end <= start:
            continue
        if kept and start <= kept[-1][1]:
            kept[-1] = kept[-1][0], max(end, kept[-1][1])
        else:
            kept.append((start, end))
    return kept


def _year_of(at: int) -> int:
    if not _year_start(FIRST_YEAR) <= at < _year_start(LAST_YEAR + 1):
        raise Refusal(
            "worktime.at.range",
            "Working time is known from {first} to {last}, and this instant or its deadline is outside. "
            "Check the date, and that the calendar has working days at all.",
            "at",
            first=FIRST_YEAR,
            last=LAST_YEAR,
        )
    return (EPOCH + timedelta(microseconds=at)).year


@cache
def _year_start(year: int) -> int:
    return (datetime(year, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
