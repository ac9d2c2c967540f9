"""Readings, and what they are summed up to, as columns sorted by what they are known by."""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from cityloop.loops.sensing.models import Part

Column = npt.NDArray[Any]
Row = tuple[Any, ...]
T = TypeVar("T", "Readings", "Sums")


class Readings(NamedTuple):
    """Readings. A `result` that is none is no number; of `made` where not `has_made`, and of `feature`, 0 is none."""

    datastream: Column
    time: Column
    lasts: Column
    result: Column
    made: Column
    has_made: Column
    feature: Column
    more: Column

    @property
    def known_by(self) -> tuple[Column, ...]:
        """Give the columns that a reading is known by."""
        return self[:3]

    def rows(self) -> list[Row]:
        """Give them as rows of the table in the database; `more` as its JSON."""
        numbers = self.result.astype(object)
        numbers[np.isnan(self.result)] = None
        made = self.made.astype(object)
        made[~self.has_made] = None
        feature = self.feature.astype(object)
        feature[self.feature == 0] = None
        columns = (self.datastream, self.time, self.lasts, numbers, made, feature, self.more)
        return list(zip(*(column.tolist() for column in columns), strict=True))


class Sums(NamedTuple):
    """What the readings of an hour or a day come to. A `number` of 0 says that nothing is there any more."""

    datastream: Column
    time: Column
    number: Column
    least: Column
    mean: Column
    most: Column

    @property
    def known_by(self) -> tuple[Column, ...]:
        """Give the columns that a sum is known by."""
        return self[:2]


def readings_of(rows: Sequence[Row]) -> Readings:
    """Give rows of the table in the database as columns."""
    if not rows:
        return empty(Readings)
    streams, time, lasts, result, made, feature, more = zip(*rows, strict=True)
    texts = np.empty(len(rows), object)
    texts[:] = more
    return Readings(
        np.array(streams, np.int64), np.array(time, np.int64), np.array(lasts, np.int64),
        np.array([np.nan if one is None else one for one in result], np.float64),
        np.array([one or 0 for one in made], np.int64), np.array([one is not None for one in made], bool),
        np.array([one or 0 for one in feature], np.int64), texts,
    )  # fmt: skip


def empty(shape: type[T]) -> T:
    """Give none."""
    whole, real = np.empty(0, np.int64), np.empty(0, np.float64)
    special = {"result": real, "least": real, "mean": real, "most": real, "has_made": whole.astype(bool),
               "more": whole.astype(object)}  # fmt: skip
    return shape(*(special.get(name, whole) for name in shape._fields))


def some(table: T, which: Any) -> T:
    """Give some of them: by a mask, by places or by a slice."""
    return type(table)(*(column[which] for column in table))


def merged(tables: Sequence[T]) -> T:
    """Give all of them in the order of what they are known by; of equals the last one counts."""
    tables = [one for one in tables if len(one.time)] or list(tables[:1])
    whole = type(tables[0])(*(np.concatenate(column) for column in zip(*tables, strict=True)))
    order = np.lexsort(whole.known_by[::-1])  # stable: of equals the last one stands last
    whole = some(whole, order)
    if len(order) < 2:
        return whole
    same = np.logical_and.reduce([column[1:] == column[:-1] for column in whole.known_by])
    return some(whole, np.r_[~same, True]) if same.any() else whole


def within(table: T, streams: Column | None, since: int | None = None, until: int | None = None) -> T:
    """Give those of some datastreams and of a time."""
    kept = np.ones(len(table.time), bool) if streams is None else np.isin(table.datastream, streams)
    if since is not None:
        kept &= table.time >= since
    if until is not None:
        kept &= table.time < until
    return table if kept.all() else some(table, kept)


def without(table: Readings, keys: set[Row]) -> Readings:
    """Give them without those that are known by these keys."""
    if not keys or not len(table.time):
        return table
    suspect = np.flatnonzero(np.isin(table.time, np.array([key[1] for key in keys], np.int64)))
    listed = zip(*(column[suspect].tolist() for column in table.known_by), strict=True)
    gone = [place for place, key in zip(suspect.tolist(), listed, strict=True) if key in keys]
    return some(table, np.setdiff1d(np.arange(len(table.time)), gone)) if gone else table


SHAPES: dict[str, Any] = {Part.READINGS: Readings, Part.HOURS: Sums, Part.DAYS: Sums}
