"""Alarms of the city's instruments: which stand, what became of each, and what may be done about it."""

from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from cityloop.doors.api.answers import listed, said
from cityloop.doors.api.asked import Flag, Paged
from cityloop.doors.api.bodies import json_body, known_query
from cityloop.doors.api.door import ACT, READ, api, scope_of
from cityloop.doors.api.openapi import can
from cityloop.doors.api.paging import Id, following, place_of
from cityloop.doors.api.schemas_alarms import AlarmActIn, AlarmOut, AlarmsPage
from cityloop.doors.api.schemas_in import Text
from cityloop.doors.api.shown import ROOT
from cityloop.doors.api.shown import href as case_href
from cityloop.doors.api.times import maybe
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural
from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases import numbers
from cityloop.loops.cases import queries as cases
from cityloop.loops.sensing import alarms as sensing
from cityloop.loops.sensing.actions import alarming
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import rfc3339
from cityloop.town.orgs.authority import Scope


class AlarmsAsked(Paged):
    """Which alarms."""

    standing: Flag = Field(True, description="Those that stand alone; false for all.")
    severity: Literal["", "minor", "moderate", "severe", "extreme"] = ""
    unit: Text = Field("", max_length=32, description="A unit and all below it.")
    rule: Text = Field("", max_length=190, description="plate/what is observed/alarm, or the beginning of one.")


@api.get("/alarms", response=can(AlarmsPage, 200, "key query"), auth=READ, tags=["alarms"])
def all_alarms(request: HttpRequest, asked: Query[AlarmsAsked]) -> HttpResponse:
    """List alarms, the newest first."""
    known_query(request, asked)
    scope, place = scope_of(request), place_of(asked.cursor, Id)
    rows = sensing.listed(
        scope, cases.ids_of_part, standing=asked.standing, severity=asked.severity, unit=asked.unit, rule=asked.rule,
        before=place.id if place else 0, most=asked.limit + 1,
    )  # fmt: skip
    page = rows[: asked.limit]
    more = following(request, Id(page[-1].pk)) if len(rows) > asked.limit else ""
    return listed(_shown(page, scope), more)


@api.get("/alarms/{alarm}", response=can(AlarmOut, 200, "key path"), auth=READ, tags=["alarms"])
def one_alarm(request: HttpRequest, alarm: str) -> HttpResponse:
    """Give an alarm, with the actions that may be taken on it now."""
    scope, now = scope_of(request), city_clock.now()
    found = sensing.one(scope, cases.ids_of_part, natural(alarm) or 0)
    return said({**_shown([found], scope)[0], "actions": [o.action for o in sensing.open_to(found, scope, now)]})


@api.post(
    "/alarms/{alarm}/actions/{action}", response=can(AlarmOut, 200, "key path body"), auth=ACT, tags=["alarms"]
)  # fmt: skip
def act(request: HttpRequest, alarm: str, action: str, body: AlarmActIn) -> HttpResponse:
    """Take an action on an alarm: acknowledge, look_again or dismiss."""
    json_body(request)
    scope, now = scope_of(request), city_clock.now()
    found = sensing.one(scope, cases.ids_of_part, natural(alarm) or 0)
    offer = next((one for one in sensing.open_to(found, scope, now) if one.action == action), None)
    if offer is None:
        raise Refusal("authority.denied", "None of your posts may do this now.", "action")
    data = {"words": body.words} if body.words else {}
    made = alarming.take(
        alarm=found.pk, act=Act(action, data), by=offer.actor, at=now, expected=body.expected, scope=scope
    )
    return said({**_shown([made], scope)[0], "actions": [o.action for o in sensing.open_to(made, scope, now)]})


def _shown(found: list[Any], scope: Scope) -> list[dict[str, Any]]:
    known = cases.by_ids(scope, {one.case for one in found if one.case})
    return [_one(one, numbers.number(known[one.case]) if one.case in known else "") for one in found]


def _one(alarm: Any, case: str) -> dict[str, Any]:
    return {
        "id": alarm.pk,
        "rule": alarm.rule,
        "about": alarm.about,
        "state": alarm.state,
        "severity": alarm.severity,
        "matter": alarm.matter,
        "unit": alarm.unit_code,
        "place": alarm.place,
        "lon": alarm.lon,
        "lat": alarm.lat,
        "since": rfc3339(alarm.since),
        "raised": rfc3339(alarm.raised),
        "ended": maybe(alarm.ended),
        "value": alarm.value,
        "worst": alarm.worst,
        "case": case,
        "case_href": case_href(case) if case else "",
        "datastream": f"/sta/v1.1/Datastreams({alarm.datastream_id})" if alarm.datastream_id else "",
        "seq": alarm.seq,
        "href": f"{ROOT}/alarms/{alarm.pk}",
        "actions": [],
    }
