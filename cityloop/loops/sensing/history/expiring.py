"""Retention: readings that are kept no longer go by whole days; a step on the ledger says what, and how many."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import F, Max, Min

from cityloop.ground.loop.actor import Actor
from cityloop.loops.sensing.history import files, parts
from cityloop.loops.sensing.history.columns import Column, Readings, some
from cityloop.loops.sensing.history.moving import Group
from cityloop.loops.sensing.history.spans import between, days_ago, kept_days
from cityloop.loops.sensing.history.tidying import clusters, rewrite
from cityloop.loops.sensing.models import SUBJECT, Aged, Datastream, Latest, Observation, Part
from cityloop.loops.sensing.rules.keeping import kept_for
from cityloop.town.calendar.clock import city_clock
from cityloop.town.ledger.actions import record


def groups() -> list[Group]:
    """Give all datastreams by their property and by how long they keep their readings. One query."""
    found: dict[tuple[int, int], list[int]] = defaultdict(list)
    rows = Datastream.objects.order_by("pk").values_list(
        "pk", "observed_property", "properties", "observed_property__properties"
    )
    general = kept_days(Part.READINGS)
    for pk, prop, own, shared in rows.iterator():
        found[prop, kept_for(own) or kept_for(shared) or general].append(pk)
    return [Group(prop, streams, keep) for (prop, keep), streams in sorted(found.items())]


def expire(group: Group, *, by: Actor, at: int) -> int:
    """Remove what these datastreams said longer ago than they keep it; give how many readings."""
    if not group.keep:
        return 0
    before, number = days_ago(at, group.keep, city_clock.zone), 0
    aged = [one for one in parts.kept_of(group.streams) if one.first < before]
    for prop in sorted({one.observed_property for one in aged}):
        here = [one for one in aged if one.observed_property == prop]
        streams = np.array([one.datastream for one in here], np.int64)
        for found in _due(prop, streams, min(one.first for one in here), before):
            number += _removed(found, streams, before, by=by, at=at)
        _moved_up(prop, streams, before)
    number += _silent(group, before, by=by, at=at)
    if aged:
        _first_anew([one.datastream for one in aged], before)
    return number


def _due(prop: int, streams: Column, since: int, before: int) -> list[list[Part]]:
    low, high = int(streams[0]), int(streams[-1])
    due = {part.period for part in parts.listed(Part.READINGS, [prop], since, before, low, high)}
    rows: dict[str, list[Part]] = defaultdict(list)
    for part in Part.objects.filter(kind=Part.READINGS, observed_property=prop, period__in=due).order_by("period"):
        rows[part.period].append(part)
    found = (group for period in rows for group in clusters(rows[period]))
    return [group for group in found if any(part.low <= high and part.high >= low for part in group)]


def _removed(group: Sequence[Part], streams: Column, before: int, *, by: Actor, at: int) -> int:
    """Write files anew without what is due, and say so."""
    told = [0]

    def keep(table: Readings) -> Readings:
        return some(table, ~(np.isin(table.datastream, streams) & (table.time < before)))

    def swap(whole: Readings, _kept: Readings) -> None:
        due = some(whole, np.isin(whole.datastream, streams) & (whole.time < before))
        # What was removed by a person, or stands in the database too, was never counted here.
        touched = np.unique(due.datastream).tolist()
        other = parts.withdrawn(touched) | _hot(touched, int(due.time.min()), before)
        keys = [key for key in zip(*(c.tolist() for c in due.known_by), strict=True) if key not in other]
        counted = np.unique(np.array([key[0] for key in keys], np.int64), return_counts=True)
        for pk, number in zip(*(column.tolist() for column in counted), strict=True):
            Latest.objects.filter(datastream=pk).update(count=F("count") - number)
        told[0] = len(keys)
        data = {"property": group[0].observed_property, "period": group[0].period, "datastreams": len(touched),
                "readings": len(keys)}  # fmt: skip
        record(subject=SUBJECT, kind="sensing", what="expired", by=by, at=at, data=data)

    rewrite(group, keep, lambda whole, kept: swap(whole, kept) if len(kept.time) < len(whole.time) else None)
    return told[0]


def _hot(streams: Sequence[int], since: int, before: int) -> set[tuple[Any, ...]]:
    rows = Observation.objects.filter(datastream__in=streams, time__gte=since, time__lt=before)
    return set(rows.values_list("datastream_id", "time", "lasts"))


def _moved_up(prop: int, streams: Column, before: int) -> None:
    ids = streams.tolist()
    for start in range(0, len(ids), 500):
        rows = Aged.objects.filter(observed_property=prop, datastream__in=ids[start : start + 500], first__lt=before)
        rows.filter(last__lt=before).update(last=before - 1)
        rows.update(first=before)


def _silent(group: Group, before: int, *, by: Actor, at: int) -> int:
    """Remove the last that was said by datastreams that have been silent for so long."""
    silent = Latest.objects.filter(datastream__in=group.streams, time__lt=before) if len(group.streams) <= 500 else (
        Latest.objects.filter(datastream__observed_property=group.observed_property, time__lt=before))  # fmt: skip
    wanted, number = set(group.streams), 0
    for pk in [pk for pk in silent.values_list("pk", flat=True) if pk in wanted]:
        with transaction.atomic():
            if not Latest.objects.select_for_update().filter(pk=pk, time__lt=before).exists():
                continue
            gone = Observation.objects.filter(datastream=pk, time__lt=before).delete()[0]
            Latest.objects.filter(pk=pk).delete()
            number += gone
            data = {"property": group.observed_property, "datastream": pk, "datastreams": 1, "readings": gone}
            record(subject=SUBJECT, kind="sensing", what="expired", by=by, at=at, data=data)
    return number


def _first_anew(streams: Sequence[int], before: int) -> None:
    """Find anew since when there are readings, of datastreams that lost their first ones."""
    waiting = set(streams)
    found: dict[int, int] = {}
    for part in Part.objects.filter(
        kind=Part.READINGS, observed_property__in=parts.properties_of(streams), last__gte=before
    ).order_by("period", "first"):
        if not waiting:
            break
        if any(part.low <= pk <= part.high for pk in waiting):
            table = files.read(Part.READINGS, part.file, np.array(sorted(waiting), np.int64), before)
            for pk in np.unique(table.datastream).tolist():
                found[pk] = int(table.time[table.datastream == pk].min())
            waiting -= set(found)
    for pk in streams:
        hot = Observation.objects.filter(datastream=pk).order_by("time").values_list("time", flat=True).first()
        firsts = [one for one in (found.get(pk), hot) if one is not None]
        if firsts:
            Latest.objects.filter(pk=pk).update(first=min(firsts))


def expire_sums(*, by: Actor, at: int) -> int:
    """Remove what readings came to, by whole months of hours and years of days, where it is kept for a time only."""
    gone = 0
    for kind in (Part.HOURS, Part.DAYS):
        keep = kept_days(kind)
        if keep:
            before = days_ago(at, keep, city_clock.zone)
            rows = Part.objects.filter(kind=kind, last__lt=before, period__lt=between(kind, before, before)[0])
            number, until = rows.count(), rows.aggregate(last=Max("last"), first=Min("first"))
            if number:
                with transaction.atomic():
                    rows.delete()
                    data = {"kind": kind, "files": number, "first": until["first"], "last": until["last"]}
                    record(subject=SUBJECT, kind="sensing", what="expired", by=by, at=at, data=data)
                gone += number
    return gone
