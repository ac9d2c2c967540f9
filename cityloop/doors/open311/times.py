"""Date-times as the specification has them: W3C format, always with a zone."""

import re
from datetime import UTC, datetime

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.calendar.clock import city_clock

_FORM = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)(Z|z|[+ -]\d{2}:?\d{2})", re.ASCII)


def w3c(at: int | None) -> str | None:
    """Give an instant to the second, in the city's zone: `2018-10-21T12:00:00-04:00`."""
    if at is None:
        return None
    return datetime.fromtimestamp(at // 1_000_000, UTC).astimezone(city_clock.zone).isoformat(timespec="seconds")


def instant(text: str, field: str) -> int:
    """Read a date-time as microseconds; refuse what has another form or no zone.

    A plus sign that was not escaped in an address arrives as a space, and is taken for what it was.
    """
    found = _FORM.fullmatch(text.strip())
    if found is not None:
        day, time, zone = found.groups()
        offset = "+00:00" if zone in "Zz" else zone.replace(" ", "+")
        try:
            moment = datetime.fromisoformat(f"{day}T{time}{offset}")
            return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1_000_000)
        except (ValueError, OverflowError):
            pass
    raise Refusal("open311.time", "Give a date and time with its zone, such as 2010-01-01T00:00:00Z.", field)
