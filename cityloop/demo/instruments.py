"""The demo's instruments: set up with a fortnight of readings before the town opens, and heard as its clock goes on.

All readings come in through the ingest of the house, are judged by the rules of the plates, and are known by their
datastream and time: after a restart nothing is doubled, and nothing is left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from django.db import transaction

from cityloop.demo.tinglan.instruments import Instrument, Measure, Stream, minutes_of
from cityloop.ground.loop.actor import Actor
from cityloop.loops.sensing import instruments as sensing
from cityloop.loops.sensing.actions import counting, describing, doubting, judging, silences
from cityloop.loops.sensing.actions.batches import Batch
from cityloop.loops.sensing.actions.ingesting import ingest
from cityloop.loops.sensing.rules import said

MINUTE, HOUR = 60_000_000, 3_600_000_000
SOURCE = "demo.instruments"
OM = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_"
STEP = 30  # minutes of the town that are taken in at once, where its clock runs fast
NIGHT = 14  # hours before the opening in which rules watch already


class Station:
    """The instruments of a town as it knows them: which datastream is which, and until when it heard them."""

    def __init__(self, found: Sequence[Instrument], *, midnight: int, opening: int, by: Actor) -> None:
        self.found, self.midnight, self.by = found, midnight, by
        self.opening = (opening - midnight) // MINUTE
        self.ids: Mapping[str, int] = {}
        self.heard = -(2**31)

    def find(self) -> bool:
        """Find them where they were set up already; tell whether they were. Two queries."""
        self.ids, last = sensing.of_source(SOURCE)
        self.heard = (last - self.midnight) // MINUTE if last else -(2**31)
        return bool(self.ids)

    @transaction.atomic
    def set_up(self, at: int) -> None:
        """Set them up, with their datastreams; what is measured, and by what, is one for all that measure it."""
        shared: dict[str, tuple[int, int]] = {}
        for one in self.found:
            for stream in one.streams:
                if stream.measure.key not in shared:
                    shared[stream.measure.key] = self._share(stream.measure, at)
            describing.add(said=said.read(said.ThingSaid, _thing(one, shared)), by=self.by, at=at)
        self.ids, _last = sensing.of_source(SOURCE)

    def _share(self, measure: Measure, at: int) -> tuple[int, int]:
        named = {"source": SOURCE, "key": measure.key}
        sensor = {"name": measure.name, "description": "", "properties": named, "encodingType": "text/plain",
                  "metadata": "invented"}  # fmt: skip
        bounds = {"minimum": measure.least, "maximum": measure.most, "observed": measure.observed or None}
        given = {name: value for name, value in bounds.items() if value is not None}
        observed = {"name": measure.name, "description": "", "definition": f"urn:cityloop:demo:{measure.key}",
                    "properties": {**named, **given}}  # fmt: skip
        return (
            describing.add(said=said.read(said.SensorSaid, sensor), by=self.by, at=at),
            describing.add(said=said.read(said.PropertySaid, observed), by=self.by, at=at),
        )

    def bring(self, until: int) -> int:
        """Take in all that was said since the last time; give how many readings."""
        upto, total = (until - self.midnight) // MINUTE, 0
        first = max(self.heard, min(s.since for one in self.found for s in one.streams) - 1)
        while first < upto:
            last = upto if upto <= self.opening else min(upto, first + STEP)
            total += self._take(first, last)
            first = last
        self.heard = max(self.heard, upto)
        return total

    def _take(self, after: int, until: int) -> int:
        batch = Batch(lambda row: {"demo": row})
        for key, stream in self._streams():
            minutes = minutes_of(stream, after, until, self.opening)
            if minutes:
                self._put(batch, self.ids[key], stream, minutes)
        if not len(batch):
            return 0
        at = self.midnight + until * MINUTE
        return ingest(batch=batch, source=SOURCE, by=self.by, at=at).tally.accepted

    def _put(self, batch: Batch, pk: int, stream: Stream, minutes: Sequence[int]) -> None:
        there = np.array(minutes, np.int64)
        values = stream.curve(there)
        if stream.path is not None:
            for minute, share in zip(minutes, values.tolist(), strict=True):
                point = stream.path.interpolate(share, normalized=True)
                place = {"type": "Point", "coordinates": [round(point.x, 6), round(point.y, 6)]}
                batch.add(pk, self.midnight + minute * MINUTE, place)
            return
        good = ~np.isnan(values)
        times = (self.midnight + there[good] * MINUTE).tolist()
        batch.extend(pk, times, [0] * len(times), np.round(values[good], 2).tolist())

    def _streams(self) -> Iterator[tuple[str, Stream]]:
        for one in self.found:
            for stream in one.streams:
                yield f"{one.key}/{stream.measure.key}", stream


def _thing(one: Instrument, shared: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    place = {"name": one.name, "description": "", "encodingType": "application/geo+json",
             "location": {"type": "Point", "coordinates": [one.lon, one.lat]}}  # fmt: skip
    return {
        "name": one.name, "description": one.about, "properties": {"source": SOURCE, "key": one.key},
        "Locations": [place], "Datastreams": [_stream(one, stream, shared) for stream in one.streams],
    }  # fmt: skip


def _stream(one: Instrument, stream: Stream, shared: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    measure = stream.measure
    sensor, observed = shared[measure.key]
    return {
        "name": f"{one.name} {measure.name}", "description": "",
        "properties": {"source": SOURCE, "key": f"{one.key}/{measure.key}"},
        "observationType": f"{OM}{measure.kind}",
        "unitOfMeasurement": {"name": measure.unit, "symbol": measure.unit, "definition": f"ucum:{measure.unit}"},
        "Sensor": {"@iot.id": sensor}, "ObservedProperty": {"@iot.id": observed},
    }  # fmt: skip


def bring_before(station: Station, at: int) -> int:
    """Set the instruments up, with their fortnight; the last night is judged hour by hour, so that its alarms have
    their own times. Give how many readings came."""
    station.set_up(station.midnight - 14 * 24 * HOUR)
    total = 0
    for hours in range(NIGHT, -1, -1):
        now = at - hours * HOUR
        total += station.bring(now)
        while judging.judge(at=now):
            pass
    silences.listen(at=at)
    doubting.doubt(at=at)
    counting.count(at=at)
    return total
