"""What stands in the city: its components, and what kinds there are."""

from typing import Annotated, Any

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Path, Query
from pydantic import Field

from cityloop.doors.api import ports
from cityloop.doors.api.answers import listed, said, unchanged
from cityloop.doors.api.asked import Asked, Kind, Paged, box
from cityloop.doors.api.bodies import json_body, known_query
from cityloop.doors.api.door import ACT, READ, api, scope_of
from cityloop.doors.api.openapi import can
from cityloop.doors.api.paging import following, place_of
from cityloop.doors.api.problems import Moved
from cityloop.doors.api.schemas_components import (
    ComponentChangeIn,
    ComponentIn,
    ComponentOut,
    ComponentsPage,
    ComponentTypesPage,
)
from cityloop.doors.api.schemas_in import Text
from cityloop.doors.api.settings import MOVED, named_tag
from cityloop.doors.api.shown import ROOT, key_of
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.shapes import ready
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import rfc3339
from cityloop.town.components import queries as components
from cityloop.town.components import rights
from cityloop.town.components.actions import keeping
from cityloop.town.components.rules.attributes import day
from cityloop.town.components.rules.identity import LENGTH, is_digits
from cityloop.town.components.rules.words import ROLES, STATES
from cityloop.town.ledger.actions import note_export
from cityloop.town.orgs import queries as orgs
from cityloop.town.units import queries as units


@ready
class Place(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a list of components ended: by code, and in a box by place."""

    cell: int
    code: str

    def __post_init__(self) -> None:
        if not (0 <= self.cell < 2**62 and is_digits(self.code) and len(self.code) == LENGTH):
            raise ValueError("out of range")


class ComponentFilters(Asked):
    """Which components."""

    bbox: Text = Field("", max_length=120, description="west,south,east,north in degrees; then listed by place.")
    type: Text = Field("", max_length=60, description="A code from /component-types.")
    state: Text = Field("", max_length=9, description="intact, damaged, lost or discarded.")
    unit: Text = Field("", max_length=32, description="A unit and all below it.")


class ComponentsAsked(ComponentFilters, Paged):
    """A page of them."""


@api.get("/components", response=can(ComponentsPage, 200, "key query"), auth=READ, tags=["components"])
def all_components(request: HttpRequest, asked: Query[ComponentsAsked]) -> HttpResponse:
    """List components in the order of their codes; within a box in the order of their places."""
    known_query(request, asked)
    wanted, place = _wanted(asked), place_of(asked.cursor, Place)
    after = components.Place(place.cell, place.code) if place else None
    seen = components.seen_by(scope_of(request))
    rows = components.listed(wanted, seen=seen, after=after, most=asked.limit + 1)
    page = rows[: asked.limit]
    more = following(request, Place(page[-1].cell, str(page[-1].code))) if len(rows) > asked.limit else ""
    return listed([_shown(one) for one in page], more)


def _wanted(asked: ComponentFilters) -> components.Wanted:
    if asked.state and asked.state not in STATES:
        raise Refusal("components.state", "A component is {names}.", "state", names=", ".join(STATES))
    if asked.type:
        components.kind(asked.type)
    return components.Wanted(asked.type, asked.state, asked.unit, box(asked.bbox) if asked.bbox else None)


@api.get("/exports/components/{kind}", response=can(None, 200, "key path query"), auth=READ, tags=["components"])
def export(request: HttpRequest, kind: Path[Annotated[Kind, Field()]], asked: Query[ComponentFilters]) -> HttpResponse:
    """Give the components of a list as a file: CSV, XLSX or GeoJSON, just as the desk gives it; noted on the ledger.

    All of them; a workbook holds the first 20,000. `cityloop components import` reads the other two.
    """
    known_query(request, asked)
    scope = scope_of(request)
    if not rights.may_read(scope):
        raise Refusal("authority.denied", "None of your posts reads the register of components.")
    filters = sorted(name for name in request.GET if request.GET[name])
    note_export(by=scope.actors()[0], at=city_clock.now(), kind=kind, filters=filters, of="components")
    return ports.register()(kind, _wanted(asked), components.seen_by(scope))


@api.get("/components/{code}", response=can(ComponentOut, 200, "key path tag"), auth=READ, tags=["components"])
def component(request: HttpRequest, code: str) -> HttpResponse:
    """Give a component by its identity code."""
    found = components.by_code(code, components.seen_by(scope_of(request)))
    tag = components.tag(found)
    return unchanged(request, tag) or said(_shown(found), tag=tag)


@api.post("/components", response=can(ComponentOut, 201, "key body"), auth=ACT, tags=["components"])
def add(request: HttpRequest, body: ComponentIn) -> HttpResponse:
    """Add a component where one's post may: of its area, or of who will answer for it."""
    json_body(request)
    kind, given = components.kind(body.type), changes(body)
    whose = given.setdefault("organisations", {})
    whose.setdefault("responsible", components.organisations().get(kind.responsible, 0))
    lon, lat = given.pop("point")
    where = units.locate(lon, lat) or ""
    by = rights.placer(scope_of(request), where, kind.level, whose["responsible"])
    if by is None:
        raise Refusal("authority.denied", "Your post does not cover this place.", "lon")
    given = {name: value for name, value in given.items() if value is not None}
    made = keeping.add(type=kind.code, lon=lon, lat=lat, code=body.code, **given, by=by, at=city_clock.now())
    return said(_shown(made), 201, tag=components.tag(made))


@api.patch(
    "/components/{code}", response=can(ComponentOut, 200, "key path body match"), auth=ACT, tags=["components"]
)  # fmt: skip
def correct(request: HttpRequest, code: str, body: ComponentChangeIn) -> HttpResponse:
    """Correct what is known of a component, on the state that `If-Match` names; what was known stays in its history."""
    json_body(request)
    scope, given = scope_of(request), changes(body)
    one = components.by_code(code, components.seen_by(scope))
    seen = named_tag(request, lambda: components.tag(one))
    may = rights.assigner if "organisations" in given else rights.keeper
    by = may(scope, one)
    if by is None:
        raise Refusal("authority.denied", "Your post does not cover this component.")
    try:
        made = keeping.change(code=code, **given, seen=seen, by=by, at=city_clock.now())
    except Refusal as refusal:
        if refusal.code == "components.changed":
            raise Moved("api.match", MOVED, "If-Match") from None
        raise
    return said(_shown(made), tag=components.tag(made))


def changes(body: ComponentChangeIn) -> dict[str, Any]:
    """Give what a body says, as the actions take it."""
    given = body.dict(exclude_unset=True)
    found = {name: given[name] for name in ("name", "state", "accuracy", "attributes") if given.get(name) is not None}
    if given.get("installed"):
        found["installed"] = day(given["installed"], "installed")
    if (given.get("lon") is None) != (given.get("lat") is None):
        raise Refusal("components.place.half", "Give both lon and lat.", "lon")
    if given.get("lon") is not None:
        found["point"] = (given["lon"], given["lat"])
    whose = {role: _organisation(given[role], role) for role in ROLES if given.get(role) is not None}
    return {**found, "organisations": whose} if whose else found


def _organisation(key: str, field: str) -> int:
    known = orgs.directory() if key else {}
    if key and key not in known:
        raise Refusal("orgs.key.unknown", "There is no organisation with the key {key}.", field, key=key)
    return known[key].id if key else 0


@api.get(
    "/component-types", response=can(ComponentTypesPage, 200, "key query"), auth=READ, tags=["components"],
    by_alias=True,
)  # fmt: skip
def component_types(request: HttpRequest) -> HttpResponse:
    """List the types of components, by code, all at once."""
    known_query(request, Asked())
    return listed([_type(one) for one in components.kinds().values()])


def _type(one: Any) -> dict[str, Any]:
    attributes = [
        {
            **{name: getattr(a, name) for name in ("key", "names", "type", "unit", "required")},
            "choices": [{"key": choice.key, "names": choice.names} for choice in a.choices],
        }
        for a in one.attributes.values()
    ]
    told = {name: getattr(one, name) for name in ("code", "names", "plate", "subclass", "level", "responsible")}
    return {**told, "class": one.class_, "attributes": attributes, "matters": list(one.matters)}


def _shown(one: Any) -> dict[str, Any]:
    named = ("code", "type", "name", "state", "accuracy", "lon", "lat", "attributes", "source")
    return {
        **{name: getattr(one, name) for name in named},
        "unit": one.unit_code,
        **{role: key_of(getattr(one, role)) for role in ROLES},
        "installed": one.installed.isoformat() if one.installed else None,
        "surveyed": one.surveyed.isoformat() if one.surveyed else None,
        "updated": rfc3339(one.at),
        "href": f"{ROOT}/components/{one.code}",
    }
