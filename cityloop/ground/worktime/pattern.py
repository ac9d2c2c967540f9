"""What a working week looks like, and the days that differ from it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from cityloop.ground.kit.refusal import Refusal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Shift = tuple[int, int]  # minutes after midnight; the end may exceed 24 h
Week = tuple[tuple[Shift, ...], ...]  # seven weekdays, Monday first
WrittenShifts = Sequence[Iterable[Sequence[str]]] | Mapping[int, Iterable[Sequence[str]]]
WrittenSwaps = Iterable[date] | Mapping[date, int | None]

_CLOCK = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")


class YearDays(NamedTuple):
    """The days of one year that differ from the weekly pattern."""

    holidays: frozenset[date]
    workdays: frozenset[date]


@lru_cache(maxsize=4096)
def public_days(country: str, subdivision: str, year: int) -> YearDays:
    """Give a country's public holidays and swapped workdays in `year`, from the library `holidays`.

    The library knows swapped workdays (China's 调休) as `weekend_workdays` for the years whose schedule has
    been announced; for other years it has the statutory days only. A schedule may move a working day
    across New Year, therefore the years on both sides are read too.
    """
    if not country:
        return YearDays(frozenset(), frozenset())
    import holidays

    try:
        table = holidays.country_holidays(country, subdiv=subdivision or None, years=(year - 1, year, year + 1))
    except NotImplementedError as error:
        raise Refusal(
            "worktime.country.unknown",
            "The holiday library does not know {country} {subdivision}; give the holidays as dates instead.",
            "country",
            country=country,
            subdivision=subdivision,
        ) from error
    worked: set[date] = getattr(table, "weekend_workdays", set())
    return YearDays(
        frozenset(day for day in table if day.year == year),
        frozenset(day for day in worked if day.year == year),
    )


def days_of(year: int) -> Iterator[date]:
    """Give every day of `year`."""
    first = date(year, 1, 1).toordinal()
    return (date.fromordinal(first + i) for i in range(date(year + 1, 1, 1).toordinal() - first))


def shifts_on(day: date, pattern: Week, closed: frozenset[date], swapped: Mapping[date, int]) -> tuple[Shift, ...]:
    """Give the shifts that start on `day`: those of the weekday it was swapped to, none on a closed day."""
    weekday = swapped.get(day)
    if weekday is not None:
        return pattern[weekday]
    return () if day in closed else pattern[day.weekday()]


def instant(day: date, minutes: int, zone: ZoneInfo) -> int:
    """Turn local minutes after midnight into an instant; `fold=0` is RFC 5545's rule."""
    days, rest = divmod(minutes, 1440)
    local = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), zone)
    return (local - EPOCH) // timedelta(microseconds=1)


def check_zone(name: str, field: str = "zone") -> ZoneInfo:
    """Give the zone of an IANA name, or refuse."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError) as error:
        raise Refusal(
            "worktime.zone.unknown",
            "{zone!r} is not the name of a time zone; write one such as 'Asia/Shanghai'.",
            field,
            zone=name,
        ) from error


def weekly(shifts: WrittenShifts) -> Week:
    """Check weekly shifts; give seven tuples of minutes after midnight."""
    if isinstance(shifts, Mapping):
        rows = [shifts.get(day, ()) for day in range(7)]
        surplus: Iterable[Any] = [key for key in shifts if key not in range(7)]
    else:
        rows, surplus = list(shifts), ()
    if len(rows) != 7 or surplus:
        raise Refusal("worktime.shifts.week", "Give shifts for seven weekdays, Monday first.", "shifts")
    pattern = tuple(tuple(sorted(_shift(pair) for pair in row)) for row in rows)
    if not any(pattern):
        raise Refusal("worktime.shifts.none", "Give at least one shift in the week.", "shifts")
    for day, row in enumerate(pattern):
        if any(left[1] > right[0] for left, right in zip(row, row[1:], strict=False)):
            raise Refusal(
                "worktime.shifts.overlap",
                "Shifts of day {day} of the week overlap; day 1 is Monday.",
                f"shifts.{day}",
                day=day + 1,
            )
    return pattern


def _shift(pair: Sequence[str]) -> Shift:
    try:
        begin, end = (_minutes(text) for text in pair)
    except (TypeError, ValueError) as error:
        raise Refusal(
            "worktime.shifts.malformed",
            "Write a shift as two times of day such as ['08:30', '12:00']; got {pair!r}.",
            "shifts",
            pair=pair,
        ) from error
    return begin, end if end > begin else end + 1440


def _minutes(text: str) -> int:
    found = _CLOCK.fullmatch(text)
    if not found or int(found[1]) * 60 + int(found[2]) > 1440:
        raise ValueError(text)
    return int(found[1]) * 60 + int(found[2])


def first_worked(pattern: Week) -> int:
    """Give the first weekday that has shifts: what a swapped workday looks like unless it says otherwise."""
    return next(day for day, row in enumerate(pattern) if row)


def swaps(workdays: WrittenSwaps, pattern: Week) -> frozenset[tuple[date, int]]:
    """Check swapped workdays; give each with the weekday whose shifts it takes."""
    given = workdays if isinstance(workdays, Mapping) else dict.fromkeys(workdays)
    usual = first_worked(pattern)
    if any(weekday is not None and weekday not in range(7) for weekday in given.values()):
        raise Refusal("worktime.workdays.weekday", "A swapped day takes the shifts of weekday 0 to 6.", "workdays")
    return frozenset((day, usual if weekday is None else weekday) for day, weekday in given.items())
