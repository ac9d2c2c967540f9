"""Reporting: place, matter, photo, words; likely duplicates before sending; contact is the reporter's choice."""

import secrets
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from cityloop.doors.web.guards import city_page, scope_of
from cityloop.doors.web.public import drafting
from cityloop.doors.web.public.drafting import Draft, Likely
from cityloop.doors.web.rate import brake
from cityloop.doors.web.show.times import language
from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases import actions as cases
from cityloop.loops.cases import numbers, queries
from cityloop.town.calendar.clock import city_clock
from cityloop.town.files import queries as files
from cityloop.town.units import queries as units

MOST, WITHIN = 30, 600
HINTS = 240  # questions for likely duplicates, which the form asks while someone types


@require_http_methods(["GET", "HEAD", "POST"])
@csrf_protect
@city_page
def report(request: HttpRequest) -> HttpResponse:
    """Show the form; take it in when it comes back."""
    if request.method != "POST":
        return page(request, drafting.begun(request.GET, secrets.token_urlsafe(18)))
    draft = drafting.with_photos(drafting.begun(request.POST), request, city_clock.now())
    if "find" in request.POST:
        return page(request, draft)
    draft = drafting.checked(draft)
    return page(request, draft, 422) if draft.errors else send(request, draft)


def send(request: HttpRequest, draft: Draft) -> HttpResponse:
    """Send a report, unless the same may have been reported already and the reporter has not been told."""
    at = city_clock.now()
    try:
        brake(request, "report", most=MOST, seconds=WITHIN)
        made, key = drafting.report_of(draft), draft.typed["key"]
        taken = cases.answered(report=made, at=at, door="web", key=key)
        found = drafting.likely(draft, at) if taken is None else []
        if found and not drafting.seen(draft, found):
            return render(request, "public/report_likely.html", {"draft": draft, "likely": found, **common(draft)})
        taken = taken or cases.collect(report=made, by=drafting.REPORTER, at=at, door="web", key=key)
    except Refusal as refusal:
        return page(request, again(draft, refusal), 422)
    return HttpResponseRedirect(reverse("public:sent", args=[taken.follow]), status=303)


def again(draft: Draft, refusal: Refusal) -> Draft:
    """Keep the draft with what is wrong; one sent already and changed since becomes a report of its own."""
    if refusal.code != "cases.key.reused":
        return draft.wrong(refusal)
    said = _("A report was sent from this form already. If this is another one, send it now.")
    return replace(draft, typed={**draft.typed, "key": secrets.token_urlsafe(18)}, errors={"form": said})


def page(request: HttpRequest, draft: Draft, status: int = 200) -> HttpResponse:
    """Draw the form with what is in it so far."""
    return render(request, "public/report.html", filled(draft, hinted(request, draft)), status=status)


def hinted(request: HttpRequest, draft: Draft) -> list[Likely]:
    """Give likely duplicates for a form that is being filled in; none to who asks too often."""
    try:
        brake(request, "hints", most=HINTS, seconds=WITHIN)
    except Refusal:
        return []
    return drafting.likely(draft, city_clock.now())


def filled(draft: Draft, likely: list[Likely]) -> dict[str, Any]:
    """Give everything the form prints; the desk's form for calls prints it too."""
    typed = draft.typed
    return {
        **common(draft),
        "draft": draft,
        "groups": drafting.matter_groups(typed["matter"]),
        "suggested": drafting.suggested(typed["words"]),
        "units": drafting.unit_choices(typed["place"]) if typed["place"] else None,
        "likely": likely,
        "contacts": contacts(draft),
    }


def contacts(draft: Draft) -> list[dict[str, str]]:
    """Give the three fields by which a reporter may be reached."""
    asked = (
        ("name", _("Name"), "text", "name"),
        ("phone", _("Phone"), "tel", "tel"),
        ("email", _("E-mail"), "email", "email"),
    )
    return [
        {
            "name": n,
            "label": label,
            "type": kind,
            "complete": c,
            "value": draft.typed[n],
            "error": draft.errors.get(n, ""),
        }
        for n, label, kind, c in asked
    ]


def common(draft: Draft) -> dict[str, Any]:
    """Give what both steps of the form show."""
    depth = min(2, units.scheme().depth)
    instead = reverse("public:follow-instead")
    return {"section": "report", "where": drafting.where(draft), "depth": depth, "instead_url": instead}


@require_POST
@csrf_protect
@city_page
def hints(request: HttpRequest) -> HttpResponse:
    """Give, while someone types: the place in words, matters that fit, likely duplicates."""
    draft = drafting.begun(request.POST)
    at_desk = bool(request.POST.get("desk")) and scope_of(request).sees_anything()
    seen = queries.visible(scope_of(request)) if at_desk else None
    found = drafting.likely(draft, city_clock.now(), seen) if at_desk else hinted(request, draft)
    suggested = drafting.suggested(draft.typed["words"])
    more = {"draft": draft, "likely": found, "suggested": suggested, **common(draft)}
    if at_desk:
        more["instead_url"] = reverse("desk:new-instead")
    return render(request, "public/report_hints.html", more)


@require_POST
@csrf_protect
@city_page
def follow_instead(request: HttpRequest) -> HttpResponse:
    """Follow the case that was reported already; words and photos of the draft are added to it."""
    draft = drafting.with_photos(drafting.begun(request.POST), request, city_clock.now())
    if draft.errors:
        return page(request, draft, 422)
    try:
        brake(request, "report", most=MOST, seconds=WITHIN)
        case = numbers.case_id(request.POST.get("instead", ""))
        taken = cases.follow(case=case, who=following(draft), at=city_clock.now(), key=draft.typed["key"])
    except Refusal as refusal:
        return page(request, draft.wrong(refusal), 422)
    return HttpResponseRedirect(reverse("public:sent", args=[taken.follow]), status=303)


def following(draft: Draft) -> cases.Following:
    """Give who follows and what they add."""
    typed = draft.typed
    photos = tuple(files.by_uuid(uuid) for uuid in draft.photos)
    return cases.Following(
        words=typed["words"], photos=photos, language=language(), name=typed["name"], phone=typed["phone"],
        email=typed["email"],
    )  # fmt: skip
