"""Readings on their way from the door to the rules: packed beside them in the same transaction, taken away once judged.

So no reading is judged twice or forgotten, however often a process is killed: what came of it is written in the one
transaction that takes it away.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from django.db import connection
from django.db.models import Sum

from cityloop.loops.sensing.actions.writing import TABLE, Column, Rows
from cityloop.loops.sensing.models import Arrived
from cityloop.town.columns import real_now
from cityloop.town.tabular.keyed import rows_of, sums_of

FRESH = 86_400_000_000  # what is older tells of the past: it is kept, but raises no alarm today
PATIENCE = 15_000_000  # how long the stream and its judges are waited for
SHAPE = np.dtype([("datastream", "<i8"), ("time", "<i8"), ("result", "<f8")])
_WITHIN = "o.datastream_id = k.d AND o.time BETWEEN k.a AND k.b"
Span = tuple[int, int, int]  # a datastream, from when, until when
UNSORTED = -1  # the partition of rows as a door writes them: of many datastreams, not handed on (see `handing`)
ASIDE = -2  # and of those that a file brought: nobody waits for what they say, so they wait for all that is live


class Waiting(NamedTuple):
    """Readings to be judged, sorted by datastream and time, the rows that brought them, and when the last of them came.

    SQLite gives the id of a row that is gone to a new one, which came later.
    """

    rows: list[int]
    came: int
    datastream: Column
    time: Column
    result: Column


def note(rows: Rows, *, now: int, aside: bool = False) -> None:
    """Let the rules know of readings just written, as far as they tell of the present. One statement, or none.

    What stands `aside` is judged when nothing else waits.
    """
    made = fresh(rows, now)
    if made is not None:
        put(made, ASIDE if aside else UNSORTED)


def fresh(rows: Rows, now: int) -> Column | None:
    """Give those readings that tell of the present, packed; None where none does."""
    some = rows.time + rows.lasts > now - FRESH
    if not some.any():
        return None
    made = np.zeros(int(some.sum()), SHAPE)
    made["datastream"], made["time"], made["result"] = rows.datastream[some], rows.time[some], rows.result[some]
    return made


def put(readings: Column, partition: int = UNSORTED) -> None:
    """Let readings wait to be judged. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(*putting(readings, partition))


def putting(readings: Column, partition: int = UNSORTED) -> tuple[str, list[Any]]:
    """Give the statement that lets readings wait to be judged."""
    command = 'INSERT INTO "sensing_arrived" ("readings", "number", "at", "partition") VALUES (%s, %s, %s, %s)'
    return command, [readings.tobytes(), len(readings), real_now(), partition]


def number() -> int:
    """Say how many readings wait that are live. One query."""
    return _live().aggregate(number=Sum("number"))["number"] or 0


def oldest() -> tuple[int, int] | None:
    """Give which row of those that are live waits longest, and since when in real time. One query."""
    return _live().order_by("id").values_list("id", "at").first()


def _live() -> Any:
    return Arrived.objects.filter(partition__gte=UNSORTED)


def again(keys: Sequence[tuple[int, int]]) -> int:
    """Let readings that stand in the database wait to be judged once more; give how many there are. Two statements."""
    rows = rows_of(
        "sensing_observation", ("d", "t"), keys,
        give="o.datastream_id, o.time, o.result", where="o.datastream_id = k.d AND o.time = k.t",
    )  # fmt: skip
    if rows:
        put(np.array([(a, b, np.nan if c is None else c) for a, b, c in rows], SHAPE))
    return len(rows)


def waiting(
    most: int, *, partition: int | None = None, before: int | None = None, locked: bool = False
) -> Waiting:  # fmt: skip
    """Give what waits to be judged, the oldest first: no more than `most` readings, one batch at least. Two queries.

    Of all that are live, or of one partition; only what came `before` an instant; `locked` against others, inside
    the caller's transaction.
    """
    found = (_live() if partition is None else Arrived.objects.filter(partition=partition)).order_by("id")
    rows: list[int] = []
    packed: list[bytes] = []
    came = 0
    if (last := _upto(found, most, before)) is not None:
        found = found.select_for_update() if locked else found
        found = found if before is None else found.filter(at__lt=before)
        for row in found.filter(id__lte=last):
            came = max(came, row.at)
            rows.append(row.pk)
            packed.append(bytes(row.readings))
    read = np.frombuffer(b"".join(packed), SHAPE)
    order = np.lexsort((read["time"], read["datastream"]))
    columns = (np.ascontiguousarray(read[name][order]) for name in ("datastream", "time", "result"))
    return Waiting(rows, came, *columns)


def _upto(found: Any, most: int, before: int | None) -> int | None:
    """Give the last row that is to be read, without reading any: of a long queue only its head is looked at."""
    number, last = 0, None
    for pk, readings, at in found.values_list("id", "number", "at")[:most].iterator(chunk_size=500):
        if (last is not None and number + readings > most) or (before is not None and at >= before):
            break
        number, last = number + readings, pk
    return last


def any_before(at: int) -> bool:
    """Say whether any readings that are live wait since before an instant of real time."""
    return bool(_live().filter(at__lt=at).exists())


def taken(waiting: Waiting) -> bool:
    """Take judged readings away, inside the caller's transaction; say no where another judge was quicker."""
    return _rows(waiting).delete()[0] == len(waiting.rows)


def held(waiting: Waiting) -> bool:
    """Keep readings from being taken away by another judge until the transaction ends; say no where one did."""
    return len(_rows(waiting).select_for_update().values_list("pk")) == len(waiting.rows)


def _rows(waiting: Waiting) -> Any:
    return Arrived.objects.filter(pk__in=waiting.rows, at__lte=waiting.came)


def between(spans: Iterable[Span]) -> dict[int, tuple[Column, Column]]:
    """Give the readings of datastreams from an instant to another, both included. One query."""
    wanted = sorted(spans)
    said = rows_of(
        TABLE, ("d", "a", "b"), wanted, give="o.datastream_id, o.time, o.result", where=_WITHIN,
        order="o.datastream_id, o.time",
    )  # fmt: skip
    rows = np.array([(a, b, np.nan if c is None else c) for a, b, c in said], SHAPE)
    found: dict[int, tuple[Column, Column]] = {}
    for one, _start, _end in wanted:
        first, last = np.searchsorted(rows["datastream"], [one, one + 1])
        found[one] = rows["time"][first:last], rows["result"][first:last]
    return found


def swings(spans: Iterable[Span]) -> dict[int, float]:
    """Give how far the least and the greatest reading of datastreams lie apart, each between its instants. One query.

    Most instruments are calm: that is seen where their readings stand, and none of them need be fetched.
    """
    found = sums_of(
        TABLE, ("d", "a", "b"), sorted(spans), give="k.d", what="max(o.result) - min(o.result)", where=_WITHIN
    )
    return {datastream: swing for datastream, swing in found if swing is not None}
