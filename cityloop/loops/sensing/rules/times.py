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


_TAIL = re.compile(r"(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_WHOLE = len("0000-00-00T00:00:00")
_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
Letters = npt.NDArray[np.uint8]
Whole = npt.NDArray[np.int64]


class _Form(NamedTuple):
    """How all texts of a column are written: digits after the second, and whether a zone is named by its offset."""

    parts: int
    offset: bool

    @property
    def like(self) -> str:
        """Show it with zeros for all digits, and a comma for the end; the sign of an offset is any."""
        fraction = "." + "0" * self.parts if self.parts else ""
        return f"0000-00-00T00:00:00{fraction}{'+00:00' if self.offset else 'Z'},"


def instants(texts: Sequence[str]) -> Whole | None:
    """Read instants that are all written alike (2026-05-01T08:00:00Z, 2026-05-01T16:00:00.250+08:00) all at once.

    None where one is written otherwise, or is no time: each is to be read by itself then.
    """
    form = _form(texts[0]) if texts else None
    letters = form and _letters(texts, form.like)
    if form is None or letters is None:
        return None
    day, sound = _day(letters[:, :10])
    hour, minute, second = (_number(letters[:, at : at + 2]) for at in (11, 14, 17))
    sound &= (hour < 24) & (minute < 60) & (second < 60)
    at = (((day * 24 + hour) * 60 + minute) * 60 + second) * SECOND
    if form.parts:
        at += _number(letters[:, _WHOLE + 1 : _WHOLE + 1 + form.parts]) * 10 ** (6 - form.parts)
    if form.offset:
        sign, hours, minutes = letters[:, -7], _number(letters[:, -6:-4]), _number(letters[:, -3:-1])
        sound &= (hours < 24) & (minutes < 60)
        at -= np.where(sign == ord("+"), 1, -1) * (hours * 60 + minutes) * 60 * SECOND
    return at if sound.all() else None


@lru_cache(64)
def _form_of(tail: str) -> _Form | None:
    found = _TAIL.fullmatch(tail)
    return _Form(len(found[1] or ".") - 1, found[2] != "Z") if found else None


def _form(text: str) -> _Form | None:
    return _form_of(text[_WHOLE:]) if len(text) <= LONGEST else None


def _letters(texts: Sequence[str], like: str) -> Letters | None:
    """Give texts as rows of letters, a comma after each; None where one has a sign where another has a digit."""
    joined = ",".join([*texts, ""])
    if len(joined) != len(texts) * len(like) or not joined.isascii():
        return None
    letters = np.frombuffer(joined.encode(), np.uint8).reshape(-1, len(like))
    model = np.frombuffer(like.encode(), np.uint8)
    digits = model == ord("0")
    if (letters[:, digits] - np.uint8(ord("0")) > 9).any():
        return None
    strange = letters[:, ~digits] != model[~digits]
    if strange.any():
        # Only the sign of an offset may be another one.
        minus = (model[~digits] == ord("+")) & (letters[:, ~digits] == ord("-"))
        if (strange & ~minus).any():
            return None
    return letters


def _number(letters: Letters) -> Whole:
    """Read columns of digits as one number."""
    number = letters[:, 0].astype(np.int64) - ord("0")
    for column in letters.T[1:]:
        number = number * 10 + column - ord("0")
    return number


def _day(letters: Letters) -> tuple[Whole, npt.NDArray[np.bool_]]:
    """Count days since 1970 (after the algorithm of Howard Hinnant: years begin in March); tell which are days."""
    year, month, day = _number(letters[:, :4]), _number(letters[:, 5:7]), _number(letters[:, 8:10])
    leap = (month == 2) & (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    sound = (month >= 1) & (month <= 12) & (day >= 1) & (year >= 1)
    sound &= day <= _DAYS[np.where(sound, month, 0)] + leap
    since = np.where(month > 2, year, year - 1)
    days = 365 * since + since // 4 - since // 100 + since // 400 + (153 * ((month + 9) % 12) + 2) // 5 + day - 719_469
    return days, sound


def shown(at: int) -> str:
    """Write an instant: in UTC, to the microsecond where it is not a whole second."""
    day, rest = divmod(at, DAY)
    second, micro = divmod(rest, SECOND)
    minute, second = divmod(second, 60)
    hour, minute = divmod(minute, 60)
    whole = f"{_date(day)}T{hour:02}:{minute:02}:{second:02}"
    return f"{whole}.{micro:06}Z" if micro else f"{whole}Z"


@lru_cache(4096)
def _date(day: int) -> str:
    return (EPOCH + timedelta(days=day)).date().isoformat()


def shown_moment(time: int, lasts: int) -> str:
    """Write an instant or an interval."""
    return f"{shown(time)}/{shown(time + lasts)}" if lasts else shown(time)
