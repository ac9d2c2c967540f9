"""The things and datastreams of a source: found again by its name and theirs, made where they are new."""

from typing import Any

from cityloop.ground.loop.actor import Actor
from cityloop.loops.sensing.actions import describing
from cityloop.loops.sensing.importing.mapping import SensingMap, StreamMap
from cityloop.loops.sensing.models import Datastream, ObservedProperty, Sensor, Thing
from cityloop.loops.sensing.rules import said

_OM = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_"
TYPES = {"measurement": "Measurement", "count": "CountObservation", "truth": "TruthObservation",
         "category": "CategoryObservation"}  # fmt: skip


class Known:
    """Gives the datastreams of a thing, in the order of the map's columns. A thing costs queries once."""

    def __init__(self, rules: SensingMap, *, by: Actor, at: int) -> None:
        self.rules, self.by, self.at = rules, by, at
        self._streams: dict[str, list[int]] = {}
        self._shared: dict[str, tuple[int, int]] = {}

    def streams(self, thing: str) -> list[int]:
        """Give the ids of the datastreams of a thing."""
        found = self._streams.get(thing)
        if found is None:
            found = self._streams[thing] = self._of(thing)
        return found

    def _of(self, name: str) -> list[int]:
        where = {"properties__source": self.rules.source.name, "properties__key": name}
        thing = Thing.objects.filter(**where).values_list("pk", flat=True).first() or self._thing(name)
        there = dict(Datastream.objects.filter(thing=thing).values_list("properties__key", "pk"))
        return [there.get(one.column) or self._stream(thing, name, one) for one in self.rules.streams]

    def _named(self, key: str) -> dict[str, Any]:
        return {"source": self.rules.source.name, "key": key}

    def _thing(self, name: str) -> int:
        placed = self.rules.things.get(name)
        title = (placed.name if placed else "") or name
        body: dict[str, Any] = {"name": title, "description": "", "properties": self._named(name)}
        if placed and placed.lon is not None and placed.lat is not None:
            shape = {"type": "Point", "coordinates": [placed.lon, placed.lat]}
            body["Locations"] = [{"name": title, "description": "", "location": shape}]
        return describing.add(said=said.read(said.ThingSaid, body), by=self.by, at=self.at)

    def _stream(self, thing: int, name: str, column: StreamMap) -> int:
        sensor, observed = self._shared.get(column.column) or self._share(column)
        unit = {"name": column.unit_name or column.unit, "symbol": column.unit, "definition": f"ucum:{column.unit}"}
        body = {
            "name": f"{name} {column.title}"[:255], "description": "", "properties": self._named(column.column),
            "observationType": f"{_OM}{TYPES[column.kind]}", "unitOfMeasurement": unit, "Thing": {"@iot.id": thing},
            "Sensor": {"@iot.id": sensor}, "ObservedProperty": {"@iot.id": observed},
        }  # fmt: skip
        return describing.add(said=said.read(said.DatastreamSaid, body), by=self.by, at=self.at)

    def _share(self, column: StreamMap) -> tuple[int, int]:
        where = {"properties__source": self.rules.source.name, "properties__key": column.column}
        sensor = Sensor.objects.filter(**where).values_list("pk", flat=True).first()
        observed = ObservedProperty.objects.filter(**where).values_list("pk", flat=True).first()
        base = {"name": column.title, "description": self.rules.source.origin}
        if sensor is None:
            body = {**base, "properties": self._named(column.column), "encodingType": "text/plain",
                    "metadata": self.rules.source.terms}  # fmt: skip
            sensor = describing.add(said=said.read(said.SensorSaid, body), by=self.by, at=self.at)
        if observed is None:
            limits = {"minimum": column.minimum, "maximum": column.maximum, "observed": column.observed or None}
            given = {name: value for name, value in limits.items() if value is not None}
            body = {**base, "definition": column.definition, "properties": {**self._named(column.column), **given}}
            observed = describing.add(said=said.read(said.PropertySaid, body), by=self.by, at=self.at)
        self._shared[column.column] = sensor, observed
        return sensor, observed
