"""What a client says of an entity, in the words of SensorThings: shapes with every key optional.

An action asks for those that are needed. Where a linked entity is meant, `@iot.id` names one that is there; without it
one is described that is to be made with it.
"""

import json
import re
from typing import Any, TypeVar, cast

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.shapes import of_json, of_plain, ready
from cityloop.ground.kit.words import clean

Text = str | UnsetType
Properties = dict[str, Any] | None | UnsetType
S = TypeVar("S", bound="Said")


class Said(Struct, kw_only=True, rename="camel"):
    """What all have."""

    id: int | str | UnsetType = field(name="@iot.id", default=UNSET)
    name: Text = UNSET
    description: Text = UNSET
    properties: Properties = UNSET

    @property
    def refers(self) -> bool:
        """Tell whether this names an entity that is there; clients say all they know of it besides."""
        return self.id is not UNSET


class SensorSaid(Said):
    """A sensor."""

    encoding_type: Text = UNSET
    metadata: Any = UNSET
    datastreams: "list[DatastreamSaid] | UnsetType" = field(name="Datastreams", default=UNSET)


class PropertySaid(Said):
    """An observed property."""

    definition: Text = UNSET
    datastreams: "list[DatastreamSaid] | UnsetType" = field(name="Datastreams", default=UNSET)


class FeatureSaid(Said):
    """A feature of interest."""

    encoding_type: Text = UNSET
    feature: Any = UNSET
    observations: "list[ObservationSaid] | UnsetType" = field(name="Observations", default=UNSET)


class LocationSaid(Said):
    """A location."""

    encoding_type: Text = UNSET
    location: Any = UNSET
    things: "list[ThingSaid] | UnsetType" = field(name="Things", default=UNSET)
    historical_locations: "list[HistoricalSaid] | UnsetType" = field(name="HistoricalLocations", default=UNSET)


class HistoricalSaid(Said):
    """Where a thing stood since when."""

    time: Text = UNSET
    thing: "ThingSaid | UnsetType" = field(name="Thing", default=UNSET)
    locations: list[LocationSaid] | UnsetType = field(name="Locations", default=UNSET)


class ObservationSaid(Said):
    """A reading; what its result is the datastream decides."""

    phenomenon_time: Any = UNSET
    result: Any = UNSET
    result_time: Any = UNSET
    result_quality: Any = UNSET
    valid_time: Any = UNSET
    parameters: Any = UNSET
    datastream: "DatastreamSaid | UnsetType" = field(name="Datastream", default=UNSET)
    feature: FeatureSaid | UnsetType = field(name="FeatureOfInterest", default=UNSET)


class DatastreamSaid(Said):
    """A datastream."""

    observation_type: Text = UNSET
    unit: dict[str, Any] | UnsetType = field(name="unitOfMeasurement", default=UNSET)
    area: Any = field(name="observedArea", default=UNSET)
    thing: "ThingSaid | UnsetType" = field(name="Thing", default=UNSET)
    sensor: SensorSaid | UnsetType = field(name="Sensor", default=UNSET)
    observed_property: PropertySaid | UnsetType = field(name="ObservedProperty", default=UNSET)
    observations: list[ObservationSaid] | UnsetType = field(name="Observations", default=UNSET)


class ThingSaid(Said):
    """A thing."""

    locations: list[LocationSaid] | UnsetType = field(name="Locations", default=UNSET)
    historical_locations: list[HistoricalSaid] | UnsetType = field(name="HistoricalLocations", default=UNSET)
    datastreams: list[DatastreamSaid] | UnsetType = field(name="Datastreams", default=UNSET)


for shape in (
    SensorSaid,
    PropertySaid,
    FeatureSaid,
    LocationSaid,
    HistoricalSaid,
    ObservationSaid,
    DatastreamSaid,
    ThingSaid,
):  # they name each other
    ready(shape)

# The character U+0000, as JSON writes it. PostgreSQL keeps it nowhere; names leave it out as well (`words.clean`).
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


def without_nul(body: bytes) -> bytes:
    """Leave the character U+0000 out of the texts of a body of JSON."""
    return _NUL.sub(rb"\1", body) if b"\\u0000" in body else body


# What programs write for a number that is none, though JSON knows no such word.
_NO_NUMBER = re.compile(rb"[\s\[,:](NaN|-?Infinity)[\s\],}]")


def decoded(body: bytes, shape: Any) -> Any:
    """Read readings. A result that is no number is a word then, so that it is held back alone, and not all with it."""
    body = without_nul(body)
    try:
        return of_json(body, shape)
    except msgspec.DecodeError:
        if not _NO_NUMBER.search(body):
            raise
        try:
            told = json.loads(body, parse_constant=str)
        except ValueError as error:
            raise msgspec.DecodeError(str(error)) from error
        return of_plain(told, shape)


def read(shape: type[S], body: bytes | Any) -> S:
    """Read what was said; refuse what has a wrong shape, naming the place."""
    try:
        if isinstance(body, bytes) and issubclass(shape, ObservationSaid):
            return cast("S", decoded(body, shape))
        if isinstance(body, bytes):
            return of_json(without_nul(body), shape)
        return of_plain(body, shape)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        why = clean(str(error)).partition(" - at `$.")
        at = why[2].strip("`")[:120]
        raise Refusal("sensing.shape", "This cannot be read: {why}.", at or "body", why=why[0][:300]) from error
