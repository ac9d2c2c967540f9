"""Which files hold what: looked up, read, written down. Rows of `Part` are the history; files without one are not."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from django.db import connection
from django.db.models import Count, Max, Min, QuerySet, Sum

from cityloop.loops.sensing.history import files
from cityloop.loops.sensing.history.columns import SHAPES, Column, Readings, empty, merged, some, without
from cityloop.loops.sensing.history.spans import between
from cityloop.loops.sensing.models import Aged, Part, Withdrawn
from cityloop.town.columns import real_now
from cityloop.town.tabular.keyed import one_of

AT_ONCE = 262_144  # rows of a file of readings
BLOCK = 2_000  # datastreams of a file of sums: of a month of hours, then, some one and a half million rows


class Kept(NamedTuple):
    """Over which time a datastream has readings in the history, and under which property."""

    datastream: int
    observed_property: int
    first: int
    last: int
    version: int


def kept_of(streams: Sequence[int] | None, since: int | None = None, until: int | None = None) -> list[Kept]:
    """Give what datastreams (None: all) have in the history between two instants, in their order. One query."""
    where, given = ["1 = 1"], list[Any]()
    if streams is not None:
        some, numbers = one_of(streams)
        where.append(f"datastream {some}")
        given.append(numbers)
    if since is not None:
        where.append("last >= %s")
        given.append(since)
    if until is not None:
        where.append("first < %s")
        given.append(until)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT datastream, observed_property, first, last, version FROM sensing_aged"
            f" WHERE {' AND '.join(where)} ORDER BY datastream, observed_property", given,
        )  # fmt: skip
        return [Kept(*row) for row in cursor.fetchall()]


def listed(
    kind: str, properties: Iterable[int], since: int, until: int, low: int | None = None, high: int | None = None
) -> list[Part]:
    """Give the files that may hold what is between two instants, the oldest file first. One query."""
    found = _of(kind, properties, since, until)
    if low is not None and high is not None:
        found = found.filter(low__lte=high, high__gte=low)
    return list(found.order_by("pk"))


def _of(kind: str, properties: Iterable[int], since: int, until: int) -> "QuerySet[Part]":
    first, last = between(kind, since, until)
    return Part.objects.filter(
        kind=kind, observed_property__in=list(properties), period__gte=first, period__lte=last,
        first__lt=until, last__gte=since,
    )  # fmt: skip


def rows_of(properties: Iterable[int], since: int, until: int) -> dict[int, int]:
    """Give how many readings of each property stand in files that may hold some between two instants. One query."""
    found = _of(Part.READINGS, properties, since, until).order_by().values_list("observed_property")
    return dict(found.annotate(number=Sum("rows")))


def read(kind: str, properties: Iterable[int], streams: Sequence[int], since: int, until: int) -> Any:
    """Give what datastreams have in files of a kind between two instants."""
    wanted, properties = np.unique(np.array(streams, np.int64)), list(properties)
    if not len(wanted) or since >= until:
        return empty(SHAPES[kind])
    for again in (True, False):
        parts = listed(kind, properties, since, until, int(wanted[0]), int(wanted[-1]))
        try:
            return merged([files.read(kind, one.file, wanted, since, until) for one in parts] or [empty(SHAPES[kind])])
        except FileNotFoundError:  # written anew since it was looked up, a long while ago
            if not again:
                raise
    raise AssertionError  # not reached


def readings(kept: Sequence[Kept], since: int, until: int) -> Readings:
    """Give the readings that datastreams have in the history between two instants, without those withdrawn."""
    here = [one for one in kept if one.first < until and one.last >= since]
    streams = [one.datastream for one in here]
    found: Readings = read(Part.READINGS, {one.observed_property for one in here}, streams, since, until)
    return without(found, withdrawn(streams)) if len(found.time) else found


def withdrawn(streams: Sequence[int]) -> set[tuple[Any, ...]]:
    """Give the readings of datastreams that a person removed. One query."""
    rows = Withdrawn.objects.filter(datastream__in=list(streams)) if len(streams) <= 500 else Withdrawn.objects.all()
    return set(rows.values_list("datastream", "time", "lasts"))


# --- writing down ---------------------------------------------------------------------------------


def written(kind: str, observed_property: int, period: str, table: Any) -> Iterator[Part]:
    """Write a table as files of a size that can be read and written anew quickly; give their rows, not yet saved."""
    for piece in _pieces(kind, table):
        file, size = files.write(kind, observed_property, period, piece)
        streams, time = piece.datastream, piece.time
        yield Part(
            kind=kind, observed_property=observed_property, period=period, low=int(streams[0]), high=int(streams[-1]),
            first=int(time.min()), last=int(time.max()), rows=len(time), size=size, file=file, made=real_now(),
        )  # fmt: skip


def _pieces(kind: str, table: Any) -> Iterator[Any]:
    """Cut between datastreams, so that no two files say something of the same one."""
    cuts = list[int]()
    if kind != Part.READINGS:
        cuts = (np.flatnonzero(np.diff(table.datastream // BLOCK)) + 1).tolist()
    elif len(table.time) > AT_ONCE:
        starts = np.flatnonzero(np.diff(table.datastream)) + 1
        while len(left := starts[starts > (cuts[-1] if cuts else 0)]) and len(table.time) - (cuts or [0])[-1] > AT_ONCE:
            fits = left[left <= (cuts or [0])[-1] + AT_ONCE]
            cuts.append(int(fits[-1] if len(fits) else left[0]))
    for start, end in zip([0, *cuts], [*cuts, len(table.time)], strict=True):
        if end > start:
            yield some(table, slice(start, end))


def note(observed_property: int, streams: Column, first: Column, last: Column) -> None:
    """Note that datastreams have readings in the history, and that there is more to see."""
    rows = zip(streams.tolist(), first.tolist(), last.tolist(), strict=True)
    with connection.cursor() as cursor:
        cursor.executemany(_NOTE, [(pk, observed_property, since, until) for pk, since, until in rows])


_NOTE = (
    "INSERT INTO sensing_aged (datastream, observed_property, first, last, version) VALUES (%s, %s, %s, %s, 1)"
    " ON CONFLICT (datastream, observed_property) DO UPDATE SET"
    " first = CASE WHEN excluded.first < sensing_aged.first THEN excluded.first ELSE sensing_aged.first END,"
    " last = CASE WHEN excluded.last > sensing_aged.last THEN excluded.last ELSE sensing_aged.last END,"
    " version = sensing_aged.version + 1"
)


def properties_of(streams: Iterable[int]) -> set[int]:
    """Give under which properties datastreams have something in the history. One query."""
    return set(Aged.objects.filter(datastream__in=list(streams)).values_list("observed_property", flat=True))


def held() -> list[dict[str, Any]]:
    """Give how much there is of each kind. One query."""
    sums = {"files": Count("pk"), "rows": Sum("rows"), "bytes": Sum("size"), "first": Min("first"), "last": Max("last")}
    # By names that are no columns: a sum called as its column is would be taken for it by the next.
    found = Part.objects.order_by("kind").values_list("kind").annotate(**{f"all_{n}": one for n, one in sums.items()})
    return [dict(zip(("kind", *sums), row, strict=True)) for row in found]
