"""Summing readings up: how many in an hour or a day, the least, the mean and the most of them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from cityloop.loops.sensing.history.columns import Column, Readings, Sums, empty, some


def sums(readings: Readings, begins: Callable[[Column], Column]) -> Sums:
    """Sum numbers up by datastream and by when their hour or day begins. What is no number is left out."""
    numbers = some(readings, ~np.isnan(readings.result))
    if not len(numbers.time):
        return empty(Sums)
    time = begins(numbers.time)
    starts = np.flatnonzero(
        np.r_[True, (numbers.datastream[1:] != numbers.datastream[:-1]) | (time[1:] != time[:-1])]
    )  # fmt: skip
    count = np.diff(np.r_[starts, len(time)])
    return Sums(
        numbers.datastream[starts], time[starts], count, np.minimum.reduceat(numbers.result, starts),
        np.add.reduceat(numbers.result, starts) / count, np.maximum.reduceat(numbers.result, starts),
    )  # fmt: skip


def folded(parts: list[Sums], begins: Callable[[Column], Column] | None = None) -> Sums:
    """Sum up what is summed up already: sums of different readings, by when a longer span begins."""
    parts = [some(one, one.number > 0) for one in parts]
    parts = [one for one in parts if len(one.time)]
    if not parts:
        return empty(Sums)
    whole = Sums(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    if begins is not None:
        whole = whole._replace(time=begins(whole.time))
    whole = some(whole, np.lexsort((whole.time, whole.datastream)))
    same = (whole.datastream[1:] == whole.datastream[:-1]) & (whole.time[1:] == whole.time[:-1])
    starts = np.flatnonzero(np.r_[True, ~same])
    count = np.add.reduceat(whole.number, starts)
    return Sums(
        whole.datastream[starts], whole.time[starts], count, np.minimum.reduceat(whole.least, starts),
        np.add.reduceat(whole.mean * whole.number, starts) / count, np.maximum.reduceat(whole.most, starts),
    )  # fmt: skip


def emptied(before: Sums, after: Sums) -> Sums:
    """Give sums that say of what is there no longer that it is not."""
    left = set(zip(after.datastream.tolist(), after.time.tolist(), strict=True))
    keys = zip(before.datastream.tolist(), before.time.tolist(), strict=True)
    gone: Any = some(before, np.array([key not in left for key in keys], bool))
    nothing = np.zeros(len(gone.time), np.float64)
    return Sums(gone.datastream, gone.time, np.zeros(len(gone.time), np.int64), nothing, nothing, nothing)


def steps(since: int, width: int) -> Callable[[Column], Column]:
    """Give when the step begins that a time is in; steps are counted from `since`."""
    return lambda time: since + (time - since) // width * width


def edges(begin: list[int]) -> Callable[[Column], Column]:
    """Give when the span begins that a time is in; `begin` are their beginnings."""
    known = np.array(begin, np.int64)
    return lambda time: known[np.maximum(np.searchsorted(known, time, "right") - 1, 0)]
