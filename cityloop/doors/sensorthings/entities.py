"""The words of the standard: which entity sets there are, what each says, and how they hang together."""

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any, NamedTuple

from cityloop.ground.kit.words import natural
from cityloop.loops.sensing.rules import keys, said
from cityloop.loops.sensing.rules.times import shown, shown_moment

Row = Mapping[str, Any]


class Field(NamedTuple):
    """A property: where it is asked for, which columns it is shown from, of what kind it is."""

    path: str
    needs: tuple[str, ...]
    show: Callable[[Row], Any]
    kind: str  # text, number, instant, json, shape
    steady: bool = False  # never null: pages can go on from its value


class Link(NamedTuple):
    """A way to other entities: one, or many of them; `back` leads from there to here."""

    to: str
    many: bool
    path: str
    back: str
    inverse: str  # what one to be added there is told of this one


class Entity(NamedTuple):
    """An entity set."""

    name: str
    one: str
    shape: type[said.Said]
    fields: Mapping[str, Field]
    links: Mapping[str, Link]
    key: tuple[str, ...] = ("id",)


def _plain(column: str, kind: str = "text", *, steady: bool = True) -> Field:
    return Field(column, (column,), itemgetter(column), kind, steady)


def _instant(column: str, *, steady: bool = False) -> Field:
    return Field(column, (column,), lambda row: None if row[column] is None else shown(row[column]), "instant", steady)


def _between(first: str, last: str) -> Field:
    def show(row: Row) -> str | None:
        return None if row[first] is None else f"{shown(row[first])}/{shown(row[last])}"

    return Field(first, (first, last), show, "instant")


def _more(name: str, kind: str = "json", show: Callable[[Any], Any] = lambda value: value) -> Field:
    def shown_of(row: Row) -> Any:
        value = (row["more"] or {}).get(name)
        return None if value is None else show(value)

    return Field(f"more__{name}", ("more",), shown_of, kind)


def _result(row: Row) -> Any:
    more, number = row["more"], row["result"]
    if more and "value" in more:
        return more["value"]
    return int(number) if number is not None and number.is_integer() and abs(number) < 2**53 else number


NAMED = {"name": _plain("name"), "description": _plain("description")}
PROPERTIES = {"properties": _plain("properties", "json", steady=False)}


def _shape(name: str) -> dict[str, Field]:
    return {"encodingType": _plain("encoding_type"), name: _plain("shape", "shape", steady=False)}


ENTITIES: dict[str, Entity] = {
    one.name: one
    for one in (
        Entity("Things", "Thing", said.ThingSaid, {**NAMED, **PROPERTIES}, {
            "Locations": Link("Locations", True, "locations", "things", "things"),
            "HistoricalLocations": Link("HistoricalLocations", True, "historical_locations", "thing", "thing"),
            "Datastreams": Link("Datastreams", True, "datastreams", "thing", "thing"),
        }),
        Entity("Locations", "Location", said.LocationSaid, {**NAMED, **_shape("location"), **PROPERTIES}, {
            "Things": Link("Things", True, "things", "locations", "locations"),
            "HistoricalLocations": Link("HistoricalLocations", True, "historical_locations", "locations", "locations"),
        }),
        Entity("HistoricalLocations", "HistoricalLocation", said.HistoricalSaid, {
            "time": _instant("time", steady=True),
        }, {
            "Thing": Link("Things", False, "thing", "historical_locations", ""),
            "Locations": Link("Locations", True, "locations", "historical_locations", ""),
        }),
        Entity("Datastreams", "Datastream", said.DatastreamSaid, {
            **NAMED, "observationType": _plain("observation_type"),
            "unitOfMeasurement": _plain("unit", "json", steady=False),
            "observedArea": _plain("area", "json", steady=False),
            "phenomenonTime": _between("latest__first", "latest__last"),
            "resultTime": _between("latest__made_first", "latest__made_last"), **PROPERTIES,
        }, {
            "Thing": Link("Things", False, "thing", "datastreams", ""),
            "Sensor": Link("Sensors", False, "sensor", "datastreams", ""),
            "ObservedProperty": Link("ObservedProperties", False, "observed_property", "datastreams", ""),
            "Observations": Link("Observations", True, "observations", "datastream", "datastream"),
        }),
        Entity("Sensors", "Sensor", said.SensorSaid, {
            **NAMED, "encodingType": _plain("encoding_type"), "metadata": _plain("metadata", "json", steady=False),
            **PROPERTIES,
        }, {"Datastreams": Link("Datastreams", True, "datastreams", "sensor", "sensor")}),
        Entity("ObservedProperties", "ObservedProperty", said.PropertySaid, {
            **NAMED, "definition": _plain("definition"), **PROPERTIES,
        }, {"Datastreams": Link("Datastreams", True, "datastreams", "observed_property", "observed_property")}),
        Entity("FeaturesOfInterest", "FeatureOfInterest", said.FeatureSaid, {
            **NAMED, **_shape("feature"), **PROPERTIES,
        }, {"Observations": Link("Observations", True, "observations", "feature", "feature")}),
        Entity("Observations", "Observation", said.ObservationSaid, {
            "phenomenonTime": Field(
                "time", ("time", "lasts"), lambda row: shown_moment(row["time"], row["lasts"]), "instant", True
            ),
            "resultTime": _instant("made"), "result": Field("result", ("result", "more"), _result, "number"),
            "resultQuality": _more("quality"),
            "validTime": _more("valid", "text", lambda value: shown_moment(*value)), "parameters": _more("parameters"),
        }, {
            "Datastream": Link("Datastreams", False, "datastream", "observations", ""),
            "FeatureOfInterest": Link("FeaturesOfInterest", False, "feature", "observations", ""),
        }, ("datastream_id", "time", "lasts")),
    )
}  # fmt: skip
JSON_COLUMNS = {"properties", "unit", "area", "metadata", "shape", "more"}
EMPTY = {"resultQuality", "validTime", "parameters", "observedArea", "properties"}  # not told where there is none


def key_of(entity: Entity, row: Row) -> Any:
    """Give the id of a row as it is told."""
    return row["id"] if len(entity.key) == 1 else keys.written(*(row[name] for name in entity.key))


def address(entity: Entity, key: Any) -> str:
    """Give the address of an entity below the root."""
    return f"{entity.name}({key})" if isinstance(key, int) else f"{entity.name}('{key}')"


def selecting(entity: Entity, key: str) -> dict[str, Any] | None:
    """Give what selects the entity of a key as it stands in an address; None where it can be none."""
    if len(entity.key) > 1:
        found = keys.read(key.strip("'"))
        return None if found is None else dict(zip(entity.key, found, strict=True))
    number = natural(key)
    return None if number is None else {"pk": number}
