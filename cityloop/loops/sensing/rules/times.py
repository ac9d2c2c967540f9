"""Times as SensorThings writes them: an instant, or an interval of two with a slash; here a beginning and a length."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

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


_LIKE = np.frombuffer(b"0000-00-00T00:00:00Z,", np.uint8)
_DIGITS = np.flatnonzero(ord("0") == _LIKE)
_SIGNS = np.flatnonzero(ord("0") != _LIKE)
_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def instants(texts: Sequence[str]) -> npt.NDArray[np.int64] | None:
    """Read whole seconds in UTC (2026-05-01T08:00:00Z), all at once; None where any is written otherwise."""
    joined = ",".join([*texts, ""])
    if len(joined) != len(texts) * len(_LIKE) or not joined.isascii():
        return None
    letters = np.frombuffer(joined.encode(), np.uint8).reshape(-1, len(_LIKE))
    digits = letters[:, _DIGITS] - np.uint8(ord("0"))
    if (letters[:, _SIGNS] != _LIKE[_SIGNS]).any() or (digits > 9).any():
        return None
    tens = digits[:, ::2].astype(np.int64) * 10 + digits[:, 1::2]
    century, years, month, day, hour, minute, second = tens.T
    year = century * 100 + years
    leap = (month == 2) & (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    sound = (month >= 1) & (month <= 12) & (day >= 1) & (year >= 1) & (hour < 24) & (minute < 60) & (second < 60)
    if not (sound & (day <= _DAYS[np.where(sound, month, 0)] + leap)).all():
        return None
    since = np.where(month > 2, year, year - 1)  # years begin in March: the leap day is the last of all
    days = 365 * since + since // 4 - since // 100 + since // 400 + (153 * ((month + 9) % 12) + 2) // 5 + day - 719_469
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * SECOND


def shown(at: int) -> str:
    """Write an instant: in UTC, to the microsecond where it is not a whole second."""
    return (EPOCH + timedelta(microseconds=at)).isoformat().replace("+00:00", "Z")


def shown_moment(time: int, lasts: int) -> str:
    """Write an instant or an interval."""
    return f"{shown(time)}/{shown(time + lasts)}" if lasts else shown(time)
