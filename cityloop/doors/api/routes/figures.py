"""Counts by unit, now or at an earlier hour; and lists as files."""

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query
from pydantic import Field

from cityloop.doors.api import ports
from cityloop.doors.api.answers import said
from cityloop.doors.api.asked import Asked, Filters, Kind, looked_for
from cityloop.doors.api.bodies import known_query
from cityloop.doors.api.door import READ, api, scope_of
from cityloop.doors.api.openapi import can
from cityloop.doors.api.schemas_desk import CountsOut
from cityloop.doors.api.schemas_in import Text
from cityloop.doors.api.times import instant
from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases import onmap
from cityloop.loops.cases.onmap import Counted
from cityloop.loops.cases.walking import Listed
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import rfc3339
from cityloop.town.ledger.actions import note_export
from cityloop.town.orgs.authority import Scope
from cityloop.town.units import queries as units

BACK = 24 * 3_600_000_000  # how far one may look back: the further, the more has to be counted
SQUARE_KM = 1_000_000


class CountsAsked(Asked):
    """Which unit, and when."""

    under: Text = Field("", max_length=32, description="A unit; the city itself where none is named.")
    at: Text = Field("", max_length=40, description="A time of the last 24 hours; now where none is named.")


@api.get("/counts", response=can(CountsOut, 200, "key path query"), auth=READ, tags=["places"])
def counts(request: HttpRequest, asked: Query[CountsAsked]) -> HttpResponse:
    """Count the open cases of each part of a unit, now or as they were at a time of the last 24 hours."""
    known_query(request, asked)
    scope, now = scope_of(request), city_clock.now()
    code = units.unit_of(asked.under, "under").code if asked.under else units.root().code
    at = _instant(asked.at, now) if asked.at else None
    counted = _counted(code, scope, now, at)
    parts = [_part(unit, counted.get(unit.code, Counted(0, 0))) for unit in units.children(code)]
    total = {name: sum(getattr(one, name) for one in counted.values()) for name in ("open", "over")}
    return said({"under": code, "at": rfc3339(now if at is None else at), **total, "items": parts})


def _instant(text: str, now: int) -> int:
    at = instant(text, "at")
    if not now - BACK <= at <= now:
        raise Refusal("api.time.range", "Give a time of the last 24 hours.", "at")
    return at


def _counted(code: str, scope: Scope, now: int, at: int | None) -> dict[str, Counted]:
    cut = units.scheme()
    width = cut.lengths[min(cut.level_of(code) + 1, cut.depth)]
    return onmap.by_unit(code, width, scope, now) if at is None else onmap.by_unit_at(code, width, scope, at)


def _part(unit: Any, count: Counted) -> dict[str, Any]:
    return {
        "unit": unit.code,
        "names": unit.names,
        "level": unit.level,
        "open": count.open,
        "over": count.over,
        "km2": round(unit.area_m2 / SQUARE_KM, 4),
        "inhabitants": None if unit.population is None else round(unit.population),
    }


@api.get("/exports/{kind}", response=can(None, 200, "key path query"), auth=READ, tags=["cases"])
def export(request: HttpRequest, kind: Path[Annotated[Kind, Field()]], asked: Query[Filters]) -> HttpResponse:
    """Give the cases of a list as a file: CSV, XLSX or GeoJSON, just as the desk gives it; noted on the ledger.

    CSV and GeoJSON hold all of them, however many, the newest first: those there were when it began, each once and as
    it stood when it was written. A workbook holds the first 20,000, and says so where there are more. Nobody's name or
    words are in it.
    """
    known_query(request, asked)
    scope, now = scope_of(request), city_clock.now()
    if not scope.sees_anything():
        raise Refusal("authority.denied", "None of your posts sees any case: there is nothing to take.")
    wanted, looked = looked_for(request, asked, now)
    filters = sorted(name for name in request.GET if request.GET[name])
    note_export(by=scope.actors()[0], at=now, kind=kind, filters=filters)
    return ports.files()(kind, Listed(scope, wanted, looked.asked), now)
