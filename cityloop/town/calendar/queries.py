"""Reads of calendars. They never write."""

from collections.abc import Mapping

from django.conf import settings

from cityloop.ground.kit.remembered import Remembered
from cityloop.ground.worktime import Calendars, WorkCalendar
from cityloop.town.calendar.models import Calendar, CityClock

DEFAULT_KEY = "city"


def calendars() -> Calendars:
    """Give the city's calendars for the loop engine; `city` is the default, and runs always until it is made.

    Kept per process; one small query a second asks whether a calendar changed.
    """
    return _calendars()


def calendar_named(key: str) -> Calendar | None:
    """Give the row of the calendar `key`, or None."""
    return Calendar.objects.filter(key=key).first()


def listed() -> list[Calendar]:
    """Give all calendars in the order of their keys. One query."""
    return list(Calendar.objects.order_by("key"))


def forget() -> None:
    """Make this process look again at its next question."""
    _calendars.forget()


def cache_seconds() -> float:
    """Give for how long a process may go without asking whether what it keeps has changed."""
    return float(getattr(settings, "CITYLOOP_CACHE_SECONDS", 1.0))


def together(known: Mapping[str, WorkCalendar]) -> Calendars:
    """Give these calendars as the loop engine takes them; `city` runs always where it is not among them."""
    return Calendars({DEFAULT_KEY: known.get(DEFAULT_KEY) or WorkCalendar.always(_zone()), **known}, DEFAULT_KEY)


def _load() -> Calendars:
    return together({row.key: row.reckoner for row in Calendar.objects.order_by("key")})


def _zone() -> str:
    return CityClock.objects.values_list("zone", flat=True).first() or "UTC"


def _version() -> tuple[tuple[str, str], ...]:
    return tuple(Calendar.objects.order_by("key").values_list("key", "revision"))


_calendars = Remembered(_load, _version, cache_seconds)
