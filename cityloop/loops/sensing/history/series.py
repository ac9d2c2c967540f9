"""A curve of any span in so many points at most: readings as they are, or what hours, days and longer come to.

Hours and days that have moved are read from what they were summed up to; what is still in the database is summed up by
it. Days to which late readings came, or that were put right, are summed up anew from their readings.
"""

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

import numpy as np

from cityloop.loops.sensing.history import hourly, parts, reading, summing
from cityloop.loops.sensing.history.columns import Column, Sums, some
from cityloop.loops.sensing.history.parts import Kept
from cityloop.loops.sensing.history.spans import DAY, HOUR, date_of, day_at, starts
from cityloop.loops.sensing.models import Latest, Observation, Part
from cityloop.town.calendar.clock import city_clock

MOST = 2_000
SECOND = 1_000_000
SHORT = [n * SECOND for n in (1, 5, 10, 30, 60, 300, 600, 1800)]  # steps shorter than an hour
FORTNIGHT = 14 * DAY  # of longer spans nothing shorter than an hour is shown
WEEK = 7  # steps longer than a day are some days long


class Series(NamedTuple):
    """Points in the order of time, each of `step` microseconds from its time on; a step of 0 is a reading itself."""

    step: int
    time: Column
    number: Column
    least: Column
    mean: Column
    most: Column


def series(datastream: int, since: int, until: int, most: int = MOST, *, each: int = 1) -> Series:
    """Give what a datastream said between two instants in at most so many points, as close as they may be.

    `each` says how many points are drawn for what is summed up: two, where its least and its most are.
    """
    step = _step(since, until, most // each)
    if step < HOUR or _about(datastream, since, until) <= 2 * most:
        found = reading.readings(datastream, since, until)
        found = some(found, ~np.isnan(found.result))
        if len(found.time) <= most:
            ones = np.ones(len(found.time), np.int64)
            return Series(0, found.time, ones, found.result, found.result, found.result)
        if step < HOUR:
            return Series(step, *summing.sums(found, summing.steps(since // step * step, step))[1:])
    return Series(step, *_long(datastream, since, until, step)[1:])


def _about(datastream: int, since: int, until: int) -> float:
    """Give about how many readings there are between two instants, if they come evenly. One query."""
    row = Latest.objects.filter(pk=datastream).values_list("first", "last", "count").first()
    if row is None:
        return 0
    first, last, count = row
    return count * max(0, min(until, last + 1) - max(since, first)) / max(1, last + 1 - first)


def _step(since: int, until: int, most: int) -> int:
    span = until - since
    if span <= FORTNIGHT:
        fits = next((step for step in SHORT if span / step + 1 <= most), None)
        if fits:
            return fits
    if span / HOUR + 2 <= most:
        return HOUR
    return DAY if span / DAY + 2 <= most else -(-span // (DAY * (most - 2) * WEEK)) * WEEK * DAY


# --- hours, days and longer -----------------------------------------------------------------------


def _long(datastream: int, since: int, until: int, step: int) -> Sums:
    kept = parts.kept_of([datastream])
    kind = Part.HOURS if step == HOUR else Part.DAYS
    # An hour or a day is shown whole or not at all: what stands for it begins when it begins.
    day = day_at(since, city_clock.zone).since
    start = day + (since - day) // HOUR * HOUR if kind == Part.HOURS else day
    moved = day_at(max(one.last for one in kept), city_clock.zone).until if kept else start
    pieces = [hourly.in_database([datastream], max(start, moved), until, day % HOUR)]
    if kept:
        past: Sums = parts.read(kind, {one.observed_property for one in kept}, [datastream], start, until)
        pieces += _mended(past, _late_days(datastream, start, min(until, moved)), kept, kind)
    return summing.folded(pieces, _begins(start, until, step) if step > HOUR else None)


def _late_days(datastream: int, since: int, until: int) -> list[int]:
    """Give the beginnings of days of the history of which the database has readings too. One query."""
    rows = Observation.objects.filter(datastream=datastream, time__gte=since, time__lt=until)
    return sorted({day_at(at, city_clock.zone).since for at in rows.values_list("time", flat=True)})


def _mended(past: Sums, late: list[int], kept: list[Kept], kind: str) -> list[Sums]:
    """Sum such days up anew, where their readings are still there."""
    anew = list[Sums]()
    datastream, oldest = kept[0].datastream, min(one.first for one in kept)
    for begins in late:
        day = day_at(begins, city_clock.zone)
        if day.until > oldest:
            found = reading.readings(datastream, day.since, day.until)
            width = HOUR if kind == Part.HOURS else max(DAY, day.until - day.since)
            past = some(past, (past.time < day.since) | (past.time >= day.until))
            anew.append(summing.sums(found, summing.steps(day.since, width)))
    return [past, *anew]


def _begins(since: int, until: int, step: int) -> Callable[[Column], Column]:
    """Give when the day, or the span of days, begins that a time is in."""
    zone, days = city_clock.zone, step // DAY
    first, last = date_of(since, zone).toordinal(), date_of(until, zone).toordinal()
    return summing.edges([starts(date.fromordinal(n), zone) for n in range(first, last + 1, days)])


def drawn(datastream: int, since: int, until: int, most: int = MOST) -> tuple[list[int], list[float]]:
    """Give a line of at most so many points: the least and the most of each step, so that a picture loses no peak."""
    found = series(datastream, since, until, most, each=2)
    if not found.step:
        return found.time.tolist(), found.mean.tolist()
    ends = np.minimum(found.time + found.step // 2, until - 1)
    times, values = (np.stack(pair, axis=1).ravel() for pair in ((found.time, ends), (found.least, found.most)))
    return times.tolist(), values.tolist()
