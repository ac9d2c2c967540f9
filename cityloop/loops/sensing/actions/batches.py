"""Readings on their way in, as columns: from a post, a data array or a file alike."""

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.sensing.rules import keys, reasons
from cityloop.loops.sensing.rules.times import instant, moment

EXACT = 2**53  # greater whole numbers are kept as they were written
NOT_NUMBERS = ("nan", "inf", "-inf", "+inf", "infinity", "-infinity")
Column = npt.NDArray[Any]


class Columns(NamedTuple):
    """Readings as columns of one length. In `made` 0 without `has_made` is none, in `feature` 0 is none said."""

    datastream: Column
    time: Column
    lasts: Column
    kind: Column
    result: Column
    made: Column
    has_made: Column
    feature: Column

    def ids(self) -> list[str]:
        """Give the id of each reading."""
        streams, times, lasts = self.datastream.tolist(), self.time.tolist(), self.lasts.tolist()
        if not any(lasts):
            return [f"{stream}-{time}" for stream, time in zip(streams, times, strict=True)]
        return [keys.written(*key) for key in zip(streams, times, lasts, strict=True)]


TYPES = (np.int64, np.int64, np.int64, np.int8, np.float64, np.int64, np.bool_, np.int64)


def numbers(datastream: Column, time: Column, result: Column) -> Columns:
    """Give columns of instants with plain numbers, of which nothing else is said."""
    none = np.zeros(len(time), np.int64)
    return Columns(datastream, time, none, none.astype(np.int8), result, none, none.astype(np.bool_), none)


@dataclass
class Batch:
    """Readings in their order. `more` and `faults` hold by row what few rows have; `said` gives a row as it came."""

    said: Callable[[int], Any]
    blocks: list[Columns] = field(default_factory=list)
    fresh: list[tuple[Any, ...]] = field(default_factory=list)  # rows that are in no block yet
    length: int = 0
    more: dict[int, dict[str, Any]] = field(default_factory=dict)
    faults: dict[int, str] = field(default_factory=dict)
    named: dict[int, Any] = field(default_factory=dict)  # datastreams and features named by what is no number

    def __len__(self) -> int:
        return self.length

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
        row = self.length
        kind, number = self._valued(row, result)
        at, lasts = self._timed(row, time)
        since = self._made(row, made)
        stream = self._id(row, datastream, reasons.UNKNOWN)
        about = self._id(row, feature, reasons.FEATURE)
        self.fresh.append((stream, at, lasts, kind, number, since or 0, since is not None, about))
        self.length += 1
        if more:
            self.more.setdefault(row, {}).update(more)

    def hold(self, datastream: Any, at: int, reason: str) -> None:
        """Add a reading that cannot be read, so that it is held back for that reason."""
        self.faults[self.length] = reason
        self.add(datastream, at, None)

    def extend(self, datastream: int, times: list[int], kinds: list[int], results: list[float]) -> None:
        """Add many readings of one datastream, read already."""
        whole = numbers(np.full(len(times), datastream), np.array(times, np.int64), np.array(results, np.float64))
        self.put(whole._replace(kind=np.array(kinds, np.int8)))

    def put(self, columns: Columns) -> None:
        """Add whole columns."""
        self._close()
        self.blocks.append(columns)
        self.length += len(columns.time)

    def columns(self) -> Columns:
        """Give all of it as columns."""
        self._close()
        if len(self.blocks) != 1:
            self.blocks = [Columns(*map(np.concatenate, zip(*self.blocks, strict=True)))]
        return self.blocks[0]

    def _close(self) -> None:
        if self.fresh:
            columns = zip(zip(*self.fresh, strict=True), TYPES, strict=True)
            self.blocks.append(Columns(*[np.array(values, kind) for values, kind in columns]))
            self.fresh = []

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


def merged(batches: Sequence[Batch]) -> Batch:
    """Give many batches as one, in their order."""
    if len(batches) == 1:
        return batches[0]
    starts = [0, *accumulate(len(one) for one in batches)]

    def said(row: int) -> Any:
        of = bisect_right(starts, row) - 1
        return batches[of].said(row - starts[of])

    made = Batch(said)
    for start, one in zip(starts, batches, strict=False):
        for name in ("more", "faults", "named"):
            held = getattr(one, name)
            if held:
                getattr(made, name).update({start + row: value for row, value in held.items()})
        if one.blocks:
            made.put(one.columns())
        else:
            made.fresh += one.fresh
            made.length += one.length
    return made
