"""Readings on their way in, as columns: from a post, a data array or a file alike."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.sensing.rules import reasons
from cityloop.loops.sensing.rules.times import instant, moment

EXACT = 2**53  # greater whole numbers are kept as they were written
NOT_NUMBERS = ("nan", "inf", "-inf", "+inf", "infinity", "-infinity")


@dataclass
class Batch:
    """Columns of one length. `more` and `faults` hold by row what few rows have; `said` gives a row as it came."""

    said: Callable[[int], Any]
    datastream: list[int] = field(default_factory=list)
    time: list[int] = field(default_factory=list)
    lasts: list[int] = field(default_factory=list)
    kind: list[int] = field(default_factory=list)
    result: list[float] = field(default_factory=list)
    made: list[int | None] = field(default_factory=list)
    feature: list[int] = field(default_factory=list)
    more: dict[int, dict[str, Any]] = field(default_factory=dict)
    faults: dict[int, str] = field(default_factory=dict)
    named: dict[int, Any] = field(default_factory=dict)  # datastreams and features named by what is no number

    def add(
        self,
        datastream: Any,
        time: Any,
        result: Any,
        *,
        made: Any = None,
        feature: Any = 0,
        more: dict[str, Any] | None = None,
    ) -> None:
        """Add a reading; `time` and `made` are texts, or instants already read."""
        row = len(self.time)
        kind, number = self._valued(row, result)
        at, lasts = self._timed(row, time)
        self.time.append(at)
        self.lasts.append(lasts)
        self.kind.append(kind)
        self.result.append(number)
        self.made.append(self._made(row, made))
        self.datastream.append(self._id(row, datastream, reasons.UNKNOWN))
        self.feature.append(self._id(row, feature, reasons.FEATURE))
        if more:
            self.more.setdefault(row, {}).update(more)

    def extend(self, datastream: int, times: list[int], kinds: list[int], results: list[float]) -> None:
        """Add many readings of one datastream, read already."""
        number = len(times)
        self.datastream += [datastream] * number
        self.time += times
        self.lasts += [0] * number
        self.kind += kinds
        self.result += results
        self.made += [None] * number
        self.feature += [0] * number

    def _timed(self, row: int, time: Any) -> tuple[int, int]:
        if type(time) is int:
            return time, 0
        try:
            return moment(time)
        except Refusal:
            self.faults.setdefault(row, reasons.TIME)
            return 0, 0

    def _made(self, row: int, made: Any) -> int | None:
        if made is None or type(made) is int:
            return made
        try:
            return instant(made)
        except Refusal:
            self.faults.setdefault(row, reasons.TIME)
            return None

    def _id(self, row: int, value: Any, reason: str) -> int:
        if type(value) is int and 0 <= value < 2**63:
            return value
        self.faults.setdefault(row, reason)
        self.named[row] = value
        return 0

    def _valued(self, row: int, value: Any) -> tuple[int, float]:
        kind = type(value)
        if kind is float:
            return reasons.NUMBER, value
        if kind is int:
            if abs(value) > EXACT:
                self.more[row] = {"value": value}
            return reasons.NUMBER, float(value) if abs(value) < 2**1000 else math.inf
        if kind is bool:
            return reasons.TRUTH, float(value)
        if value is None:
            return reasons.NOTHING, math.nan
        self.more[row] = {"value": value}
        return reasons.OTHER, math.nan
