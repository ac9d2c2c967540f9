"""Whose key this is, and what its posts must do now."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from cityloop.doors.api import shown
from cityloop.doors.api.answers import listed, said
from cityloop.doors.api.asked import Paged
from cityloop.doors.api.bodies import known_query
from cityloop.doors.api.door import READ, access, api, scope_of
from cityloop.doors.api.openapi import can
from cityloop.doors.api.paging import Due, following, place_of
from cityloop.doors.api.schemas import DutiesPage, MeOut
from cityloop.doors.api.schemas_in import Text
from cityloop.doors.api.times import maybe
from cityloop.loops.cases import numbers, queries
from cityloop.loops.cases.loop import LOOP
from cityloop.loops.sensing import alarms as sensing
from cityloop.loops.sensing.loop import LOOP as ALARM
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import rfc3339
from cityloop.town.orgs.authority import Scope
from cityloop.town.worklist import queries as worklist


class WorkAsked(Paged):
    """Which duties."""

    what: Text = Field("", max_length=40, description="A kind of duty, such as a state of the loop.")
    unit: Text = Field("", max_length=32, description="A unit and all below it.")


@api.get("/me", response=can(MeOut, 200, "key"), auth=READ, tags=["work"])
def me(request: HttpRequest) -> HttpResponse:
    """Say whose key this is, what it is good for, and which posts its account holds now."""
    mine, scope = access(request), scope_of(request)
    return said({
        "username": mine.account.username,
        "label": mine.label,
        "scopes": sorted(mine.scopes),
        "per_minute": mine.per_minute,
        "posts": [_post(grant) for grant in scope.grants],
    })  # fmt: skip


def _post(grant: Any) -> dict[str, Any]:
    named = {name: getattr(grant, name) for name in ("post", "role", "level", "sees")}
    return {**named, "organisation": shown.key_of(grant.org), "unit": grant.unit_code}


@api.get("/worklist", response=can(DutiesPage, 200, "key query"), auth=READ, tags=["work"])
def duties(request: HttpRequest, asked: Query[WorkAsked]) -> HttpResponse:
    """List what the posts of this account must do now about cases and alarms, least time left first."""
    known_query(request, asked)
    scope, now, place = scope_of(request), city_clock.now(), place_of(asked.cursor, Due)
    rows = worklist.narrowed(worklist.inbox(scope), worklist.Narrow(what=asked.what, unit=asked.unit))
    after = worklist.Place("", place.due, place.id) if place else None
    found = worklist.page(rows, after, asked.limit + 1)
    page = found[: asked.limit]
    cases = queries.by_ids(scope, {row.subject_id for row in page if row.loop == LOOP})
    alarms = sensing.by_ids(scope, queries.ids_of_part, {row.subject_id for row in page if row.loop == ALARM})
    last = page[-1] if len(found) > asked.limit else None
    more = following(request, Due(worklist.NEVER if last.due is None else last.due, last.pk)) if last else ""
    subjects: dict[str, dict[int, Any]] = {LOOP: cases, ALARM: alarms}
    known = [(row, subjects[row.loop][row.subject_id]) for row in page if row.subject_id in subjects.get(row.loop, {})]
    return listed([_duty(row, subject, scope, now) for row, subject in known], more)


def _duty(row: Any, subject: Any, scope: Scope, now: int) -> dict[str, Any]:
    if row.loop == ALARM:
        number, href = "", f"{shown.ROOT}/alarms/{subject.pk}"
        actions = href  # an alarm says itself what may be done about it
    else:
        number = numbers.number(subject)
        href, actions = shown.href(number), f"{shown.href(number)}/actions"
    return {
        "loop": row.loop,
        "number": number,
        "what": row.what,
        "slot": row.slot,
        "role": row.role,
        "organisation": shown.key_of(row.org),
        "mine": bool(row.person) and row.person == scope.person,
        "unit": row.unit_code,
        "opened": rfc3339(row.opened),
        "due": maybe(row.due),
        "late": _late(row, now),
        "href": href,
        "actions": actions,
    }


def _late(row: Any, now: int) -> str:
    if row.due is None:
        return "ontime"
    return "over" if row.due <= now else "due" if row.due80 is not None and row.due80 <= now else "ontime"
