"""Calendars, names of units and loops as they are set up."""

import re
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from cityloop.doors.api.answers import said, unchanged
from cityloop.doors.api.bodies import json_body
from cityloop.doors.api.door import READ, SETUP, api
from cityloop.doors.api.openapi import can
from cityloop.doors.api.routes.places import _unit as unit_told
from cityloop.doors.api.schemas import UnitOut
from cityloop.doors.api.schemas_settings import CalendarIn, CalendarOut, CalendarsOut, LoopOut, UnitIn
from cityloop.doors.api.settings import matched, reader, setter
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.definition import Definition
from cityloop.ground.loop.verify import Edge, edges_of, verify
from cityloop.loops.cases import loop as cases
from cityloop.loops.sensing import loop as alarms
from cityloop.town.calendar import actions
from cityloop.town.calendar import queries as calendar
from cityloop.town.calendar.clock import city_clock
from cityloop.town.units import queries as units
from cityloop.town.units.actions import naming

LOOPS = {cases.LOOP: cases.present, alarms.LOOP: alarms.present}

FIELDS = ("key", "names", "zone", "shifts", "day_minutes", "country", "subdivision", "holidays", "workdays")
_KEY = re.compile(r"[a-z0-9][a-z0-9_.-]{0,59}")


@api.get("/settings/calendars", response=can(CalendarsOut, 200, "key"), auth=READ, tags=["settings"])
def calendars(request: HttpRequest) -> HttpResponse:
    """List the calendars by key; `city` is the one that holds where no other is named."""
    reader(request)
    return said({"items": [_told(row) for row in calendar.listed()]})


@api.get(
    "/settings/calendars/{calendar_key}", response=can(CalendarOut, 200, "key path tag"), auth=READ, tags=["settings"]
)
def one(request: HttpRequest, calendar_key: str) -> HttpResponse:
    """Give a calendar."""
    reader(request)
    row = calendar.calendar_named(calendar_key)
    if row is None:
        raise Refusal("api.none", "There is no such calendar.", "calendar_key")
    return unchanged(request, row.revision) or said(_told(row), tag=row.revision)


@api.put(
    "/settings/calendars/{calendar_key}", response=can(CalendarOut, 200, "key path body match"), auth=SETUP,
    tags=["settings"],
)  # fmt: skip
@transaction.atomic
def keep(request: HttpRequest, calendar_key: str, body: CalendarIn) -> HttpResponse:
    """Make a calendar or change it whole; clocks that run are not reckoned anew, later questions are."""
    json_body(request)
    by = setter(request)
    if not _KEY.fullmatch(calendar_key):
        raise Refusal("api.none", "Name a calendar by small letters, digits and . _ - only.", "calendar_key")
    before = calendar.calendar_named(calendar_key)
    matched(request, before.revision if before else "", f"calendar:{calendar_key}")
    row = actions.keep_calendar(key=calendar_key, by=by, at=city_clock.now(), **body.dict())
    return said(_told(row), tag=row.revision)


def _told(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in FIELDS}


@api.patch("/settings/units/{code}", response=can(UnitOut, 200, "key path body match"), auth=SETUP, tags=["settings"])
@transaction.atomic
def rename(request: HttpRequest, code: str, body: UnitIn) -> HttpResponse:
    """Give a unit other names; codes and borders change by reforms alone."""
    json_body(request)
    by = setter(request)
    matched(request, units.city().units_version, f"unit:{units.unit_of(code, field='code').pk}", "units:city")
    unit = naming.rename(code=code, names=body.names, by=by, at=city_clock.now())
    return said(unit_told(unit))


@api.get("/settings/loops/{loop}", response=can(LoopOut, 200, "key path tag"), auth=READ, tags=["settings"])
def loop(request: HttpRequest, loop: str) -> HttpResponse:
    """Give a loop as it is defined here: states, ways, and what its verifier finds."""
    reader(request)
    if loop not in LOOPS:
        raise Refusal("api.none", "There is no such loop; there are: {known}.", "loop", known=", ".join(LOOPS))
    now = LOOPS[loop]()
    return unchanged(request, now.digest) or said(_loop(loop, now), tag=now.digest)


def _loop(key: str, now: Definition) -> dict[str, Any]:
    return {
        "key": key,
        "names": dict(now.source.names),
        "profile": now.profile_name,
        "digest": now.digest,
        "states": [_state(key, state) for key, state in now.states.items()],
        "ways": [_way(now, edge) for edge in edges_of(now) if not edge.start],
        "findings": [{"code": f.code, "where": f.where, "message": f.message} for f in verify(now)],
    }


def _state(key: str, state: Any) -> dict[str, Any]:
    named = {name: getattr(state, name) for name in ("track", "holder", "clock", "end")}
    return {"key": key, "names": dict(state.names), **named}


def _way(now: Definition, edge: Edge) -> dict[str, Any]:
    action = now.source.actions.get(edge.action)
    names = dict(action.names) if action is not None else {}
    told = {"action": edge.action, "names": names, "source": edge.source, "target": edge.target}
    return {**told, "by": sorted(edge.by)}
