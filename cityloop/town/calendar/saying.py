"""Lengths of time in words, in the language that is spoken; instants as clocks in the city show them."""

from datetime import UTC, datetime

from django.utils.translation import ngettext

from cityloop.ground.worktime import parse_limit
from cityloop.town.calendar.clock import city_clock


def limit(text: str) -> str:
    """Give a limit such as `8 wh` in words: `8 working hours`."""
    found = parse_limit(text)
    words = {
        "um": ngettext("{n} minute", "{n} minutes", found.amount),
        "uh": ngettext("{n} hour", "{n} hours", found.amount),
        "wh": ngettext("{n} working hour", "{n} working hours", found.amount),
        "wd": ngettext("{n} working day", "{n} working days", found.amount),
        "d": ngettext("{n} day", "{n} days", found.amount),
    }
    return words[found.unit].format(n=found.amount)


def to_the_minute(at: int) -> str:
    """Give an instant in the city's zone, to the minute."""
    return datetime.fromtimestamp(at // 1_000_000, UTC).astimezone(city_clock.zone).strftime("%Y-%m-%d %H:%M")
