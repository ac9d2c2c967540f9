"""Moving readings out of the database: one property and day at a time, into files that were read back.

Whatever is killed when, the next run finds what is still in the database and moves it again; what then stands in two
files is one reading. Nothing leaves the database that is not, value by value, in a file that is named.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection, transaction

from cityloop.loops.sensing.actions.writing import COLUMNS, TABLE
from cityloop.loops.sensing.history import parts, summing
from cityloop.loops.sensing.history.columns import Readings, Sums, merged, readings_of, some
from cityloop.loops.sensing.history.spans import DAY, HOUR, Span, day_at, periods
from cityloop.loops.sensing.models import Part
from cityloop.loops.sensing.rules.times import shown
from cityloop.town.tabular.keyed import one_of
from cityloop.town.tabular.writing import Pace, checkpoint, write

STREAMS = 500  # datastreams read in one statement
FETCHED, BATCH = 20_000, 1_000_000
TRIES = 5  # what is put right while it is moved, again and again, is left to the next run
_names = ", ".join(f'"{name}"' for name in COLUMNS)


@dataclass
class Moved:
    """What a run has moved."""

    days: int = 0
    readings: int = 0
    files: int = 0
    oldest: int | None = None


class Stuck(Exception):
    """Readings that stay in the database though they stand in a file."""


class Group(NamedTuple):
    """Datastreams of one property that keep their readings for as long."""

    observed_property: int
    streams: list[int]
    keep: int  # days; 0 is for ever


def move(group: Group, before: int, zone: ZoneInfo, moved: Moved, pause: Callable[[], None] = checkpoint) -> None:
    """Move what these datastreams said before an instant; each keeps its newest reading in the database."""
    tries = 0
    while due := _due(group, before):
        oldest = min(first for first, _newest in due.values())
        tries = tries + 1 if oldest == moved.oldest else 0
        if tries > TRIES:
            raise Stuck(f"readings of property {group.observed_property} of {shown(oldest)} do not leave the database")
        moved.oldest, day = oldest, day_at(oldest, zone)
        newest = {pk: last for pk, (first, last) in due.items() if first < day.until}
        for number, rows in enumerate(_batches(newest, day._replace(until=min(day.until, before)))):
            moved.days += number == 0
            moved.readings += len(rows.time)
            moved.files += settle(group.observed_property, day, rows)
            clear(rows, pause)


def _due(group: Group, before: int) -> dict[int, tuple[int, int]]:
    """Give of each datastream that has some due its oldest one, and its newest of all. One query, all by the key."""
    some, streams = one_of(group.streams)
    with connection.cursor() as cursor:
        cursor.execute(f"{_DUE} l.datastream_id {some}", [before, streams])
        return {pk: (first, newest) for pk, newest, first in cursor.fetchall() if first is not None}


_DUE = (
    f'SELECT l.datastream_id, l.time, (SELECT o.time FROM "{TABLE}" o WHERE o.datastream_id = l.datastream_id'
    " AND o.time < %s AND o.time < l.time ORDER BY o.time LIMIT 1) FROM sensing_latest l WHERE"
)


def _batches(newest: Mapping[int, int], day: Span) -> Iterator[Readings]:
    """Give the readings of a day, sorted, in portions that fit into memory."""
    waiting, number = list[Readings](), 0
    for start in range(0, len(newest), STREAMS):
        streams = sorted(newest)[start : start + STREAMS]
        for rows in _fetched(streams, day):
            last = np.array([newest[pk] for pk in rows.datastream.tolist()], np.int64)
            waiting.append(some(rows, rows.time < last))
            number += len(waiting[-1].time)
            if number >= BATCH:
                whole = merged(waiting)
                cut = int(np.searchsorted(whole.datastream, whole.datastream[-1]))  # where the last one begins
                if cut:
                    yield some(whole, slice(0, cut))
                waiting = [some(whole, slice(cut, None))]
                number = len(waiting[0].time)
    if number:
        yield merged(waiting)


def _fetched(streams: Sequence[int], day: Span) -> Iterator[Readings]:
    marks = ", ".join(["%s"] * len(streams))
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            f'SELECT {_names} FROM "{TABLE}" WHERE datastream_id IN ({marks}) AND time >= %s AND time < %s'
            " ORDER BY datastream_id, time, lasts", [*streams, day.since, day.until],
        )  # fmt: skip
        while rows := cursor.fetchmany(FETCHED):
            yield readings_of(rows)


# --- writing down ---------------------------------------------------------------------------------


def settle(observed_property: int, day: Span, rows: Readings) -> int:
    """Write readings of a day and what they come to, then name the files; give how many."""
    made = list(_cut(observed_property, day, rows))
    for kind, table in _sums(observed_property, day, rows).items():
        made += parts.written(kind, observed_property, periods(kind, day), table)
    starts = np.flatnonzero(np.r_[True, np.diff(rows.datastream) != 0])
    first, last = np.minimum.reduceat(rows.time, starts), np.maximum.reduceat(rows.time, starts)
    with transaction.atomic():
        Part.objects.bulk_create(made)
        parts.note(observed_property, rows.datastream[starts], first, last)
    return len(made)


def _cut(observed_property: int, day: Span, rows: Readings) -> Iterator[Part]:
    """Write readings, those that come late in pieces like the files that are there: so two of them stay two."""
    there = Part.objects.filter(kind=Part.READINGS, observed_property=observed_property, period=day.name)
    ends = sorted(there.values_list("high", flat=True))[:-1]
    cuts = [0, *np.searchsorted(rows.datastream, ends, "right").tolist(), len(rows.time)]
    for start, end in zip(cuts, cuts[1:], strict=False):
        if end > start:
            yield from parts.written(Part.READINGS, observed_property, day.name, some(rows, slice(start, end)))


def _sums(observed_property: int, day: Span, rows: Readings) -> dict[str, Sums]:
    """Give the hours and the day of all that datastreams said on it: before, and now.

    Where the readings themselves are kept no longer, what they came to stays as it is.
    """
    streams = np.unique(rows.datastream)
    properties = [observed_property]
    known: Readings = parts.read(Part.READINGS, properties, streams.tolist(), day.since, day.until)
    settled: Sums = parts.read(Part.DAYS, properties, streams.tolist(), day.since, day.since + 1)
    gone = np.setdiff1d(settled.datastream, known.datastream)
    whole = merged([known, rows]) if len(known.time) else rows
    return summed(some(whole, ~np.isin(whole.datastream, gone)), day)


def summed(readings: Readings, day: Span) -> dict[str, Sums]:
    """Give the hours and the day of readings of a day."""
    return {
        Part.HOURS: summing.sums(readings, summing.steps(day.since, HOUR)),
        Part.DAYS: summing.sums(readings, summing.steps(day.since, max(DAY, day.until - day.since))),
    }


# --- taking out of the database -------------------------------------------------------------------


def clear(rows: Readings, pause: Callable[[], None]) -> int:
    """Take readings out of the database that stand in a named file as they are; give how many.

    What was put right meanwhile, or came in beside them, stays, and is moved by the next run.
    """
    pace, at, number = Pace(1_000), 0, 0
    while at < len(rows.time):
        end = min(at + pace.size, len(rows.time))
        begun = perf_counter()
        with transaction.atomic():
            number += _taken(some(rows, slice(at, end)))
        pace.note(end - at, perf_counter() - begun)
        at = end
        pause()
    return number


def _taken(rows: Readings) -> int:
    starts = np.flatnonzero(np.r_[True, np.diff(rows.datastream) != 0]).tolist()
    gone, strange = list[Any](), list[Any]()
    with connection.cursor() as cursor:
        for start, end in zip(starts, [*starts[1:], len(rows.time)], strict=True):
            one = some(rows, slice(start, end))
            cursor.execute(_TAKE, [int(one.datastream[0]), int(one.time[0]), int(one.time[-1])])
            found = cursor.fetchall()
            expected = set(one.rows())
            gone += [row for row in found if row in expected]
            strange += [row for row in found if row not in expected]
    write(TABLE, COLUMNS, strange)
    return len(gone)


_TAKE = f'DELETE FROM "{TABLE}" WHERE datastream_id = %s AND time >= %s AND time <= %s RETURNING {_names}'
