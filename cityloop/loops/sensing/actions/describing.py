"""Setting up: things, where they stand, what measures what on them; each alone, or with all that hangs on it."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db import models, transaction
from msgspec import UNSET

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean
from cityloop.ground.loop.actor import Actor
from cityloop.loops.sensing.actions import ingesting, placing, telling
from cityloop.loops.sensing.models import (
    Datastream,
    FeatureOfInterest,
    HistoricalLocation,
    Location,
    ObservedProperty,
    Sensor,
    Thing,
)
from cityloop.loops.sensing.rules import keeping
from cityloop.loops.sensing.rules import said as shapes
from cityloop.loops.sensing.rules.bounds import bounds
from cityloop.loops.sensing.rules.said import Said
from cityloop.loops.sensing.rules.shapes import GEOJSON, extent_of, point_of
from cityloop.loops.sensing.rules.times import instant

LONGEST = 255


@transaction.atomic
def add(*, said: Said, by: Actor, at: int) -> int:
    """Add an entity, and what is described with it; give its id."""
    made = _MAKERS[type(said)](said, by, at)
    telling.tell(made, "added", by=by, at=at)
    return int(made.pk)


@transaction.atomic
def change(*, pk: int, said: Said, by: Actor, at: int) -> None:
    """Change what is said of an entity; what is not said stays."""
    model = MODELS[type(said)]
    one = model._default_manager.select_for_update().filter(pk=pk).first()
    if one is None:
        raise unknown("@iot.id")
    if isinstance(said, shapes.HistoricalSaid):
        _put_right(one, said, by, at)
    else:
        _say(one, said, by, at)
    telling.tell(one, "changed", by=by, at=at)


def _say(one: Any, said: Said, by: Actor, at: int) -> None:
    if getattr(said, "observations", UNSET):
        raise Refusal("sensing.change.readings", "Readings are not added by a change; post them.", "Observations")
    shape = getattr(one, "shape", None)
    for name, value in _values(said, new=False).items():
        setattr(one, name, value)
    if isinstance(said, shapes.DatastreamSaid):
        _link(one, said, by, at)
    one.at = max(at, one.at)
    one.save()
    if isinstance(one, Location) and one.shape != shape:
        placing.moved(one)
    if isinstance(said, shapes.ThingSaid) and said.locations is not UNSET:
        placing.place(thing=one, locations=_each(Location, said.locations, by, at), time=at)
    _hang(one, said, by, at)


def _put_right(one: HistoricalLocation, said: shapes.HistoricalSaid, by: Actor, at: int) -> None:
    things = [one.thing]
    if said.time is not UNSET:
        one.time = instant(said.time)
    if said.thing is not UNSET:
        one.thing = _one(Thing, said.thing, "Thing", by, at)
        things.append(one.thing)
    one.save()
    if said.locations is not UNSET:
        one.locations.set(_each(Location, said.locations, by, at))
    for thing in things:
        placing.as_known(thing)


def unknown(field: str) -> Refusal:
    """Say that there is no such entity."""
    return Refusal("sensing.unknown", "There is no such entity.", field)


# --- each kind ------------------------------------------------------------------------------------


def _thing(said: shapes.ThingSaid, by: Actor, at: int) -> Thing:
    made = Thing.objects.create(**_values(said), created=at, at=at)
    if said.locations:
        placing.place(thing=made, locations=_each(Location, said.locations, by, at), time=at)
    _hang(made, said, by, at)
    return made


def _location(said: shapes.LocationSaid, by: Actor, at: int) -> Location:
    made = Location.objects.create(**_values(said), created=at, at=at)
    _hang(made, said, by, at)
    return made


def _historical(said: shapes.HistoricalSaid, by: Actor, at: int) -> HistoricalLocation:
    thing = _one(Thing, said.thing, "Thing", by, at)
    time = instant(_needed(said.time, "time"))
    places = _each(Location, _needed(said.locations, "Locations"), by, at)
    return placing.stood(thing=thing, locations=places, time=time)


def _plain(model: type[models.Model]) -> Callable[..., Any]:
    def make(said: Said, by: Actor, at: int) -> Any:
        made = model._default_manager.create(**_values(said), created=at, at=at)
        _hang(made, said, by, at)
        _observe(made, said, by, at)
        return made

    return make


def _datastream(said: shapes.DatastreamSaid, by: Actor, at: int) -> Datastream:
    made = Datastream(**_values(said), created=at, at=at)
    for name in ("thing", "sensor", "observed_property"):
        _needed(getattr(said, name), LINKS[name][1])
    _link(made, said, by, at)
    made.save()
    _observe(made, said, by, at)
    return made


LINKS: dict[str, tuple[Any, str]] = {
    "thing": (Thing, "Thing"), "sensor": (Sensor, "Sensor"), "observed_property": (ObservedProperty, "ObservedProperty")
}  # fmt: skip


def _link(one: Any, said: shapes.DatastreamSaid, by: Actor, at: int) -> None:
    for name, (model, field) in LINKS.items():
        value = getattr(said, name)
        if value is not UNSET:
            setattr(one, name, _one(model, value, field, by, at))


MODELS: dict[type[Said], Any] = {
    shapes.ThingSaid: Thing, shapes.LocationSaid: Location, shapes.HistoricalSaid: HistoricalLocation,
    shapes.SensorSaid: Sensor, shapes.PropertySaid: ObservedProperty, shapes.FeatureSaid: FeatureOfInterest,
    shapes.DatastreamSaid: Datastream,
}  # fmt: skip
_MAKERS: dict[type[Said], Callable[..., Any]] = {
    shapes.ThingSaid: _thing, shapes.LocationSaid: _location, shapes.HistoricalSaid: _historical,
    shapes.SensorSaid: _plain(Sensor), shapes.PropertySaid: _plain(ObservedProperty),
    shapes.FeatureSaid: _plain(FeatureOfInterest), shapes.DatastreamSaid: _datastream,
}  # fmt: skip


# --- what hangs on it -----------------------------------------------------------------------------

_BACK: dict[type[Said], str] = {
    shapes.ThingSaid: "thing", shapes.SensorSaid: "sensor", shapes.PropertySaid: "observed_property",
    shapes.LocationSaid: "locations", shapes.DatastreamSaid: "datastream", shapes.FeatureSaid: "feature",
}  # fmt: skip


def _hang(made: Any, said: Said, by: Actor, at: int) -> None:
    """Hang on an entity what is said to hang on it: what is described is made, what is named is hung over."""
    for thing in _each(Thing, getattr(said, "things", None) or (), by, at):
        if not thing.locations.filter(pk=made.pk).exists():
            placing.place(thing=thing, locations=[made], time=at)
    for name, field in (("historical_locations", "HistoricalLocations"), ("datastreams", "Datastreams")):
        for one in getattr(said, name, UNSET) or ():
            _hung(made, said, one, field, by, at)


def _hung(made: Any, said: Said, one: Any, field: str, by: Actor, at: int) -> None:
    back, above = _BACK[type(said)], type(said)(id=made.pk)
    many = back == "locations"
    setattr(one, back, [above] if many else above)
    found = _one(MODELS[type(one)], one, field, by, at)
    if many and not found.locations.filter(pk=made.pk).exists():
        raise Refusal("sensing.change.link", "This is not linked from here; change it at its other end.", field)
    if not many and getattr(found, f"{back}_id") != made.pk:
        change(pk=found.pk, said=type(one)(**{back: above}), by=by, at=at)


def _observe(made: Any, said: Any, by: Actor, at: int) -> None:
    """Take in the readings that are said with a datastream or a feature of interest."""
    readings = getattr(said, "observations", UNSET) or ()
    for one in readings:
        setattr(one, _BACK[type(said)], type(said)(id=made.pk))
        make_described(one, by=by, at=at)
    if readings:
        ingesting.take(readings, source=f"with {made._meta.model_name} {made.pk}", by=by, at=at, strict=True)


def make_described(said: shapes.ObservationSaid, *, by: Actor, at: int) -> None:
    """Make what a reading describes beside itself, so that it names it, inside the caller's transaction."""
    stream, feature = said.datastream, said.feature
    if stream is not UNSET and not stream.refers:
        said.datastream = shapes.DatastreamSaid(id=add(said=stream, by=by, at=at))
    if feature is not UNSET and not feature.refers:
        said.feature = shapes.FeatureSaid(id=feature_of(feature, by=by, at=at))


# --- what is linked -------------------------------------------------------------------------------


def _one(model: Any, said: Any, field: str, by: Actor, at: int) -> Any:
    """Give the entity that is named, or make the one that is described."""
    _needed(said, field)
    key = said.id if said.refers else add(said=said, by=by, at=at)
    found = model._default_manager.filter(pk=key).first() if isinstance(key, int) and 0 < key < 2**63 else None
    if found is None:
        raise unknown(field)
    return found


def _each(model: Any, said: Iterable[Any], by: Actor, at: int) -> list[Any]:
    return [_one(model, one, f"{model.__name__}s", by, at) for one in said]


def feature_of(said: shapes.FeatureSaid, *, by: Actor, at: int) -> int:
    """Give the feature of interest that a reading names or describes."""
    return int(_one(FeatureOfInterest, said, "FeatureOfInterest", by, at).pk)


# --- what is said ---------------------------------------------------------------------------------

ALL = {"name": "name", "description": "description", "properties": "properties"}
COLUMNS: dict[type[Said], dict[str, str]] = {  # what is said → the column that keeps it
    shapes.ThingSaid: ALL,
    shapes.HistoricalSaid: {},
    shapes.LocationSaid: {**ALL, "encoding_type": "encoding_type", "location": "shape"},
    shapes.FeatureSaid: {**ALL, "encoding_type": "encoding_type", "feature": "shape"},
    shapes.SensorSaid: {**ALL, "encoding_type": "encoding_type", "metadata": "metadata"},
    shapes.PropertySaid: {**ALL, "definition": "definition"},
    shapes.DatastreamSaid: {**ALL, "observation_type": "observation_type", "unit": "unit", "area": "area"},
}
FREE = ("description", "properties", "area")


def _values(said: Said, *, new: bool = True) -> dict[str, Any]:
    """Give the columns that are said; refuse what is wanting of a new entity."""
    given: dict[str, Any] = {}
    for name, column in COLUMNS[type(said)].items():
        value = getattr(said, name)
        if value is not UNSET:
            given[column] = clean(value) if isinstance(value, str) else value
        elif new and name not in FREE and not (name == "encoding_type" and "shape" in COLUMNS[type(said)].values()):
            raise _missing(said.__struct_encode_fields__[said.__struct_fields__.index(name)])
    if "name" in given and not 0 < len(given["name"]) <= LONGEST:
        raise Refusal("sensing.name", "Give a name of 1 to 255 characters.", "name")
    if "properties" in given:
        given["properties"] = given["properties"] or {}
        keeping.judge(given["properties"])
        if isinstance(said, shapes.PropertySaid):
            given["least"], given["most"] = bounds(given["properties"])
    if "shape" in given:
        field = "location" if isinstance(said, shapes.LocationSaid) else "feature"
        given["lon"], given["lat"] = (
            point_of(given["shape"], given.get("encoding_type", GEOJSON[0]), field) or (None,) * 2
        )
        given["west"], given["south"], given["east"], given["north"] = extent_of(given["shape"])
    return given


def _needed(value: Any, field: str) -> Any:
    if value is UNSET:
        raise _missing(field)
    return value


def _missing(field: str) -> Refusal:
    return Refusal("sensing.needed", "{name} is needed.", field, name=field)
