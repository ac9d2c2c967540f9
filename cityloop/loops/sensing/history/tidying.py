"""Keeping the history in order: files written anew without what goes, many made one, leftovers swept away."""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Count

from cityloop.loops.sensing.history import files, parts, summing
from cityloop.loops.sensing.history.columns import Column, Readings, merged, some, without
from cityloop.loops.sensing.history.moving import summed
from cityloop.loops.sensing.history.spans import day_at, folder, periods
from cityloop.loops.sensing.models import Aged, Datastream, Part, Withdrawn
from cityloop.town.calendar.clock import city_clock

MOST = {Part.READINGS: 2, Part.HOURS: 8, Part.DAYS: 8}  # files that may say something of the same datastreams
GRACE = 3600.0  # seconds for which a file is left to those who looked it up before it was written anew
Swap = Callable[[Any, Any], None]  # is told what was there and what is left, in the transaction that swaps


def clusters(found: Sequence[Part]) -> Iterator[list[Part]]:
    """Give files of one period in groups that may say something of the same datastreams."""
    group, high = list[Part](), 0
    for one in sorted(found, key=lambda part: (part.low, part.pk)):
        if group and one.low > high:
            yield sorted(group, key=lambda part: part.pk)
            group = []
        high = max(high, one.high) if group else one.high
        group.append(one)
    if group:
        yield sorted(group, key=lambda part: part.pk)


def rewrite(group: Sequence[Part], keep: Callable[[Any], Any], swap: Swap | None = None) -> int:
    """Write files anew as one, with what `keep` gives of them; give how many rows went."""
    first = group[0]
    whole = merged([files.read(one.kind, one.file) for one in group])
    kept = keep(whole)
    if len(group) == 1 and len(kept.time) == len(whole.time):
        return 0
    made = list(parts.written(first.kind, first.observed_property, first.period, kept))
    with transaction.atomic():
        Part.objects.filter(pk__in=[one.pk for one in group]).delete()
        Part.objects.bulk_create(made)
        if swap:
            swap(whole, kept)
    return len(whole.time) - len(kept.time)


def compact() -> int:
    """Make one file of many that say something of the same datastreams in the same period; give how many files went."""
    many = Part.objects.values_list("kind", "observed_property", "period").annotate(number=Count("pk")).order_by()
    gone = 0
    for kind, prop, period, number in many.filter(number__gt=min(MOST.values())):
        if number > MOST[kind]:
            for group in clusters(list(Part.objects.filter(kind=kind, observed_property=prop, period=period))):
                if len(group) > MOST[kind]:
                    rewrite(group, _told)
                    gone += len(group) - 1
    return gone


def _told(table: Any) -> Any:
    """Leave out sums that say that nothing is there any more."""
    return table if isinstance(table, Readings) or table.number.all() else some(table, table.number > 0)


# --- what goes ------------------------------------------------------------------------------------


def drop_withdrawn() -> int:
    """Take out of the history what persons removed, and sum its days up anew; give how many readings."""
    keys = set(Withdrawn.objects.values_list("datastream", "time", "lasts"))
    properties = {stream: parts.properties_of([stream]) for stream in {key[0] for key in keys}}
    found = [
        part for stream, at, _lasts in keys
        for part in parts.listed(Part.READINGS, properties[stream], at, at + 1, stream, stream)
    ]  # fmt: skip
    gone = sum(rewrite(group, partial(without, keys=keys), _summed_anew(group[0])) for group in _groups_with(found))
    for stream, at, lasts in keys:
        Withdrawn.objects.filter(datastream=stream, time=at, lasts=lasts).delete()
    return gone


def _summed_anew(part: Part) -> Swap:
    def swap(before: Readings, after: Readings) -> None:
        left = set(zip(*(column.tolist() for column in after.known_by), strict=True))
        keys = zip(*(column.tolist() for column in before.known_by), strict=True)
        gone = np.array([key not in left for key in keys], bool)
        touched = np.unique(before.datastream[gone])
        if not len(touched):
            return
        day = day_at(int(before.time[gone][0]), city_clock.zone)
        was, now = (summed(some(one, np.isin(one.datastream, touched)), day) for one in (before, after))
        for kind, table in now.items():
            told = merged([table, summing.emptied(was[kind], table)])
            Part.objects.bulk_create(parts.written(kind, part.observed_property, periods(kind, day), told))

    return swap


def drop_gone() -> int:
    """Take out of the history what datastreams said that are there no longer; give how many rows."""
    known = Datastream.objects.values("pk")
    gone: dict[int, list[int]] = {}
    for stream, prop in Aged.objects.exclude(datastream__in=known).values_list("datastream", "observed_property"):
        gone.setdefault(prop, []).append(stream)
    number = 0
    for prop, streams in gone.items():
        ids = np.array(sorted(streams), np.int64)
        for group in _holding(Part.objects.filter(observed_property=prop), ids):
            number += rewrite(group, partial(_others, streams=ids))
        Aged.objects.filter(observed_property=prop, datastream__in=streams).delete()
    return number


def _others(table: Any, streams: Column) -> Any:
    return some(table, ~np.isin(table.datastream, streams))


def _holding(found: Any, streams: Column) -> Iterator[list[Part]]:
    """Give groups of files that may hold something of datastreams."""
    near = list(found.filter(low__lte=int(streams[-1]), high__gte=int(streams[0])).order_by("pk"))
    from_ = np.searchsorted(streams, [part.low for part in near])
    upto = np.searchsorted(streams, [part.high for part in near], side="right")
    yield from _groups_with([part for part, some_of in zip(near, from_ < upto, strict=True) if some_of])


def _groups_with(found: Sequence[Part]) -> Iterator[list[Part]]:
    """Give the groups that files are in, each once."""
    named = {part.pk for part in found}
    for kind, prop, period in sorted({(part.kind, part.observed_property, part.period) for part in found}):
        for group in clusters(list(Part.objects.filter(kind=kind, observed_property=prop, period=period))):
            if named.intersection(part.pk for part in group):
                yield group


def sweep() -> int:
    """Remove files that no row names and nobody reads any more; give how many."""
    root, gone = folder(), 0
    if not root.is_dir():
        return 0
    named = set(Part.objects.values_list("file", flat=True))
    before = time.time() - GRACE
    for path in root.glob("*/*/*/*"):
        if path.suffix == ".parquet" and str(path.relative_to(root)) not in named and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
            gone += 1
    return gone
