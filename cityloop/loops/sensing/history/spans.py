"""The city's days, months and years, and for how long readings stay where they are."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings

from cityloop.loops.sensing.rules.times import EARLIEST, EPOCH

DAY, HOUR = 86_400_000_000, 3_600_000_000
LEAST = DAY  # whatever is set: what is younger than this has never left the database
_MICRO = timedelta(microseconds=1)


class Span(NamedTuple):
    """A day, month or year of the city: its name, and from when until before when it is."""

    name: str
    since: int
    until: int


def folder() -> Path:
    """Give where the history is."""
    return Path(settings.HISTORY)


def hot_days() -> int:
    """Give for how many days readings stay in the database."""
    return max(LEAST // DAY, settings.HOT_DAYS)


def kept_days(kind: str) -> int:
    """Give for how many days what is of this kind is kept where nothing else is said; 0 is for ever."""
    return max(0, settings.KEEP_DAYS[kind])


def date_of(at: int, zone: ZoneInfo) -> date:
    """Give the city's date of an instant."""
    moment = EPOCH + timedelta(microseconds=at)
    try:
        return moment.astimezone(zone).date()
    except OverflowError:  # the first or last day there is
        return moment.date()


def starts(day: date, zone: ZoneInfo) -> int:
    """Give when a date begins in the city; the first there is, with all that is before it elsewhere."""
    if day == date.min:
        return EARLIEST
    try:
        return (datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC) - EPOCH) // _MICRO
    except OverflowError:
        return (datetime(day.year, day.month, day.day, tzinfo=UTC) - EPOCH) // _MICRO


def day_at(at: int, zone: ZoneInfo) -> Span:
    """Give the city's day that an instant is in."""
    day = date_of(at, zone)
    return Span(day.isoformat(), starts(day, zone), _next(day, zone))


def _next(day: date, zone: ZoneInfo) -> int:
    return starts(day + timedelta(days=1), zone) if day < date.max else starts(day, zone) + DAY


def days_ago(now: int, days: int, zone: ZoneInfo) -> int:
    """Give when the city's day began that was so many days ago."""
    return starts(date_of(max(now - days * DAY, -(2**62)), zone), zone)


def periods(kind: str, day: Span) -> str:
    """Give the name of the period in which a day's rows of a kind are kept: the day, its month, its year."""
    return day.name[: {"readings": 10, "hours": 7, "days": 4}[kind]]


def between(kind: str, since: int, until: int) -> tuple[str, str]:
    """Give the names of the first and the last period that may hold what is between two instants, in any zone."""
    names = []
    for at in (since - DAY, until + DAY):
        clamped = min(max(at, -62_135_596_800_000_000), 253_402_300_799_999_999)
        names.append(periods(kind, Span((EPOCH + timedelta(microseconds=clamped)).date().isoformat(), 0, 0)))
    return names[0], names[1]
