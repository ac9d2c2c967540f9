"""The plates: which there are, what each holds, and switching one on or off."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from cityloop.doors.api.answers import said, unchanged
from cityloop.doors.api.bodies import json_body
from cityloop.doors.api.door import READ, SETUP, api
from cityloop.doors.api.openapi import can
from cityloop.doors.api.schemas_settings import PlateFullOut, PlateIn, PlatesOut
from cityloop.doors.api.settings import moved, named_tag, reader, setter
from cityloop.ground.kit import shelf
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.calendar.clock import city_clock
from cityloop.town.catalog import actions, differences, standing
from cityloop.town.catalog.standing import Standing


@api.get("/plates", response=can(PlatesOut, 200, "key"), auth=READ, tags=["settings"])
def plates(request: HttpRequest) -> HttpResponse:
    """List the plates that are installed or on, by their keys."""
    reader(request)
    return said({"items": [_brief(one) for one in standing.everyone()]})


@api.get("/plates/{plate}", response=can(PlateFullOut, 200, "key path tag"), auth=READ, tags=["settings"])
def plate(request: HttpRequest, plate: str) -> HttpResponse:
    """Give a plate whole, with what switching it on would add."""
    reader(request)
    found = standing.one(plate)
    return unchanged(request, _tag(found)) or _said(found)


@api.put("/plates/{plate}", response=can(PlateFullOut, 200, "key path body match"), auth=SETUP, tags=["settings"])
def switch(request: HttpRequest, plate: str, body: PlateIn) -> HttpResponse:
    """Switch a plate on or off, or take over what is new in its folder (`renew`): a new version of the catalogue.

    Cases keep the version they were filed under.
    """
    json_body(request)
    by, at, found = setter(request), city_clock.now(), standing.one(plate)
    tag = named_tag(request, lambda: _tag(found))
    if tag and tag != _tag(found):
        raise moved(_tag(found), "catalog")
    on = found.catalogue if tag else None
    try:
        if body.on and body.renew:
            actions.renew(plate=shelf.take(plate).manifest, on=on, by=by, at=at)
        elif body.on:
            actions.switch_on(plate=shelf.take(plate).manifest, on=on, by=by, at=at)
        else:
            actions.switch_off(plate=plate, on=on, by=by, at=at)
    except Refusal as refusal:
        if refusal.code == "catalog.changed":
            raise moved(_tag(standing.one(plate)), "catalog") from None
        raise
    return _said(standing.one(plate))


def _tag(found: Standing) -> str:
    """Give the version of the catalogue that it was read in, and the plate's that is installed."""
    return f"{found.catalogue}-{found.installed}"


def _brief(one: Standing) -> dict[str, Any]:
    return {
        "key": one.key,
        "names": one.manifest.names if one.manifest else {},
        "about": (one.manifest.about or {}) if one.manifest else {},
        "on": one.on,
        "version": one.version,
        "installed": one.installed,
        "counts": one.counts,
    }


def _said(one: Standing) -> HttpResponse:
    manifest = one.manifest.model_dump(mode="json", by_alias=True, exclude={"words"}) if one.manifest else None
    told = {
        **_brief(one),
        "catalogue": one.catalogue,
        "broken": one.broken,
        "stories": len(one.stories),
        "adds": _adds(one),
        "newer": differences.each(one.newer),
        "manifest": manifest,
    }
    return said(told, tag=_tag(one))


def _adds(one: Standing) -> dict[str, Any] | None:
    if one.on or one.manifest is None:
        return None
    added = standing.addition(one.manifest)
    return {
        "matters": added.matters,
        "organisations_new": [org.key for org in added.new],
        "organisations_there": [org.key for org in added.there],
    }
