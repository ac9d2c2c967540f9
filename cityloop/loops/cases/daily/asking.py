"""The city's open figures of a time: from the roll-up of days, and counted for the days it does not have yet.

Nothing here reads more where the city is larger: what is read grows with days, matters and organisations. Only the days
since the last roll-up, mostly today alone, are counted from cases, and what is open now from the index of open ones.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import msgspec
from django.core.cache import cache
from django.db.models import BooleanField, Case, Count, Q, QuerySet, Sum, Value, When

from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases.daily.counting import COUNTS, Cell, Counted, counted, day_of, of_size
from cityloop.loops.cases.daily.following import through
from cityloop.loops.cases.known import everybody, silent
from cityloop.loops.cases.models import DayCount, DayTime
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import under
from cityloop.town.units.queries import scheme

LONGEST = 366  # days
OLDEST = date(1900, 1, 1).toordinal()  # before that no city kept such books, and a calendar ends with the year 1
SMALL = 5  # in a part of the city no fewer cases than this are told of by their matter, their time or their limit
FRESH = 60  # seconds


class Asked(msgspec.Struct, frozen=True):
    """Of which days (numbers, both within), of which unit, and led by which organisation (0: by any or none)."""

    first: int
    last: int
    unit: str
    org: int = 0

    @property
    def before(self) -> int:
        """The first day of the time before, which is as long."""
        return 2 * self.first - self.last - 1


class Sums(msgspec.Struct, frozen=True):
    """Figures of a time. `share` in percent and `median` in seconds are None where nothing can be said.

    What is called adjusted leaves out the late ones whose appeal was upheld.
    """

    received: int
    ended: int
    closed: int
    limited: int
    late: int
    late_adjusted: int
    timed: int
    reopened: int
    disputed: int
    share: int | None
    share_adjusted: int | None
    median: int | None


class OfMatter(msgspec.Struct, frozen=True):
    """The figures of one matter; of all together that are too few to be told of one by one, under no code."""

    matter: str
    sums: Sums
    matters: int = 1


class Told(msgspec.Struct, frozen=True):
    """All that a page tells: this time, the time before, what is open at its end, each day, each matter.

    `overdue` is known of the present only: None for a time that ended earlier.
    """

    asked: Asked
    sums: Sums
    before: Sums
    open: int
    open_before: int
    overdue: int | None
    days: list[tuple[int, int, int]]
    matters: list[OfMatter]
    through: int
    at: int


def checked(first: int, last: int) -> tuple[int, int]:
    """Give days that can be asked for: no more than a year, none that has not begun, none of long ago."""
    last = min(last, day_of(city_clock.now()))
    if first > last:
        raise Refusal("figures.span", "The time must begin before it ends, and not after today.", "from")
    if last - first >= LONGEST:
        raise Refusal("figures.long", "Ask for {days} days at the most.", "from", days=LONGEST)
    if Asked(first, last, "").before < OLDEST:
        raise Refusal("figures.old", "Ask for a time after 1900.", "from")
    return first, last


def told(asked: Asked) -> Told:
    """Give the figures of a time; counted once a minute of the city's time. Eight queries, twelve at most."""
    now = city_clock.now()
    key = f"figures:{asked.first}:{asked.last}:{asked.unit}:{asked.org}:{now // (FRESH * 1_000_000)}"
    known: Told | None = cache.get(key)
    if known is None:
        known = _told(asked, now)
        cache.set(key, known, FRESH)
    return known


def _told(asked: Asked, now: int) -> Told:
    kept, today = through(), day_of(now)
    live = counted(max(kept + 1, asked.before), today) if kept < today and today >= asked.before else Counted({}, {})
    found = _Found(asked, live, silent() if scheme().level_of(asked.unit) else [])
    small = SMALL if scheme().level_of(asked.unit) else 0
    days, times, matters = found.days(), found.times(), found.matters()
    inside = {day: sums for day, sums in days.items() if asked.first <= day <= asked.last}
    earlier = {day: sums for day, sums in days.items() if day < asked.first}
    after = {day: sums for day, sums in days.items() if day > asked.last}
    open_now, overdue = found.open(now)
    still = open_now - _sum(after)["received"] + _sum(after)["ended"]
    return Told(
        asked=asked,
        sums=_sums(_sum(inside), _all(times[True].values()), small),
        before=_sums(_sum(earlier), _all(times[False].values()), small),
        open=still,
        open_before=still - _sum(inside)["received"] + _sum(inside)["ended"],
        overdue=overdue if asked.last == today else None,
        days=[(day, inside[day]["received"] if day in inside else 0, inside[day]["closed"] if day in inside else 0)
              for day in range(asked.first, asked.last + 1)],
        matters=_matters(matters, times[True], small),
        through=kept,
        at=now,
    )  # fmt: skip


class _Found:
    """What is kept and what is counted now, put together. `hushed` are matters that keep their place to themselves."""

    def __init__(self, asked: Asked, live: Counted, hushed: list[str]) -> None:
        self.asked, self.hushed = asked, hushed
        self.live = Counted(
            {cell: sums for cell, sums in live.counts.items() if self._fits(cell)},
            {cell: sizes for cell, sizes in live.times.items() if self._fits(cell)},
        )

    def _fits(self, cell: Cell) -> bool:
        asked = self.asked
        return cell.unit == asked.unit and asked.org in (0, cell.org) and cell.matter not in self.hushed

    def _rows(self, model: Any, **when: int) -> "QuerySet[Any]":
        rows = model.objects.filter(unit_code=self.asked.unit, **when).exclude(matter__in=self.hushed)
        return rows.filter(org=self.asked.org) if self.asked.org else rows

    def days(self) -> dict[int, Counter[str]]:
        """Give the sums of each day from the time before until today. One query."""
        rows = self._rows(DayCount, day__gte=self.asked.before)
        found = {day: Counter(dict(zip(COUNTS, sums, strict=True))) for day, *sums in _summed(rows, "day")}
        for cell, sums in self.live.counts.items():
            found.setdefault(cell.day, Counter()).update(sums)
        return found

    def matters(self) -> dict[str, Counter[str]]:
        """Give the sums of each matter within the time. One query."""
        asked = self.asked
        rows = self._rows(DayCount, day__gte=asked.first, day__lte=asked.last)
        found = {matter: Counter(dict(zip(COUNTS, sums, strict=True))) for matter, *sums in _summed(rows, "matter")}
        for cell, sums in self.live.counts.items():
            if asked.first <= cell.day <= asked.last:
                found.setdefault(cell.matter, Counter()).update(sums)
        return found

    def times(self) -> dict[bool, dict[str, Counter[int]]]:
        """Give how many took how long, by matter, within the time (True) and in the one before (False). One query."""
        asked = self.asked
        now = Case(When(day__gte=asked.first, then=Value(True)), default=Value(False), output_field=BooleanField())
        rows = self._rows(DayTime, day__gte=asked.before, day__lte=asked.last).annotate(now=now)
        found: dict[bool, dict[str, Counter[int]]] = {True: {}, False: {}}
        grouped = rows.order_by().values_list("now", "matter", "size").annotate(n=Sum("number"))
        for within, matter, size, number in grouped:
            found[bool(within)].setdefault(matter, Counter())[size] += number
        for cell, sizes in self.live.times.items():
            if cell.day <= asked.last:
                found[cell.day >= asked.first].setdefault(cell.matter, Counter()).update(sizes)
        return found

    def open(self, now: int) -> tuple[int, int]:
        """Count what is open now, and how much of it is past its limit. One query, of open cases alone."""
        rows = everybody().filter(under("unit_code", self.asked.unit), closed__isnull=True)
        rows = rows.exclude(matter__in=self.hushed)
        if self.asked.org:
            rows = rows.filter(lead_org=self.asked.org)
        sums = rows.aggregate(open=Count("pk"), over=Count("pk", filter=Q(due__lt=now)))
        return sums["open"], sums["over"]


def _summed(rows: "QuerySet[Any]", by: str) -> Iterable[tuple[Any, ...]]:
    return rows.order_by().values_list(by).annotate(**{f"n_{name}": Sum(name) for name in COUNTS})


def _sum(days: Mapping[int, Counter[str]]) -> Counter[str]:
    return _all(days.values())


def _all(several: Iterable[Counter[Any]]) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for one in several:
        found.update(one)
    return found


def _sums(counts: Mapping[str, int], times: Mapping[int, int], small: int) -> Sums:
    limited, timed = counts.get("limited", 0), counts.get("timed", 0)
    raw, adjusted = (
        100 * (limited - counts.get(name, 0)) // limited if limited >= max(1, small) else None
        for name in ("late", "late_adjusted")
    )
    median = middle(times) if timed >= max(1, small) else None
    return Sums(**{name: counts.get(name, 0) for name in COUNTS}, share=raw, share_adjusted=adjusted, median=median)


def middle(times: Mapping[int, int]) -> int | None:
    """Give the median of lengths of time by their sizes, in seconds; of an even number the middle of the middle two."""
    total = sum(times.values())
    if not total:
        return None
    ordered, found = sorted(times.items()), list[int]()
    for place in ((total - 1) // 2, total // 2):
        seen = 0
        for size, number in ordered:
            seen += number
            if seen > place:
                found.append(of_size(size))
                break
    return sum(found) // 2


def _matters(found: Mapping[str, Counter[str]], times: Mapping[str, Counter[int]], small: int) -> list[OfMatter]:
    """Give each matter, the fullest first, and last those too few to be told of one by one, together."""
    few = [matter for matter, sums in found.items() if max(sums["received"], sums["closed"]) < small]
    rows = [
        OfMatter(matter, _sums(sums, times.get(matter, {}), small))
        for matter, sums in found.items()
        if matter not in few and (sums["received"] or sums["closed"] or sums["reopened"] or sums["disputed"])
    ]
    rows.sort(key=lambda one: (-one.sums.received, -one.sums.closed, one.matter))
    if few:
        together = _sums(_all(found[one] for one in few), _all(times.get(one, Counter()) for one in few), small)
        rows.append(OfMatter("", together, len(few)))
    return rows
