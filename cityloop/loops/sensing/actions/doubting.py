"""Who is not quite believed though they speak: found anew each hour of the city, from hourly means of two weeks.

Pages read what was found; none looks through readings. Who drifts or jumped says `rules.drifting`: each is held against
others that measure the same in the same unit of measurement, in the smallest unit of the city where there are enough.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from django.db import transaction

from cityloop.ground.kit.remembered import one_moment
from cityloop.loops.sensing import instruments
from cityloop.loops.sensing.history.hourly import hours
from cityloop.loops.sensing.history.spans import date_of
from cityloop.loops.sensing.models import Datastream, Doubt
from cityloop.loops.sensing.rules import drifting, measures
from cityloop.loops.sensing.rules.conditions import Column
from cityloop.town.calendar.clock import city_clock
from cityloop.town.units import queries as units

HOUR, DAY = 3_600_000_000, 86_400_000_000
FORTNIGHT = 14
MANY = 40  # held against each other at once
AT_ONCE = 500


class Peer(NamedTuple):
    """A datastream among those it is held against: what it measures, and where."""

    pk: int
    what: tuple[str, str]
    code: str


def doubt(*, at: int) -> int:
    """Find anew who stands still, drifts or jumped; give how many there are. Two queries for each forty of a kind."""
    with one_moment():
        rows = [*_away(at), *_still(at)]
    known = {row.pk: row.since for row in Doubt.objects.all()}
    for row in rows:
        if row.kind == instruments.STANDS_STILL:
            row.since = known.get((row.datastream_id, row.kind), row.since)
    with transaction.atomic():
        Doubt.objects.exclude(at=at).delete()
        Doubt.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


# --- who stands still -----------------------------------------------------------------------------


def _still(at: int) -> Iterator[Doubt]:
    after = 0
    while found := instruments.listed(after=after, at=at, most=AT_ONCE):
        after = found[-1].stream.pk
        for one in found:
            if one.state == instruments.STANDS_STILL:
                yield Doubt(datastream_id=one.stream.pk, kind=one.state, since=one.time, at=at)


# --- who went away from the others ----------------------------------------------------------------


def _away(at: int) -> Iterator[Doubt]:
    alike: dict[tuple[str, str], list[Peer]] = defaultdict(list)
    for peer in _peers():
        alike[peer.what].append(peer)
    for some in alike.values():
        for near in neighbourhoods(some):
            yield from _held(near, at)


def _peers() -> Iterator[Peer]:
    """Give all that measures numbers, in the order of their places. One query."""
    rows = Datastream.objects.filter(observation_type__endswith="OM_Measurement", latest__isnull=False)
    rows = rows.select_related("observed_property", "thing").order_by("thing__unit_code", "pk")
    for row in rows.iterator(chunk_size=2_000):
        symbol = str((row.unit or {}).get("symbol") or "")
        what = instruments.key_of(row.observed_property), measures.written(symbol)
        yield Peer(row.pk, what, str(row.thing.unit_code))


class Near(NamedTuple):
    """Who is held against each other: `own` are judged here, against all of `pool`, in the unit `code`."""

    code: str
    own: list[Peer]
    pool: list[Peer]


def neighbourhoods(peers: Sequence[Peer]) -> Iterator[Near]:
    """Part those that measure the same: each is held against those of the smallest unit in which there are enough."""
    root, scheme = units.root().code, units.scheme()
    paths = {peer.code: scheme.path(peer.code) if peer.code else (root,) for peer in peers}
    left = {peer.pk for peer in peers}
    for depth in range(max(map(len, paths.values()), default=0), 0, -1):
        groups: dict[str, list[Peer]] = defaultdict(list)
        for peer in peers:
            if len(paths[peer.code]) >= depth:
                groups[paths[peer.code][depth - 1]].append(peer)
        for code, some in groups.items():
            own = [peer for peer in some if peer.pk in left]
            if own and len(some) > drifting.PEERS:
                left -= {peer.pk for peer in own}
                yield from (Near(code, portion, _pool(portion, some)) for portion in portions(own))


def _pool(own: list[Peer], some: list[Peer]) -> list[Peer]:
    """Give whom a few are held against: themselves, and others of their unit, a few dozen in all."""
    mine = {peer.pk for peer in own}
    return own + [peer for peer in some if peer.pk not in mine][: max(drifting.PEERS, MANY - len(own))]


def portions(some: list[Peer]) -> list[list[Peer]]:
    """Part many into portions of nearly one size, neighbours together."""
    number = -(-len(some) // MANY)
    return [some[len(some) * n // number : len(some) * (n + 1) // number] for n in range(number)]


def _held(near: Near, at: int) -> Iterator[Doubt]:
    """Hold each against the middle of the others."""
    until = at // HOUR * HOUR
    begins, said = _table([peer.pk for peer in near.pool], until - FORTNIGHT * DAY, until)
    days = _days(begins)
    for row, peer in enumerate(near.own):
        others = np.delete(said, row, axis=0)
        enough = (~np.isnan(others)).sum(axis=0) >= drifting.PEERS
        middle = np.full(len(begins), np.nan)
        if enough.any():
            middle[enough] = np.nanmedian(others[:, enough], axis=0)
        found = drifting.shift(said[row], middle, days)
        if found:
            first = dict(zip(days[::-1].tolist(), begins[::-1].tolist(), strict=True))  # the first hour of each day
            away = [[first[day], round(by, 6)] for day, by in zip(found.days, found.away, strict=True)]
            yield Doubt(
                datastream_id=peer.pk, kind=found.kind, since=first[found.since], by=found.by, away=away,
                peers=len(near.pool) - 1, unit_code=near.code, at=at,
            )  # fmt: skip


def _table(ids: Sequence[int], since: int, until: int) -> tuple[Column, Column]:
    """Give the hours of a time, and what each datastream said in each, in the order of `ids`."""
    found = hours(ids, since, until)
    begins = np.arange(since, until, HOUR, dtype=np.int64)
    said = np.full((len(ids), len(begins)), np.nan)
    place = {pk: row for row, pk in enumerate(ids)}
    rows = np.array([place[pk] for pk in found.datastream.tolist()], np.int64)
    said[rows, (found.time - since) // HOUR] = found.mean
    return begins, said


def _days(begins: Column) -> Column:
    """Give the number of the city's day of each hour."""
    zone = city_clock.zone
    return np.array([date_of(int(at), zone).toordinal() for at in begins], np.int64)
