"""Instants, durations and limits in words, in the visitor's language and the city's zone."""

from datetime import UTC, date, datetime, timedelta

from babel.dates import format_skeleton
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cityloop.ground.worktime import parse_limit
from cityloop.ground.worktime.limits import micros
from cityloop.town.calendar.clock import city_clock
from cityloop.town.calendar.saying import limit

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def feed_language() -> str:
    """Name the language of a feed as its readers know it."""
    return "zh-Hans" if language().startswith("zh") else "en"


def language() -> str:
    """Give the language of this page as names are keyed: `en`, `zh-hans`."""
    return get_language() or "en"


def local(at: int) -> datetime:
    """Give an instant as a date and time in the city's zone."""
    return datetime.fromtimestamp(at / 1_000_000, UTC).astimezone(city_clock.zone)


def hour(at: int) -> str:
    """Give the time of day: `16:51`."""
    return local(at).strftime("%H:%M")


def end_of_day(at: int) -> int:
    """Give the last microsecond of the city's day that an instant lies in."""
    midnight = local(at).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return int(midnight.timestamp()) * 1_000_000 - 1


def when(at: int, now: int) -> str:
    """Give an instant as briefly as is clear today: `16:51`, `Sun 16:51`, `Oct 21, 16:51`, `2018-10-21 16:51`."""
    then, today = local(at), local(now)
    apart = abs((then.date() - today.date()).days)
    if not apart:
        return hour(at)
    if apart < 6:
        return _("{day} {time}").format(day=_skeleton("E", at), time=hour(at))
    if then.year == today.year:
        return _("{date}, {time}").format(date=_skeleton("MMMd", at), time=hour(at))
    return _("{date}, {time}").format(date=_skeleton("yMMMd", at), time=hour(at))


def dated(at: int, now: int) -> str:
    """Give an instant for a column of a list: as `when`, but of another year the day alone."""
    then, today = local(at), local(now)
    far = then.year != today.year and abs((then.date() - today.date()).days) >= 6
    return _skeleton("yMMMd", at) if far else when(at, now)


def in_full(at: int) -> str:
    """Give day, date and time in full: `Sunday, October 21, 2018, 12:00`."""
    return _("{date}, {time}").format(date=_skeleton("yMMMMEEEEd", at), time=hour(at))


def weekday(at: int) -> str:
    """Give the day of an instant with its name: `Sunday, October 21`."""
    return _skeleton("MMMMEEEEd", at)


def day(text: str) -> str:
    """Give a date that was answered, `2018-10-20`, as readers write it; what is none stays as it is."""
    try:
        return str(format_skeleton("yMMMd", date.fromisoformat(text[:10]), locale=_locale()))
    except ValueError:
        return text


def _skeleton(pattern: str, at: int) -> str:
    return str(format_skeleton(pattern, local(at), locale=_locale()))


def _locale() -> str:
    return "zh_Hans" if language().startswith("zh") else "en"


def duration(micros: int, *, days: bool = True) -> str:
    """Give a length of time by its two largest units: `< 1 min`, `51 min`, `2 h 10 min`, `3 d 4 h`.

    Working time is told without days (`40 h`): a working day is not a day of 24 hours.
    """
    minutes = max(0, micros) // MINUTE
    if micros > 0 and not minutes:
        return _("< 1 min")
    if minutes < 60:
        return _("{minutes} min").format(minutes=minutes)
    if minutes < 24 * 60 or not days:
        hours, rest = divmod(minutes, 60)
        words = _("{hours} h {minutes} min") if rest else _("{hours} h")
        return words.format(hours=hours, minutes=rest)
    whole, rest = divmod(minutes // 60, 24)
    words = _("{days} d {hours} h") if rest and whole < 30 else _("{days} d")
    return words.format(days=whole, hours=rest)


def brief(text: str) -> str:
    """Give a limit as briefly as a length of time where it runs always (`15 min`), else in words."""
    found = parse_limit(text)
    return limit(text) if found.running == "work" else duration(micros(found, DAY))
