"""Adding one component, and changing one: what a person does with it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction

from cityloop.ground.codes import cell, check_point
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean
from cityloop.ground.loop.actor import Actor
from cityloop.town.components import queries
from cityloop.town.components.actions import numbering
from cityloop.town.components.actions.writing import Row, Told, encode, insert, standing, tell, update
from cityloop.town.components.models import Component
from cityloop.town.components.rules import attributes as told
from cityloop.town.components.rules.kinds import Kind
from cityloop.town.components.rules.words import ACCURACIES, ROLES, STATES
from cityloop.town.units import queries as units

NAME = 120


@transaction.atomic
def add(
    *,
    type: str,
    lon: float,
    lat: float,
    name: str = "",
    state: str = "intact",
    accuracy: str = "",
    attributes: Mapping[str, Any] | None = None,
    organisations: Mapping[str, int] | None = None,
    installed: date | None = None,
    code: str = "",
    by: Actor,
    at: int,
) -> Component:
    """Add a component; it is given a code where it brings none. Who is responsible by default is the type's."""
    kind = queries.kind(type)
    place = _place(lon, lat)
    whose = {"responsible": queries.organisations().get(kind.responsible, 0), **(organisations or {})}
    row = Row(
        code=_code(kind, place["unit_code"], code), type=kind.code, name=_name(name), state=_state(state),
        level=kind.level,
        responsible=whose["responsible"], owner=whose.get("owner", 0), maintainer=whose.get("maintainer", 0),
        accuracy=_accuracy(accuracy or kind.accuracy), **place,
        attributes=encode(told.read(kind.attributes, attributes or {})).decode(), installed=installed, surveyed=None,
        source="", source_key="", seen=0, batch=0, created=at, at=at,
    )  # fmt: skip
    insert([row])
    data = {"lat_e7": round(row.lat * 1e7), "lon_e7": round(row.lon * 1e7), "type": row.type, "unit": row.unit_code}
    tell([Told(row.code, "added", {**data, "state": row.state})], by=by, at=at)
    return Component.objects.get(code=row.code)


@transaction.atomic
def change(
    *,
    code: str,
    name: str | None = None,
    state: str | None = None,
    accuracy: str | None = None,
    attributes: Mapping[str, Any] | None = None,
    organisations: Mapping[str, int] | None = None,
    point: tuple[float, float] | None = None,
    installed: date | None = None,
    seen: str = "",
    by: Actor,
    at: int,
) -> Component:
    """Change what is said of a component; what is not given stays. Nothing different: no step.

    `seen` is the tag of the state that somebody looked at; empty: whichever it is in.
    """
    one = _locked(code)
    if seen not in ("", queries.tag(one)):
        raise Refusal("components.changed", "Somebody changed this component meanwhile. Look at it, then change it.")
    kind, new = queries.kind(str(one.type)), dict[str, Any]()
    if name is not None:
        new["name"] = _name(name)
    if state is not None:
        new["state"] = _state(state)
    if accuracy is not None:
        new["accuracy"] = _accuracy(accuracy)
    if attributes is not None:
        new["attributes"] = told.read(kind.attributes, {**one.attributes, **attributes})
    if organisations is not None:
        new |= {key: organisations[key] for key in ROLES if key in organisations}
    if point is not None:
        new |= _place(*point)
    if installed is not None:
        new["installed"] = installed
    apply([(one, new)], by=by, at=at)
    return one


def apply(changes: list[tuple[Component, dict[str, Any]]], *, by: Actor, at: int) -> int:
    """Put new values into components whose rows are locked; give how many are different now."""
    rows, before, steps = [], [], []
    for one, new in changes:
        differing = differences(one, new)
        old = standing(one)
        for name, value in new.items():
            setattr(one, name, value)
        if differing:
            one.at = max(at, one.at)
            steps.append(Told(str(one.code), _what(differing), differing))
        rows.append(one)
        before.append(old)
    update(rows, before)
    tell(steps, by=by, at=at)
    return len(steps)


def differences(one: Component, new: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a step says of a change: for each thing that is different, what it was and what it is."""
    found = {
        name: [plain(getattr(one, name)), plain(value)]
        for name, value in new.items()
        if name not in ("lon", "lat", "cell", "seen") and getattr(one, name) != value
    }
    if "lon" in new and (one.lon, one.lat) != (new["lon"], new["lat"]):
        found["place"] = [_e7(one.lon, one.lat), _e7(new["lon"], new["lat"])]
    return found


def plain(value: Any) -> Any:
    """Give a value as the ledger may keep it: no floats, no dates."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return str(value) if isinstance(value, float | date) else value


def _e7(lon: float, lat: float) -> list[int]:
    return [round(lon * 1e7), round(lat * 1e7)]


def _what(differing: Mapping[str, Any]) -> str:
    if "state" in differing:
        return "state"
    return "moved" if "place" in differing else "changed"


def _locked(code: str) -> Component:
    found = Component.objects.select_for_update().filter(code=code).first()
    if found is None:
        raise Refusal("components.unknown", "There is no such component.", "code")
    return found


def _place(lon: float, lat: float) -> dict[str, Any]:
    x, y = check_point(lon, lat)
    unit = units.locate(x, y)
    if unit is None:
        raise Refusal("components.outside", "This place lies outside the city.", "lon")
    return {"lon": round(x, 7), "lat": round(y, 7), "cell": cell(x, y), "unit_code": unit}


def _code(kind: Kind, unit: str, given: str) -> str:
    identity = queries.known().identity
    prefix = identity.prefix(queries.division_of(unit), kind.class_, kind.subclass)
    if not given:
        return identity.code(prefix, numbering.take(identity, {prefix: 1})[prefix])
    theirs, serial = identity.split(given)
    if not theirs.endswith(identity.numbers(kind.class_, kind.subclass)):
        raise Refusal("components.code.type", "This code is of another class than the type.", "code")
    if Component.objects.filter(code=given).exists():
        raise Refusal("components.code.taken", "Another component has this code.", "code")
    numbering.note({theirs: serial})
    return given


def _name(text: str) -> str:
    return clean(text).strip()[:NAME]


def _state(text: str) -> str:
    if text not in STATES:
        raise Refusal("components.state", "A component is {names}.", "state", names=", ".join(STATES))
    return text


def _accuracy(text: str) -> str:
    if text not in ACCURACIES:
        raise Refusal("components.accuracy", "A position is of class {names}.", "accuracy", names=", ".join(ACCURACIES))
    return text
