"""Reading cases: lists, one whole, its timeline."""

from django.http import HttpRequest, HttpResponse
from ninja import Query

from cityloop.doors.api import shown
from cityloop.doors.api.answers import encode, linked, listed, tag_of_state, unchanged, written
from cityloop.doors.api.asked import CasesAsked, Paged, looked_for, near, refuse_unknown
from cityloop.doors.api.bodies import known_query
from cityloop.doors.api.door import READ, api, scope_of
from cityloop.doors.api.openapi import can
from cityloop.doors.api.paging import Id, following, place_of
from cityloop.doors.api.schemas import CaseOut, CasesPage, StepsPage
from cityloop.loops.cases import history, listing, queries
from cityloop.loops.cases.listing import Near
from cityloop.loops.cases.loop import pinned
from cityloop.loops.cases.queries import Wanted
from cityloop.loops.cases.search.asking import Looked
from cityloop.town.calendar.clock import city_clock
from cityloop.town.files import queries as files
from cityloop.town.orgs.authority import Scope


@api.get("/cases", response=can(CasesPage, 200, "key query"), auth=READ, tags=["cases"])
def cases(request: HttpRequest, asked: Query[CasesAsked]) -> HttpResponse:
    """List the cases this key may see, the newest first; `next` is the address of the next page.

    With `q` those that have all its words; `meant` says what a mistyped word was taken for.
    """
    known_query(request, asked)
    now, place = city_clock.now(), place_of(asked.cursor, Id)
    (found, looked), scope = looked_for(request, asked, now), scope_of(request)
    before, most = place.id if place else 0, asked.limit + 1
    rows = briefs_of(scope, found, looked, near(asked.bbox, asked.since), before, most)
    if not rows and not before:
        refuse_unknown(found)
    page = rows[: asked.limit]
    more = following(request, Id(page[-1].id)) if len(rows) > asked.limit else ""
    meant = [{"word": word, "taken_for": list(others)} for word, others in looked.meant]
    return listed([shown.brief(row, now) for row in page], more, meant=meant)


def briefs_of(
    scope: Scope, found: Wanted, looked: Looked, near_by: Near, before: int, most: int
) -> list[listing.Brief]:
    """Give the rows of a list, of those with the words asked for alone where words are."""
    if looked.asked is not None:
        return listing.briefs_with_words(scope, found, near_by, looked.asked, before=before, most=most)
    return listing.briefs(scope, found, near_by, before=before, most=most)


@api.get("/cases/{number}", response=can(CaseOut, 200, "key path tag"), auth=READ, tags=["cases"])
def case(request: HttpRequest, number: str) -> HttpResponse:
    """Give a case with its parts, clocks, requests, milestones, photos and links."""
    found = queries.by_number(number, scope_of(request))
    body = encode(shown.full(found, files.of(found.subject), city_clock.now()))
    tag = tag_of_state(found.seq, body)
    return unchanged(request, tag) or written(body, tag=tag)


@api.get("/cases/{number}/timeline", response=can(StepsPage, 200, "key path query tag"), auth=READ, tags=["cases"])
def timeline(request: HttpRequest, number: str, asked: Query[Paged]) -> HttpResponse:
    """List the steps of a case, the newest first, with their words and photos."""
    known_query(request, asked)
    found = queries.by_number(number, scope_of(request))
    place = place_of(asked.cursor, Id)
    moments = [m for m in history.timeline(found, internal=True) if place is None or m.step.seq < place.id]
    page = moments[: asked.limit]
    more = following(request, Id(page[-1].step.seq)) if len(moments) > asked.limit else ""
    body = encode({"items": [shown.step(m, pinned(found.definition)) for m in page], "next": more or None})
    tag = tag_of_state(found.seq, body)
    return unchanged(request, tag) or linked(written(body, tag=tag), more)
