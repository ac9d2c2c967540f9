"""The page of one case, its actions, and the look at who reported it."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityloop.doors.web import imagery
from cityloop.doors.web.desk import replies, undo
from cityloop.doors.web.desk.beside import status as status_near
from cityloop.doors.web.desk.casefile import File, casefile, changed
from cityloop.doors.web.guards import desk_page, scope_of, sent_from
from cityloop.doors.web.show import names, track
from cityloop.doors.web.show.acting import Form, actor_words, find, forms, reason, said
from cityloop.doors.web.show.times import hour
from cityloop.doors.web.taking import Failed, attempt
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural
from cityloop.ground.loop.offers import Offer
from cityloop.loops.cases import behind, numbers, queries
from cityloop.loops.cases.loop import pinned
from cityloop.loops.cases.neighbours import Neighbour, neighbours
from cityloop.town.calendar.clock import city_clock
from cityloop.town.orgs.authority import Scope
from cityloop.town.orgs.roles import MAY_LOOK
from cityloop.town.persons import actions as looking
from cityloop.town.persons import queries as persons
from cityloop.town.units import queries as units

MARKS = 12


@require_safe
@desk_page
def case(request: HttpRequest, number: str) -> HttpResponse:
    """Show a case."""
    return page(request, queries.by_number(number, scope_of(request)))


def page(request: HttpRequest, found: Any, failed: Failed | None = None, **more: Any) -> HttpResponse:
    """Draw the page, with what was refused a moment ago still filled in."""
    now, scope = city_clock.now(), scope_of(request)
    path = names.path(found.unit_code)
    place, reports = names.place(path, 4) or _("Place not known"), behind.reports_of(found)
    actors = queries.actors_for(found, scope)
    offered, denied = queries.open_to(found, actors, now)
    tried = failed.tried if failed else None
    where = (found.unit_code, place)
    bar = forms(offered, pinned(found.definition), queries.snapshot_of(found), where, now, tried)
    replies.offer(bar, found, reports, path)
    told = casefile(found, place, now, scope, reports)
    context = {
        "section": "cases",
        "case": found,
        "file": told,
        "forms": bar,
        "denied": [(names.words(d.names), reason(d)) for d in denied],
        "posts": actor_words(actors, pinned(found.definition)),
        "may_look": may_look(actors),
        "fresh": hour(now),
        "write": key_for(bar, "message") or key_for(bar, "ask_reporter"),
        "note": key_for(bar, "note"),
        "above": imagery.around(scope, found.lon, found.lat, found.created),
        "around": units.scheme().parent_of(found.unit_code),
        **refused(failed, told, bar),
        **more,
    }
    answer = render(request, "desk/case.html", context, status=status_of(failed))
    return imagery.allow(answer, context["above"].layers if context["above"] else [])


def key_for(bar: list[Form], action: str) -> str:
    """Give the key of the form for an action, "" where it is not open."""
    return next((form.key for form in bar if form.action == action), "")


def status_of(failed: Failed | None) -> int:
    """Give the status of the answer: 409 where somebody else acted first, 422 where something must be mended."""
    return 200 if failed is None else 409 if failed.changed else 422


def refused(failed: Failed | None, shown: File, bar: list[Any]) -> dict[str, Any]:
    """Say what was refused: what others did meanwhile, and the words typed where their form is gone."""
    if failed is None:
        return {}
    seq = natural(str(failed.tried.typed.get("seq", "")))
    gone = not any(form.key == failed.tried.key for form in bar)
    typed = [failed.tried.typed.get(name, "") for name in ("words", "question")]
    return {
        "failed": failed,
        "refusal": said(failed.tried.error),
        "meanwhile": changed(shown.lines, seq) if failed.changed and seq is not None else [],
        "lost": " ".join(t for t in typed if t) if gone else "",
    }


@sent_from("desk:case")
@desk_page
def act(request: HttpRequest, number: str) -> HttpResponse:
    """Take an action on a case."""
    scope, now = scope_of(request), city_clock.now()
    found = queries.by_number(number, scope)
    offered, _denied = queries.open_to(found, queries.actors_for(found, scope), now)
    failed = attempt(request, found, offered, now, scope)
    if failed is not None:
        return page(request, queries.by_number(number, scope), failed)
    offer = find(offered, str(request.POST.get("offer", "")))
    after = seen(number, scope)
    said_done = _("{action}: done, {number}.").format(action=names.words(offer.names) if offer else "", number=number)
    undo.success(request, said_done, back(request, offer, found, after))
    return HttpResponseRedirect(onwards(request, number, after), status=303)


def back(request: HttpRequest, offer: Offer | None, before: Any, after: Any) -> dict[str, str] | None:
    """Give what takes an action back; None where it cannot be, or where the case is no longer seen."""
    if offer is None or after is None:
        return None
    number = numbers.number(after)
    return undo.step(
        to=reverse("desk:act", args=[number]), action=offer.action, post=offer.actor.post, seq=after.seq,
        after=onwards(request, number, after), into=numbers.number(before.into) if before.into_id else "",
    )  # fmt: skip


def seen(number: str, scope: Scope) -> Any:
    """Give a case as it is after an action; None where it is no longer seen by who acted."""
    try:
        return queries.by_number(number, scope)
    except Refusal:
        return None


def onwards(request: HttpRequest, number: str, after: Any) -> str:
    """Give the page to go on to: the one named if it is ours, else the case while it is still seen, else the inbox."""
    wanted = str(request.POST.get("next", ""))
    if wanted and url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return reverse("desk:case", args=[number]) if after is not None else reverse("desk:home")


def may_look(actors: Any) -> Any:
    """Give the actor in whose post someone may see who reported, None where none of theirs may."""
    return next((a for a in actors if a.role in MAY_LOOK), None)


@require_safe
@desk_page
def mark(request: HttpRequest, number: str) -> HttpResponse:
    """Give the place of a case, and of what else is near, as marks for the map on its page. Two queries."""
    scope, now = scope_of(request), city_clock.now()
    found = queries.by_number(number, scope)
    told = {"id": number, "status": casefile_status(found, now), "name": names.matter(found.matter), "here": True}
    features = [point(found, told)] if found.lon is not None else []
    features += [point(one.case, near_by(one, now)) for one in neighbours(found, scope, now)[:MARKS]]
    return JsonResponse({"type": "FeatureCollection", "features": features})


def near_by(one: Neighbour, now: int) -> dict[str, Any]:
    """Say of a case near by what its mark tells."""
    number = numbers.number(one.case)
    words = _("{matter}, {metres} m away").format(matter=names.matter(one.case.matter), metres=round(one.metres))
    href = reverse("desk:case", args=[number])
    return {"id": number, "status": status_near(one.case, now), "name": words, "href": href}


def point(case: Any, told: dict[str, Any]) -> dict[str, Any]:
    """Give the place of a case as GeoJSON."""
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [case.lon, case.lat]}, "properties": told}


def casefile_status(found: Any, now: int) -> str:
    """Give the status in whose colour a case is marked."""
    return "ver" if found.state == "closed" else track.bar(found, queries.snapshot_of(found), now).status


@sent_from("desk:case")
@desk_page
def contact(request: HttpRequest, number: str) -> HttpResponse:
    """Show who reported, once, for a purpose that is kept."""
    scope, now = scope_of(request), city_clock.now()
    found = queries.by_number(number, scope)
    actor = may_look(queries.actors_for(found, scope))
    wanted = natural(str(request.POST.get("person", "")))
    known = {row.person for row in behind.reports_of(found) if row.person}
    if actor is None or wanted not in known:
        raise Http404
    person = persons.persons_of([wanted]).get(wanted)
    if person is None:
        raise Http404
    try:
        seen = looking.look(person=person, by=actor, at=now, purpose=str(request.POST.get("purpose", "")))
    except Refusal as refusal:
        return page(request, found, contact_error=said(refusal))
    return page(request, found, contact=seen, contact_person=person.pk)
