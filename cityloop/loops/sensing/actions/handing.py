"""Handing readings on to judges on other machines: sorted by partition in the database, then sent, then known as sent.

All readings of a datastream are of one partition, and one judge at a time has a partition's turn (see `jetstream`). The
rows stand here until they are judged; a stream that is away, or that forgets, costs time and nothing else.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from django.db import transaction

from cityloop.loops.sensing.actions import arriving
from cityloop.loops.sensing.actions.arriving import SHAPE, UNSORTED, Column
from cityloop.loops.sensing.models import Arrived

PARTITIONS = 8
AT_ONCE = 50_000  # readings that are sorted in one transaction
LARGEST = 30_000  # readings in one message: brokers take a megabyte
_NAME = re.compile(r"(\d{1,18})-(\d{1,18})", re.ASCII)
MANY = 200  # messages that are read before they are sent


class Parcel(NamedTuple):
    """A message: a row that waits to be judged. Its `name` is the same however often it is sent."""

    row: int
    partition: int
    name: str
    readings: bytes


def partition_of(datastream: Column) -> Column:
    """Say of which partition datastreams are."""
    return datastream % PARTITIONS


def sort(*, most: int = AT_ONCE) -> int:
    """Sort by partition what has come since, the oldest first; give how many readings. Nothing leaves the database."""
    if not Arrived.objects.filter(partition=UNSORTED).exists():
        return 0
    with transaction.atomic():
        found = arriving.waiting(most, partition=UNSORTED, locked=True)
        if not found.rows:
            return 0
        since = Arrived.objects.get(pk=found.rows[0]).at
        Arrived.objects.bulk_create(
            Arrived(readings=part.tobytes(), number=len(part), at=since, partition=number)
            for number, part in _parts(found)
        )
        Arrived.objects.filter(pk__in=found.rows).delete()
    return len(found.time)


def _parts(found: arriving.Waiting) -> Iterator[tuple[int, Column]]:
    readings = np.zeros(len(found.time), SHAPE)
    readings["datastream"], readings["time"], readings["result"] = found.datastream, found.time, found.result
    place = partition_of(found.datastream)
    for number in np.unique(place).tolist():
        own = readings[place == number]
        for start in range(0, len(own), LARGEST):
            yield number, own[start : start + LARGEST]


def unsent(*, most: int = MANY) -> list[Parcel]:
    """Give what the stream has not acknowledged, in the order in which it came. One query."""
    rows = Arrived.objects.filter(partition__gt=UNSORTED, sent=None).order_by("id")[:most]
    return [Parcel(row.pk, row.partition, f"{row.pk}-{row.at}", bytes(row.readings)) for row in rows]


def sent(*, parcels: Sequence[Parcel], at: int) -> None:
    """Note what the stream has acknowledged. `at` is the real time. One statement."""
    Arrived.objects.filter(pk__in=[one.row for one in parcels], partition__gt=UNSORTED, sent=None).update(sent=at)


def stands(name: str, partition: int) -> bool:
    """Say whether the row that a message of a partition tells of is still to be judged. One query."""
    read = _NAME.fullmatch(name)
    if read is None:
        raise ValueError(name)
    return Arrived.objects.filter(pk=int(read[1]), at=int(read[2]), partition=partition).exists()
