"""Times as SensorThings writes them: an instant, or an interval of two with a slash; here a beginning and a length."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cityloop.ground.kit.refusal import Refusal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)
SECOND = 1_000_000
DAY = 86_400 * SECOND
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


_WRITTEN = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?)(Z|[+-]\d\d:\d\d)", re.ASCII)


def instants(texts: Sequence[str]) -> npt.NDArray[np.int64] | None:
    """Read instants that are all written alike (2026-05-01T08:00:00Z, 2026-05-01T16:00:00.250+08:00) all at once.

    None where one is written otherwise, or is no time: each is to be read by itself then.
    """
    form = _WRITTEN.fullmatch(texts[0]) if texts else None
    letters = form and _letters(texts, form)
    if form is None or letters is None:
        return None
    length = len(form[1])
    try:
        read = letters[:, :length].copy().view(f"S{length}").ravel().astype("datetime64[us]")
    except ValueError:
        return None
    at = read.astype(np.int64)
    if at.min() < EARLIEST:  # NumPy knows years before the first
        return None
    return at if form[2] == "Z" else _without_offset(at, letters)


def _letters(texts: Sequence[str], form: re.Match[str]) -> npt.NDArray[np.uint8] | None:
    """Give texts as rows of letters, a comma after each; None where one has a sign where another has a digit."""
    joined, width = ",".join([*texts, ""]), len(form[0]) + 1
    if len(joined) != len(texts) * width or not joined.isascii():
        return None
    letters = np.frombuffer(joined.encode(), np.uint8).reshape(-1, width)
    model = np.frombuffer(f"{form[0]},".encode(), np.uint8)
    digits = (model >= ord("0")) & (model <= ord("9"))
    alike = np.where(digits, letters - np.uint8(ord("0")) <= 9, letters == model)
    if form[2] != "Z":
        alike[:, -7] = (letters[:, -7] == ord("+")) | (letters[:, -7] == ord("-"))
    return letters if alike.all() else None


def _without_offset(at: npt.NDArray[np.int64], letters: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64] | None:
    """Take the offset of a zone (+08:00) from what clocks there showed."""
    tens, hours, minutes, single = (letters[:, place].astype(np.int64) - ord("0") for place in (-6, -5, -3, -2))
    hours, minutes = tens * 10 + hours, minutes * 10 + single
    if (hours > 23).any() or (minutes > 59).any():
        return None
    offset = (hours * 60 + minutes) * 60 * SECOND
    return at - np.where(letters[:, -7] == ord("+"), offset, -offset)


def shown(at: int) -> str:
    """Write an instant: in UTC, to the microsecond where it is not a whole second."""
    day, rest = divmod(at, DAY)
    second, micro = divmod(rest, SECOND)
    minute, second = divmod(second, 60)
    hour, minute = divmod(minute, 60)
    whole = f"{_date(day)}T{hour:02}:{minute:02}:{second:02}"
    return f"{whole}.{micro:06}Z" if micro else f"{whole}Z"


def all_shown(times: Sequence[int]) -> list[str]:
    """Write instants all at once, to the microsecond, in UTC."""
    at = np.array(times, np.int64).view("datetime64[us]")
    return [f"{text}Z" for text in np.datetime_as_string(at, unit="us").tolist()]


@lru_cache(4096)
def _date(day: int) -> str:
    return (EPOCH + timedelta(days=day)).date().isoformat()


def shown_moment(time: int, lasts: int) -> str:
    """Write an instant or an interval."""
    return f"{shown(time)}/{shown(time + lasts)}" if lasts else shown(time)
