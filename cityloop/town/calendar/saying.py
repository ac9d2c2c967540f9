"""Lengths of time in words, in the language that is spoken; instants as clocks in the city show them."""

from datetime import UTC, datetime

from django.utils.translation import get_language, ngettext

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


def to_the_minute(at: int, spoken: str = "") -> str:
    """Give an instant in the city's zone, to the minute, as the language spoken (now, if none is named) writes it."""
    local = datetime.fromtimestamp(at // 1_000_000, UTC).astimezone(city_clock.zone)
    if (spoken or get_language()) == "zh-hans":
        return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
    return f"{local:%Y-%m-%d %H:%M}"


def minute_names(at: int) -> dict[str, str]:
    """Give an instant to the minute in every language, for words that are told later, to each in their own."""
    return {spoken: to_the_minute(at, spoken) for spoken in ("en", "zh-hans")}
