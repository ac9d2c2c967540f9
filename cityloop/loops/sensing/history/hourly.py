"""What datastreams said hour by hour, as means: from what is summed up already, and of the rest by the database."""

from collections.abc import Sequence

import numpy as np
from django.db import connection

from cityloop.loops.sensing.actions.writing import TABLE
from cityloop.loops.sensing.history import parts, summing
from cityloop.loops.sensing.history.columns import Sums, empty
from cityloop.loops.sensing.history.spans import HOUR
from cityloop.loops.sensing.models import Part
from cityloop.town.tabular.keyed import one_of


def hours(ids: Sequence[int], since: int, until: int) -> Sums:
    """Give the hours of datastreams between two instants, each from its full hour on. Two queries, and the files."""
    kept = parts.kept_of(ids, since, until)
    found = [in_database(ids, since, until)]
    if kept:
        found.append(parts.read(Part.HOURS, {one.observed_property for one in kept}, ids, since, until))
    return summing.folded(found, lambda time: time // HOUR * HOUR)


def in_database(ids: Sequence[int], since: int, until: int, offset: int = 0) -> Sums:
    """Give the hours of what stands in the database; they begin `offset` after those of UTC. One query, or none."""
    if since >= until:
        return empty(Sums)
    some, streams = one_of(ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT datastream_id, time - (time - {offset}) %% {HOUR} AS begins,"
            " COUNT(result), MIN(result), AVG(result), MAX(result)"
            f' FROM "{TABLE}" WHERE datastream_id {some} AND time >= %s AND time < %s AND result IS NOT NULL'
            " GROUP BY 1, 2 ORDER BY 1, 2",
            [streams, since, until],
        )
        rows = cursor.fetchall()
    if not rows:
        return empty(Sums)
    stream, time, number, least, mean, most = (np.array(column) for column in zip(*rows, strict=True))
    return Sums(stream.astype(np.int64), time.astype(np.int64), number.astype(np.int64), least, mean, most)
