"""One reading of both: what stands in the database, and what has moved to the history."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from django.db import connection

from cityloop.loops.sensing.actions.arriving import between
from cityloop.loops.sensing.actions.writing import COLUMNS, TABLE
from cityloop.loops.sensing.history import parts
from cityloop.loops.sensing.history.columns import Column, Readings, Row, empty, merged, readings_of, some, without
from cityloop.loops.sensing.history.parts import Kept
from cityloop.loops.sensing.history.spans import DAY
from cityloop.loops.sensing.models import Observation
from cityloop.loops.sensing.rules.keys import Key
from cityloop.loops.sensing.rules.times import EARLIEST, LATEST
from cityloop.town.tabular.keyed import rows_of

FETCHED = 20_000
_SELECT = "SELECT " + ", ".join(f'"{name}"' for name in COLUMNS) + f' FROM "{TABLE}" WHERE datastream_id = %s'


def readings(datastream: int, since: int, until: int) -> Readings:
    """Give what a datastream said from an instant until before another, wherever that stands. Three queries.

    What stands in both the database and the history is told once, as the database has it.
    """
    hot = hot_readings(datastream, since, until)  # first: what moves meanwhile is then found in the history
    return merged([parts.readings(parts.kept_of([datastream], since, until), since, until), hot])


def hot_readings(datastream: int, since: int, until: int) -> Readings:
    """Give what stands in the database. One query."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_SELECT} AND time >= %s AND time < %s ORDER BY time, lasts", [datastream, since, until])
        return readings_of(cursor.fetchall())


def all_readings(streams: Sequence[int], since: int, until: int) -> Readings:
    """Give what many datastreams said from an instant until before another, as `readings` does. Four queries."""
    rows = rows_of(
        TABLE, ("d",), [(pk,) for pk in sorted(streams)], give=", ".join(f"o.{name}" for name in COLUMNS),
        where="o.datastream_id = k.d AND o.time >= %s AND o.time < %s", values=(since, until),
    )  # fmt: skip
    return merged([parts.readings(parts.kept_of(streams, since, until), since, until), readings_of(rows)])


def readings_since(since: Mapping[int, int], until: int = LATEST + 1) -> dict[int, tuple[Column, Column]]:
    """Give what datastreams said from an instant on, of each its own, until before another. Five queries, and the
    files."""
    found = between((datastream, start, until - 1) for datastream, start in since.items())
    kept = parts.kept_of(sorted(since), min(since.values()), until) if since else []
    past = parts.readings(kept, min(since.values()), until) if kept else empty(Readings)
    if len(past.time):  # each file is read once, whatever it holds of how many of them
        past = without(past, _hot_keys(sorted(since), int(past.time.min()), int(past.time.max())))
    for pk in np.unique(past.datastream).tolist():
        mine = some(past, (past.datastream == pk) & (past.time >= since[pk]))
        times, results = (np.concatenate(pair) for pair in zip((mine.time, mine.result), found[pk], strict=True))
        order = np.argsort(times, kind="stable")
        found[pk] = times[order], results[order]
    return found


def past_reading(key: Key) -> Row | None:
    """Give a reading that has moved to the history, as a row of the database has it."""
    found = parts.readings(parts.kept_of([key.datastream], key.time, key.time + 1), key.time, key.time + 1)
    rows = some(found, found.lasts == key.lasts).rows()
    return rows[0] if rows else None


def newest_past(datastream: int) -> Row | None:
    """Give the last reading of a datastream in the history."""
    for chunk in stretches(parts.kept_of([datastream]), EARLIEST, LATEST, down=True):
        return chunk.rows()[-1]
    return None


def first_past(datastream: int) -> int | None:
    """Give when the first reading of a datastream in the history was."""
    for chunk in stretches(parts.kept_of([datastream]), EARLIEST, LATEST, down=False):
        return int(chunk.time[0])
    return None


def stretches(kept: Sequence[Kept], since: int, until: int, *, down: bool) -> Iterator[Readings]:
    """Give what one datastream (or some) has in the history, stretch by stretch, later ones longer; without what stands
    in the database too. Only stretches with readings are given, each sorted upwards."""
    if not kept:
        return
    low, high = max(since, min(one.first for one in kept)), min(until, max(one.last for one in kept) + 1)
    width, streams = 2 * DAY, sorted({one.datastream for one in kept})
    while low < high:
        start, end = (max(low, high - width), high) if down else (low, min(high, low + width))
        found = parts.readings(kept, start, end)
        if len(found.time):
            found = without(found, _hot_keys(streams, int(found.time.min()), int(found.time.max())))
        if len(found.time):
            yield found
        low, high = (low, start) if down else (end, high)
        width = min(width * 2, 64 * DAY) if len(found.time) < FETCHED else width


def _hot_keys(datastreams: Sequence[int], first: int, last: int) -> set[Any]:
    rows = Observation.objects.filter(datastream__in=datastreams, time__gte=first, time__lte=last)
    return set(rows.values_list("datastream_id", "time", "lasts"))
