"""Open cases as points on a map."""

from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Query

from cityloop.doors.api.answers import GEOJSON, said
from cityloop.doors.api.asked import MapAsked, near, wanted
from cityloop.doors.api.bodies import known_query
from cityloop.doors.api.door import READ, api, scope_of
from cityloop.doors.api.openapi import can
from cityloop.doors.api.schemas import MapOut
from cityloop.doors.api.times import time
from cityloop.loops.cases import listing, numbers
from cityloop.town.calendar.clock import city_clock


class _Geometry(msgspec.Struct, tag_field="type", tag="Point", gc=False):
    coordinates: tuple[float, float]


class _Said(msgspec.Struct, gc=False):
    state: str
    matter: str
    due: str | None


class _Mark(msgspec.Struct, tag_field="type", tag="Feature", gc=False):
    id: str
    geometry: _Geometry
    properties: _Said


@api.get("/map", response=can(MapOut, 200, "key query"), auth=READ, tags=["cases"])
def city_map(request: HttpRequest, asked: Query[MapAsked]) -> HttpResponse:
    """Give the open cases of an area as GeoJSON points, the newest first, at most 4,000."""
    known_query(request, asked)
    rows: Any = listing.points(
        scope_of(request), wanted(asked, city_clock.now()), near(asked.bbox), most=asked.limit + 1
    )
    kept = rows[: asked.limit]
    names = numbers.numbers_of((row[0], row[1]) for row in kept)
    features = [
        _Mark(name, _Geometry((lon, lat)), _Said(state, matter, None if due is None else time(due)))
        for name, (_, _, lon, lat, state, matter, due) in zip(names, kept, strict=True)
    ]
    collection = {"type": "FeatureCollection", "features": features, "truncated": len(rows) > asked.limit}
    return said(collection, kind=GEOJSON)
