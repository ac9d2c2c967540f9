"""Times as SensorThings writes them: an instant, or an interval of two with a slash; here a beginning and a length."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from cityloop.ground.kit.refusal import Refusal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)
SECOND = 1_000_000
LONGEST = 100
EARLIEST = -62_135_596_800_000_000  # year 1
LATEST = 253_402_300_799_999_999  # year 9999


class Moment(NamedTuple):
    """When something was: its beginning, and how long it lasted in microseconds; 0 is an instant."""

    time: int
    lasts: int


def instant(text: str, field: str = "time", zone: tzinfo | None = None) -> int:
    """Read an instant; refuse what is none, and one without a zone unless one is given for such."""
    try:
        read = datetime.fromisoformat(text)
        if read.tzinfo is None and zone is not None:
            read = read.replace(tzinfo=zone)
        if read.tzinfo is not None:
            return (read - EPOCH) // _MICRO
    except (ValueError, TypeError, OverflowError):
        pass
    raise Refusal(
        "sensing.time", "Give a time with its zone, such as 2026-05-01T08:00:00Z, or two of them with a slash.", field
    )


def moment(text: str, field: str = "phenomenonTime") -> Moment:
    """Read an instant or an interval; refuse one that ends before it begins."""
    begins, slash, ends = text.partition("/") if isinstance(text, str) and len(text) <= LONGEST else ("", "", "")
    if not slash:
        return Moment(instant(begins, field), 0)
    since, until = instant(begins, field), instant(ends, field)
    if until < since:
        raise Refusal("sensing.interval", "This interval ends before it begins.", field)
    return Moment(since, until - since)


def shown(at: int) -> str:
    """Write an instant: in UTC, to the microsecond where it is not a whole second."""
    return (EPOCH + timedelta(microseconds=at)).isoformat().replace("+00:00", "Z")


def shown_moment(time: int, lasts: int) -> str:
    """Write an instant or an interval."""
    return f"{shown(time)}/{shown(time + lasts)}" if lasts else shown(time)
