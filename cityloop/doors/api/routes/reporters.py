"""Who reported: reports taken down by an officer, who is behind a case, and the look at how to reach them."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from cityloop.doors.api import shown
from cityloop.doors.api.answers import said
from cityloop.doors.api.bodies import json_body
from cityloop.doors.api.door import ACT, READ, api, client_of, scope_of
from cityloop.doors.api.openapi import can
from cityloop.doors.api.schemas import CollectedOut
from cityloop.doors.api.schemas_desk import ContactIn, ContactOut, EnteredIn, ReportersOut
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural
from cityloop.ground.loop.actor import Actor
from cityloop.loops.cases import actions, behind, numbers, queries
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import rfc3339
from cityloop.town.orgs.authority import Scope
from cityloop.town.orgs.roles import MAY_ENTER, MAY_LOOK
from cityloop.town.persons import actions as looking
from cityloop.town.persons import queries as persons


@api.post("/cases", response=can(CollectedOut, 201, "key body once"), auth=ACT, tags=["reports"])
def enter(request: HttpRequest, body: EnteredIn) -> HttpResponse:
    """Take down a report that came by phone, at the counter, by letter or e-mail, in the post of who takes reports.

    With the channel `inspector` it is what the sender found: in a post of an inspector that covers the place, and
    without name, phone or e-mail. Somebody else proves and checks it.

    The header `Idempotency-Key` makes repeating it safe for a day.
    """
    json_body(request)
    report = actions.Report(**body.dict())
    collected = actions.collect(
        report=report, by=_post(report, scope_of(request)), at=city_clock.now(), door="api.desk",
        client=client_of(request), key=request.headers.get("Idempotency-Key", ""),
    )  # fmt: skip
    return said({"number": collected.number, "follow": collected.follow, "promise": collected.promise}, 201)


def _post(report: actions.Report, scope: Scope) -> Actor:
    """Give the post in which a report is entered: for a find of one's own, one that covers the place."""
    if report.channel == actions.FIND:
        return actions.finder(report=report, scope=scope)
    by = next((actor for actor in scope.actors() if actor.role in MAY_ENTER), None)
    if by is None:
        raise Refusal("authority.denied", "None of your posts takes reports.")
    return by


@api.get("/cases/{number}/reports", response=can(ReportersOut, 200, "key path"), auth=READ, tags=["reports"])
def reporters(request: HttpRequest, number: str) -> HttpResponse:
    """List the reports a case grew from, each with who made it, masked."""
    scope = scope_of(request)
    case = queries.by_number(number, scope)
    reports = behind.reports_of(case)
    known = persons.persons_of({row.person for row in reports if row.person})
    may = any(actor.role in MAY_LOOK for actor in queries.actors_for(case, scope))
    items = [_reporter(row, known.get(row.person), case, may) for row in reports]
    return said({"items": items, "followers": behind.followers(case)})


def _reporter(row: Any, person: Any, case: Any, may: bool) -> dict[str, Any]:
    masked = persons.masked(person) if person is not None else persons.Masked("", "", "")
    at = f"{shown.href(numbers.number(case))}/reports/{row.pk}/contact"
    return {
        "report": row.pk,
        "case": numbers.number(row.case),
        "channel": row.channel,
        "created": rfc3339(row.created),
        "name": masked.name,
        "phone": masked.phone,
        "email": masked.email,
        "contact": at if may and person is not None else "",
    }


@api.post(
    "/cases/{number}/reports/{report}/contact", response=can(ContactOut, 200, "key path body"), auth=ACT,
    tags=["reports"],
)  # fmt: skip
def contact(request: HttpRequest, number: str, report: str, body: ContactIn) -> HttpResponse:
    """Give the name and addresses of who made a report, for a purpose that is kept with who asked and when."""
    json_body(request)
    scope = scope_of(request)
    case = queries.by_number(number, scope)
    actor = next((a for a in queries.actors_for(case, scope) if a.role in MAY_LOOK), None)
    if actor is None:
        raise Refusal("authority.denied", "None of your posts may see who reported this case.")
    wanted = natural(report)
    person = next((row.person for row in behind.reports_of(case) if row.pk == wanted), 0)
    found = persons.persons_of([person]).get(person) if person else None
    if found is None:
        raise Refusal("api.none", "There is nobody behind such a report of this case.", "report")
    seen = looking.look(person=found, by=actor, at=city_clock.now(), purpose=body.purpose)
    return said({"name": seen.name, "phone": seen.phone, "email": seen.email})
