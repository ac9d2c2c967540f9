"""A station with two datastreams, and readings of them."""

from typing import Any

from cityloop.loops.sensing.actions import describing
from cityloop.loops.sensing.actions.batches import Batch
from cityloop.loops.sensing.actions.ingesting import Taken, ingest
from cityloop.loops.sensing.rules import said
from tests.town.staff import BY

AT = 1_767_225_600_000_000  # 2026-01-01 00:00 UTC
HOUR = 3_600_000_000
MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
TRUTH = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_TruthObservation"
COUNT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_CountObservation"
CATEGORY = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_CategoryObservation"
MICROGRAMS = {"name": "microgram per cubic metre", "symbol": "ug/m3", "definition": "ucum:ug/m3"}


def stream(name: str = "PM2.5", kind: str = MEASUREMENT, **more: Any) -> dict[str, Any]:
    return {
        "name": name, "description": f"{name} of the station", "observationType": kind, "unitOfMeasurement": MICROGRAMS,
        "Sensor": {"name": "Box", "description": "a box", "encodingType": "application/pdf", "metadata": "box.pdf"},
        "ObservedProperty": {"name": name, "description": "fine dust", "definition": "https://example.org/pm25",
                             "properties": {"minimum": 0, "maximum": 2000}}, **more,
    }  # fmt: skip


def station(*streams: dict[str, Any], place: tuple[float, float] = (10.05, 50.07)) -> dict[str, Any]:
    shape = {"type": "Point", "coordinates": list(place)}
    here = {"name": "Square", "description": "market", "encodingType": "application/geo+json", "location": shape}
    return {"name": "Station", "description": "air", "properties": {"owner": "city"}, "Locations": [here],
            "Datastreams": list(streams) or [stream()]}  # fmt: skip


def set_up(*streams: dict[str, Any], at: int = AT) -> int:
    """Make the station; give its id."""
    return describing.add(said=said.read(said.ThingSaid, station(*streams)), by=BY, at=at)


def bring(*readings: tuple[Any, ...], now: int = AT + 1000 * HOUR) -> Taken:
    """Take in readings of (datastream, time, result)."""
    batch = Batch(lambda row: list(readings[row]))
    for stream_, time, result in readings:
        batch.add(stream_, time, result)
    return ingest(batch=batch, source="test", by=BY, at=now)
