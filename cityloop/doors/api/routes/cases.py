"""Reading cases: lists, one whole, its timeline."""

from django.http import HttpRequest, HttpResponse
from ninja import Query

from cityloop.doors.api import shown
from cityloop.doors.api.answers import listed, said, unchanged
from cityloop.doors.api.asked import CasesAsked, Paged, near, wanted
from cityloop.doors.api.bodies import known_query
from cityloop.doors.api.door import READ, api, scope_of
from cityloop.doors.api.openapi import can
from cityloop.doors.api.paging import Id, following, place_of
from cityloop.doors.api.schemas import CaseOut, CasesPage, StepsPage
from cityloop.loops.cases import listing, queries
from cityloop.loops.cases.loop import pinned
from cityloop.town.calendar.clock import city_clock
from cityloop.town.files import queries as files


@api.get("/cases", response=can(CasesPage, 200, "key query"), auth=READ, tags=["cases"])
def cases(request: HttpRequest, asked: Query[CasesAsked]) -> HttpResponse:
    """List the cases this key may see, the newest first; `next` is the address of the next page."""
    known_query(request, asked)
    now, place = city_clock.now(), place_of(asked.cursor, Id)
    rows = listing.briefs(
        scope_of(request), wanted(asked, now), near(asked.bbox, asked.since),
        before=place.id if place else 0, most=asked.limit + 1,
    )  # fmt: skip
    page = rows[: asked.limit]
    more = following(request, Id(page[-1].id)) if len(rows) > asked.limit else ""
    return listed([shown.brief(row, now) for row in page], more)


@api.get("/cases/{number}", response=can(CaseOut, 200, "key path tag"), auth=READ, tags=["cases"])
def case(request: HttpRequest, number: str) -> HttpResponse:
    """Give a case with its parts, clocks, requests, milestones, photos and links."""
    found = queries.by_number(number, scope_of(request))
    tag = f"{found.seq}"
    return unchanged(request, tag) or said(shown.full(found, files.of(found.subject), city_clock.now()), tag=tag)


@api.get("/cases/{number}/timeline", response=can(StepsPage, 200, "key path query tag"), auth=READ, tags=["cases"])
def timeline(request: HttpRequest, number: str, asked: Query[Paged]) -> HttpResponse:
    """List the steps of a case, the newest first, with their words and photos."""
    known_query(request, asked)
    found = queries.by_number(number, scope_of(request))
    tag, place = f"{found.seq}-{asked.limit}-{asked.cursor}", place_of(asked.cursor, Id)
    same = unchanged(request, tag)
    if same is not None:
        return same
    moments = [m for m in queries.timeline(found, internal=True) if place is None or m.step.seq < place.id]
    page = moments[: asked.limit]
    more = following(request, Id(page[-1].step.seq)) if len(moments) > asked.limit else ""
    return listed([shown.step(m, pinned(found.definition)) for m in page], more, tag=tag)
