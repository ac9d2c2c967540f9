"""The catalogue as it is set up: a matter whole, changed by publishing anew; the lines of responsibility."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from cityloop.doors.api.answers import said, unchanged
from cityloop.doors.api.bodies import json_body
from cityloop.doors.api.door import READ, SETUP, api
from cityloop.doors.api.openapi import can
from cityloop.doors.api.problems import Moved
from cityloop.doors.api.routes.places import _matter as brief
from cityloop.doors.api.schemas_settings import LineIn, MatterFullOut, MatterIn, VersionsOut
from cityloop.doors.api.settings import moved, named_tag, reader, setter, unit_code
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.routing import Rule
from cityloop.town.calendar.clock import city_clock
from cityloop.town.catalog import actions
from cityloop.town.catalog import queries as catalog
from cityloop.town.catalog.compiled import CompiledCatalog, Entry
from cityloop.town.columns import rfc3339

OWN = "the city"


@api.get("/settings/catalogue", response=can(VersionsOut, 200, "key"), auth=READ, tags=["settings"])
def versions(request: HttpRequest) -> HttpResponse:
    """List the published versions of the catalogue, the newest first; its matters are at `/matters`."""
    reader(request)
    items = [{"number": n, "digest": digest, "published": rfc3339(at)} for n, digest, at in catalog.versions()]
    return said({"items": items})


@api.get("/settings/matters/{matter}", response=can(MatterFullOut, 200, "key path tag"), auth=READ, tags=["settings"])
def matter(request: HttpRequest, matter: str) -> HttpResponse:
    """Give a matter whole, with the lines of responsibility that speak of it."""
    reader(request)
    now = catalog.current()
    return unchanged(request, now.digest) or _said(now, _entry(now, matter))


@api.patch(
    "/settings/matters/{matter}", response=can(MatterFullOut, 200, "key path body match"), auth=SETUP, tags=["settings"]
)
def change(request: HttpRequest, matter: str, body: MatterIn) -> HttpResponse:
    """Publish the catalogue with a matter changed; cases filed before keep the version they were filed under."""
    json_body(request)
    by, now = setter(request), catalog.current()
    entry = _entry(now, matter)
    changes = {name: value for name, value in body.dict().items() if value is not None}
    _published(request, lambda on: actions.change_matter(
        code=entry.code, changes=changes, on=on, by=by, at=city_clock.now()))  # fmt: skip
    return _after(matter)


@api.put(
    "/settings/matters/{matter}/lines", response=can(MatterFullOut, 200, "key path body match"), auth=SETUP,
    tags=["settings"],
)  # fmt: skip
def put_line(request: HttpRequest, matter: str, body: LineIn) -> HttpResponse:
    """Publish the catalogue with a line of the city's own for this matter: it wins over the plate's."""
    json_body(request)
    by, entry = setter(request), _entry(catalog.current(), matter)
    code = unit_code(body.unit)
    _published(request, lambda on: actions.put_line(
        matter=entry.code, unit=code, lead=body.lead, assisting=body.assisting, on=on, by=by, at=city_clock.now(),
    ))  # fmt: skip
    return _after(matter)


@api.delete(
    "/settings/matters/{matter}/lines/{unit}", response=can(MatterFullOut, 200, "key path match"), auth=SETUP,
    tags=["settings"],
)  # fmt: skip
def drop_line(request: HttpRequest, matter: str, unit: str) -> HttpResponse:
    """Publish the catalogue without the city's own line for this matter in a unit (`city`: the whole city)."""
    by, entry = setter(request), _entry(catalog.current(), matter)
    where = "" if unit == "city" else unit
    _published(request, lambda on: actions.drop_line(
        matter=entry.code, unit=where, on=on, by=by, at=city_clock.now()))  # fmt: skip
    return _after(matter)


def _published(request: HttpRequest, publish: Any) -> None:
    """Publish on the version that `If-Match` names, else on the present one."""
    on = named_tag(request, catalog.last_digest)
    try:
        publish(on or catalog.last_digest())
    except Refusal as refusal:
        if on and refusal.code == "catalog.changed":
            raise published_since(on) from None
        raise


def published_since(on: str) -> Moved:
    """Say which versions were published since the one somebody read."""
    numbers = {digest: number for number, digest, _at in catalog.versions()}
    return moved(catalog.last_digest(), "catalog", since=numbers.get(on, 0))


def _after(matter: str) -> HttpResponse:
    now = catalog.current()
    return _said(now, _entry(now, matter))


def _entry(now: CompiledCatalog, code: str) -> Entry:
    found = now.matters.get(code)
    if found is None:
        raise Refusal("api.none", "There is no such matter.", "matter")
    return found


def _said(now: CompiledCatalog, entry: Entry) -> HttpResponse:
    told = {
        **brief(entry),
        "catalogue": now.digest,
        "version": now.number,
        "filing": entry.filing,
        "closing": entry.closing,
        "milestones": [{"names": step.names, "limit": step.limit.text} for step in entry.milestones],
        "stages": sorted(entry.stages),
        "level": entry.level,
        "public_place": entry.public_place,
        "questions": [question.model_dump(mode="json") for question in entry.questions],
        "lines": [_line(rule) for rule in now.lines_of(entry.code)],
    }
    return said(told, tag=now.digest)


def _line(rule: Rule) -> dict[str, Any]:
    return {
        "matter": rule.matter,
        "unit": rule.unit,
        "lead": rule.lead,
        "assisting": [one.organisation for one in rule.assisting],
        "own": rule.source == OWN,
    }
