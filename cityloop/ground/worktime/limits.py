"""Limits as people write them, `"15 um"`, and the lengths of their units."""

import re
from dataclasses import dataclass
from typing import Literal, cast, get_args

from cityloop.ground.kit.refusal import Refusal

Running = Literal["work", "always"]
LimitUnit = Literal["um", "uh", "wh", "wd", "d"]

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_FIXED: dict[str, int] = {"um": MINUTE, "uh": HOUR, "wh": HOUR, "d": DAY}
_LIMIT = re.compile(r"\s*(\d{1,9})\s*(um|uh|wh|wd|d)\s*")


@dataclass(frozen=True, slots=True)
class Limit:
    """An amount of time in its own unit: urgent minutes and hours, working hours and days, natural days."""

    amount: int
    unit: LimitUnit

    @property
    def text(self) -> str:
        """Give the limit as it is written: `"15 um"`."""
        return f"{self.amount} {self.unit}"

    @property
    def running(self) -> Running:
        """Tell in which time the limit runs: `wh` and `wd` in working time, the others always."""
        return "work" if self.unit in ("wh", "wd") else "always"


def parse_limit(text: str, field: str = "limit") -> Limit:
    """Read `"15 um"`; refuse anything else, naming `field`."""
    found = _LIMIT.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise Refusal(
            "worktime.limit.malformed",
            "Write a limit as a whole number and one of {units}, such as '15 um'; got {text!r}.",
            field,
            units=", ".join(get_args(LimitUnit)),
            text=text,
        )
    return Limit(int(found[1]), cast(LimitUnit, found[2]))


def micros(limit: Limit, day_micros: int) -> int:
    """Give the limit in microseconds of its own running time, a working day being `day_micros`."""
    return limit.amount * (day_micros if limit.unit == "wd" else _FIXED[limit.unit])
