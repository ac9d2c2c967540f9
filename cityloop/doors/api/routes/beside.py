"""What stands beside a case: likely duplicates, neighbours, receipt and promise, the case on paper."""

from typing import Any, Literal

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from cityloop.doors.api import ports, shown
from cityloop.doors.api.answers import said
from cityloop.doors.api.asked import Asked, Flag, Whole
from cityloop.doors.api.bodies import known_query
from cityloop.doors.api.door import READ, api, scope_of
from cityloop.doors.api.openapi import can
from cityloop.doors.api.schemas_desk import AlikesOut, MessagesOut, NearsOut, PromiseOut, ReceiptOut, RepliesOut
from cityloop.ground.loop.definition import Definition
from cityloop.loops.cases import behind, duplicates, history, queries, telling
from cityloop.loops.cases.loop import pinned
from cityloop.loops.cases.neighbours import around
from cityloop.town.calendar.clock import city_clock
from cityloop.town.catalog import queries as catalog
from cityloop.town.persons.queries import words_of_many

MEASURED = 500


class NearAsked(Asked):
    """How far around, and whether open cases alone."""

    radius: Whole = Field(250, ge=10, le=2000, description="Metres.")
    open: Flag | None = None
    limit: Whole = Field(50, ge=1, le=200)


@api.get("/cases/{number}/alike", response=can(AlikesOut, 200, "key path"), auth=READ, tags=["cases"])
def alike(request: HttpRequest, number: str) -> HttpResponse:
    """List open cases that may be about the same thing, the likeliest first: near, about the same time, similar."""
    scope, now = scope_of(request), city_clock.now()
    case = queries.by_number(number, scope)
    if case.lon is None or case.lat is None or case.closed is not None or case.into_id:
        return said({"items": []})
    words = words_of_many([case.subject], "1:collect:words").get(case.subject, "")
    found = duplicates.likely(
        lon=case.lon, lat=case.lat, at=case.created, matter=case.matter, words=words, but=case.pk, most=10,
        among=queries.visible(scope),
    )  # fmt: skip
    return said({"items": [_alike(one, now) for one in found]})


def _alike(one: duplicates.Likely, now: int) -> dict[str, Any]:
    told = {"metres": round(one.metres, 1), "score": one.score, "seconds": one.micros / 1_000_000}
    return {**shown.brief(one.case, now), **told}


@api.get("/cases/{number}/neighbours", response=can(NearsOut, 200, "key path query"), auth=READ, tags=["cases"])
def neighbours(request: HttpRequest, number: str, asked: Query[NearAsked]) -> HttpResponse:
    """List cases around a case, the nearest first; of very many the open and the newest are measured."""
    known_query(request, asked)
    scope, now = scope_of(request), city_clock.now()
    case = queries.by_number(number, scope)
    those = Q() if asked.open is None else Q(closed__isnull=asked.open)
    near = around(case, scope, float(asked.radius), those, MEASURED)[: asked.limit]
    return said({"items": [{**shown.brief(one.case, now), "metres": round(one.metres, 1)} for one in near]})


class MessagesAsked(Asked):
    """Which of them."""

    side: Literal["city", "reporter", "note", ""] = Field("", description="One side alone; all where none is named.")


@api.get("/cases/{number}/messages", response=can(MessagesOut, 200, "key path query"), auth=READ, tags=["cases"])
def messages(request: HttpRequest, number: str, asked: Query[MessagesAsked]) -> HttpResponse:
    """Give what passed between the city and the reporter, and the notes of staff, the oldest first.

    To write, take the action: `note`, or one that the reporter is told of, such as `ask_reporter`.
    """
    known_query(request, asked)
    case = queries.by_number(number, scope_of(request))
    definition = pinned(case.definition)
    told = [_message(m, definition) for m in reversed(history.timeline(case, internal=True)) if telling.side(m.step)]
    told = [one for one in told if one["words"] or one["photos"]]
    return said({"items": [one for one in told if asked.side in ("", one["side"])]})


def _message(moment: Any, definition: Definition) -> dict[str, Any]:
    step = shown.step(moment, definition)
    kept = {name: step[name] for name in ("seq", "at", "what", "names", "role", "organisation", "photos")}
    return {**kept, "side": telling.side(moment.step), "words": list(step["words"].values())}


@api.get("/cases/{number}/replies", response=can(RepliesOut, 200, "key path"), auth=READ, tags=["cases"])
def replies(request: HttpRequest, number: str) -> HttpResponse:
    """Give the words that the catalogue has ready for a case of this matter in this state."""
    case = queries.by_number(number, scope_of(request))
    version, fitting = catalog.current(), dict[str, tuple[Any, list[str]]]()
    for action in pinned(case.definition).source.actions:
        for reply in version.replies(action, case.state, case.matter):
            fitting.setdefault(reply.key, (reply, []))[1].append(action)
    items = [
        {"key": key, "names": reply.names, "actions": actions, "words": reply.words}
        for key, (reply, actions) in fitting.items()
    ]
    return said({"language": behind.spoken(behind.reports_of(case)), "items": items})


@api.get("/cases/{number}/receipt", response=can(ReceiptOut, 200, "key path"), auth=READ, tags=["cases"])
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """Give the receipt of a case: every sealed step with its place under the signed roots."""
    return said(history.receipt_of(queries.by_number(number, scope_of(request)).pk))


@api.get("/cases/{number}/promise", response=can(PromiseOut, 200, "key path"), auth=READ, tags=["cases"])
def promise(request: HttpRequest, number: str) -> HttpResponse:
    """Give the signed promise that the first report was answered with."""
    return said(history.promise_of(queries.by_number(number, scope_of(request))))


@api.get("/cases/{number}/paper", response=can(None, 200, "key path"), auth=READ, tags=["cases"])
def paper(request: HttpRequest, number: str) -> HttpResponse:
    """Give a case on paper: a tagged PDF with its photos, in the language of `Accept-Language`."""
    scope = scope_of(request)
    found = queries.by_number(number, scope)
    return ports.paper()(found, scope, city_clock.now())
