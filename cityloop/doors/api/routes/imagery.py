"""Pictures from above: which layers there are, taking one in, taking it out."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from cityloop.doors.api.answers import listed, nothing, said, unchanged
from cityloop.doors.api.asked import Asked
from cityloop.doors.api.bodies import json_body, known_query
from cityloop.doors.api.door import READ, SETUP, api, scope_of
from cityloop.doors.api.openapi import can
from cityloop.doors.api.schemas_imagery import LayerIn, LayerOut, LayersPage
from cityloop.doors.api.settings import matched, setter, version_of
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.calendar.clock import city_clock
from cityloop.town.imagery import actions, rules, wmts
from cityloop.town.imagery import queries as imagery

FIELDS = {"key": "layer", "cog": "address", "zooms": "deepest"}


@api.get("/imagery", response=can(LayersPage, 200, "key query"), auth=READ, tags=["imagery"])
def layers(request: HttpRequest) -> HttpResponse:
    """List the layers this key may look at, the newest first, all at once."""
    known_query(request, Asked())
    return listed([imagery.told(one) for one in imagery.shown(scope_of(request))], "")


@api.get("/imagery/{layer}", response=can(LayerOut, 200, "key path tag"), auth=READ, tags=["imagery"])
def one(request: HttpRequest, layer: str) -> HttpResponse:
    """Give a layer; who sets the city up sees those of every level."""
    scope = scope_of(request)
    found = imagery.told(imagery.one(layer) if scope.setter() else imagery.looked_at(scope, layer))
    tag = version_of(found)
    return unchanged(request, tag) or said(found, tag=tag)


@api.put(
    "/settings/imagery/{layer}", response=can(LayerOut, 200, "key path body match"), auth=SETUP, tags=["settings"]
)  # fmt: skip
@transaction.atomic
def keep(request: HttpRequest, layer: str, body: LayerIn) -> HttpResponse:
    """Register a layer, or change all that is said of it. A GeoTIFF lies in the folder of imagery already."""
    json_body(request)
    by = setter(request)
    before = next((known for known in imagery.every() if known.key == layer), None)
    _matched(request, before)
    first, last = rules.day(body.taken_from, "taken_from"), rules.day(body.taken_to or body.taken_from, "taken_to")
    with _fields():
        about = actions.About(
            names=body.names, kind=body.kind, taken_from=first, taken_to=last, licence=body.licence,
            public=body.public, level=body.level, **{"attribution": body.attribution, **_source(body, before)},
        )  # fmt: skip
        made = imagery.told(actions.register(key=layer, about=about, by=by, at=city_clock.now()))
    return said(made, tag=version_of(made))


@api.delete("/settings/imagery/{layer}", response=can(None, 204, "key path match"), auth=SETUP, tags=["settings"])
@transaction.atomic
def remove(request: HttpRequest, layer: str) -> HttpResponse:
    """Take a layer out of the register; that it was there stays on the ledger, a GeoTIFF in its folder."""
    by = setter(request)
    _matched(request, imagery.one(layer))
    actions.remove(key=layer, by=by, at=city_clock.now())
    return nothing()


def _matched(request: HttpRequest, before: Any) -> None:
    matched(request, version_of(imagery.told(before)) if before else "", *([before.subject] if before else []))


def _source(body: LayerIn, before: Any) -> dict[str, Any]:
    """Read where the tiles are: an address, a capabilities document, or a file that lies here."""
    if body.kind == "cog":
        return {"address": body.address}
    box = rules.box(tuple(body.bounds)) if body.bounds is not None else None  # type: ignore[arg-type]
    if body.kind == "wmts" and body.capabilities:
        document = body.capabilities.encode()
        zooms = body.shallowest, body.deepest
        return wmts.source(document, body.layer, body.time, box=box, zooms=zooms, attribution=body.attribution)
    if body.kind == "wmts" and (before is None or before.kind != "wmts"):
        raise Refusal("imagery.wmts.missing", "Send the capabilities document of the service along.", "capabilities")
    return {"address": body.address, "box": box, "shallowest": body.shallowest, "deepest": body.deepest}


@contextmanager
def _fields() -> Iterator[None]:
    """Name the fields of this door, where a form has others."""
    try:
        yield
    except Refusal as refusal:
        refusal.field = FIELDS.get(refusal.field or "", refusal.field)
        raise
