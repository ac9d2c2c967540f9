"""What the city is made of: units, organisations, matters."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from cityloop.doors.api.answers import listed, said, unchanged
from cityloop.doors.api.asked import Paged, Whole
from cityloop.doors.api.bodies import known_query
from cityloop.doors.api.door import READ, api
from cityloop.doors.api.openapi import can
from cityloop.doors.api.paging import Name, cursor_of, following, place_of
from cityloop.doors.api.schemas import MattersPage, OrganisationsPage, UnitFullOut, UnitsPage
from cityloop.doors.api.schemas_in import Text
from cityloop.doors.api.shown import ROOT
from cityloop.loops.cases.actions.prepare import organisations as known
from cityloop.town.catalog import queries as catalog
from cityloop.town.orgs import queries as orgs
from cityloop.town.units import queries as units


class UnitsAsked(Paged):
    """Which units."""

    under: Text = Field("", max_length=32, description="A unit and all below it.")
    level: Whole | None = Field(None, ge=0, le=9, description="0 is the city.")
    q: Text = Field("", max_length=60, description="A part of a name; gives at most 50, unpaged.")


@api.get("/units", response=can(UnitsPage, 200, "key query tag"), auth=READ, tags=["places"])
def all_units(request: HttpRequest, asked: Query[UnitsAsked]) -> HttpResponse:
    """List units in the order of their codes."""
    known_query(request, asked)
    tag = _tag(units.city().units_version, request)
    same = unchanged(request, tag)
    if same is not None:
        return same
    if asked.q:
        return listed([_unit(one) for one in units.search(asked.q, min(asked.limit, 50))], tag=tag)
    place = place_of(asked.cursor, Name)
    rows = units.listed(asked.under, asked.level, after=place.name if place else "", most=asked.limit + 1)
    page = rows[: asked.limit]
    more = following(request, Name(page[-1].code)) if len(rows) > asked.limit else ""
    return listed([_unit(one) for one in page], more, tag=tag)


@api.get("/units/{code}", response=can(UnitFullOut, 200, "key path tag"), auth=READ, tags=["places"])
def unit(request: HttpRequest, code: str) -> HttpResponse:
    """Give a unit, the way to it from the city, and what lies directly under it."""
    tag = units.city().units_version
    same = unchanged(request, tag)
    if same is not None:
        return same
    found = units.unit_of(code, field="code")
    way = units.of_codes(units.scheme().path(found.code))
    below = [_unit(one) for one in units.children(found.code)]
    return said({**_unit(found), "path": [_unit(one) for one in way], "children": below}, tag=tag)


def _unit(one: Any) -> dict[str, Any]:
    named = {name: getattr(one, name) for name in ("code", "level", "kind", "names", "lon", "lat")}
    return {**named, "href": f"{ROOT}/units/{one.code}"}


@api.get("/organisations", response=can(OrganisationsPage, 200, "key query tag"), auth=READ, tags=["places"])
def organisations(request: HttpRequest, asked: Query[Paged]) -> HttpResponse:
    """List the bodies that can be given work, by key."""
    known_query(request, asked)
    tag = _tag(str(orgs.revision()), request)
    every = {one.key: one for one in known().values()}
    by_path = {one.path: one.key for one in every.values()}
    return unchanged(request, tag) or _page(request, asked, every, lambda one: _organisation(one, by_path), tag)


def _organisation(one: Any, by_path: dict[str, str]) -> dict[str, Any]:
    above = one.path.rstrip("/").rpartition("/")[0] + "/"
    return {
        "key": one.key,
        "names": one.names,
        "kind": one.kind,
        "parent": by_path.get(above, ""),
        "active": one.active,
    }


@api.get("/matters", response=can(MattersPage, 200, "key query tag"), auth=READ, tags=["places"])
def matters(request: HttpRequest, asked: Query[Paged]) -> HttpResponse:
    """List the matters of the catalogue in force, by code."""
    known_query(request, asked)
    now = catalog.current()
    tag = _tag(now.digest[:20], request)
    return unchanged(request, tag) or _page(request, asked, now.matters, _matter, tag)


def _matter(one: Any) -> dict[str, Any]:
    named = {name: getattr(one, name) for name in ("code", "names", "kind", "plate", "urgent")}
    asked = [question.model_dump(mode="json") for question in one.questions]
    return {**named, "group": one.class_names, "limit": one.limit.text, "questions": asked}


def _page(request: HttpRequest, asked: Paged, every: Any, show: Any, tag: str) -> HttpResponse:
    place = place_of(asked.cursor, Name)
    names = sorted(name for name in every if place is None or name > place.name)
    page = names[: asked.limit]
    more = following(request, Name(page[-1])) if len(names) > asked.limit else ""
    return listed([show(every[name]) for name in page], more, tag=tag)


def _tag(version: str, request: HttpRequest) -> str:
    """Tag a page of a list: its version, and which page it is."""
    query = request.GET.urlencode()
    return f"{version}.{cursor_of(query)[:200]}" if query else version
