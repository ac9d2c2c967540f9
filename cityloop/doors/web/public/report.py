"""Reporting: place, matter, photo, words; likely duplicates before sending; contact is the reporter's choice."""

import secrets
from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cityloop.doors.web.guards import city_page, scope_of, sent_from
from cityloop.doors.web.public import asking, drafting, finding, steps
from cityloop.doors.web.public.drafting import Draft, Likely
from cityloop.doors.web.public.form import PUBLIC, Form
from cityloop.doors.web.show.times import language
from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases import actions as cases
from cityloop.loops.cases import numbers, queries
from cityloop.town.calendar.clock import city_clock
from cityloop.town.catalog import queries as catalog
from cityloop.town.components import queries as components
from cityloop.town.files import queries as files
from cityloop.town.units import queries as units


@require_http_methods(["GET", "HEAD", "POST"])
@csrf_protect
@city_page
def report(request: HttpRequest) -> HttpResponse:
    """Show the step that is asked for; take the report in when it is sent."""
    return answer(request, PUBLIC)


def answer(request: HttpRequest, form: Form) -> HttpResponse:
    """Show the step that is asked for; take the report in when it is sent."""
    if request.method != "POST":
        draft = drafting.begun(request.GET, secrets.token_urlsafe(18))
        return page(request, draft, form=form, step=form.begins(request.GET, draft))
    do = "review" if "choose" in request.POST else request.POST.get("do", "send") or "send"
    searching = "find" in request.POST or "pick" in request.POST
    taken, refusal = (None, None) if searching or do != "send" else before(form.once(request))
    if taken is not None:
        return told(request, taken, form)
    draft = drafting.with_photos(drafting.begun(request.POST), request, city_clock.now())
    if refusal is not None:
        return refused(request, again(draft, refusal), form=form)
    if searching:
        return page(request, replace(draft, errors={}), form=form, step=steps.WHERE)
    draft, step = steps.asked(draft, do)
    if draft.errors:
        return refused(request, draft, form=form)
    if do != "send":
        return page(request, draft, form=form, step=step)
    return send(request, draft, form)


def before(once: dict[str, Any]) -> tuple[cases.Collected | None, Refusal | None]:
    """Give what this very form was answered with when it was sent before, whatever would be wrong with it today.

    Beside it what is wrong where another report was sent from the form. One query.
    """
    try:
        return cases.answered(**once), None
    except Refusal as refusal:
        return None, refusal


def send(request: HttpRequest, draft: Draft, form: Form) -> HttpResponse:
    """Send a report, unless the same may have been reported already and the reporter has not been told.

    What was kept on a phone without network (`queued`) is sent as it is: nobody is there to be asked.
    """
    try:
        form.allow(request)
        made = form.made(draft)
        # What is wrong in it is told before who may have reported the same.
        cases.check(report=made)
        by = form.by(request, made)
        if made.matter:
            catalog.current().matter(made.matter)
        found = [] if queued(request) else form.likely(request, draft)
        if found and not drafting.seen(draft, found):
            return page(request, draft, form=form, step=steps.SEND, likely=found)
        draft = drafting.answered(draft, whole=not queued(request))
        if draft.errors:
            return refused(request, draft, form=form)
        taken = cases.collect(report=made, by=by, at=city_clock.now(), **form.once(request))
    except Refusal as refusal:
        status = 429 if refusal.code == "web.rate" and queued(request) else 422
        return refused(request, again(draft, refusal), status, form=form)
    return told(request, taken, form)


def told(request: HttpRequest, taken: cases.Collected, form: Form) -> HttpResponse:
    """Show the reporter the code of a report that was taken, or tell it to the script that sent it."""
    place = form.reached(taken)
    if by_script(request):
        body = {"url": place, "number": taken.number, "code": taken.follow}
        return JsonResponse(body, status=201, headers={"Cache-Control": "no-store"})
    return HttpResponseRedirect(place, status=303)


def by_script(request: HttpRequest) -> bool:
    """Tell whether a script sent the form, and reads the answer."""
    return request.headers.get("Accept", "").startswith("application/json")


def queued(request: HttpRequest) -> bool:
    """Tell whether a report was kept on a phone and is sent by it, with nobody looking."""
    return bool(request.POST.get("queued"))


def refused(request: HttpRequest, draft: Draft, status: int = 422, *, form: Form = PUBLIC) -> HttpResponse:
    """Show the step with the first fault, or tell it to the phone that sends by itself."""
    if queued(request):
        return JsonResponse({"errors": draft.errors}, status=status)
    return page(request, draft, 422, form=form, step=steps.of_error(draft))


@require_safe
@csrf_protect
def token(request: HttpRequest) -> JsonResponse:
    """Give a fresh token against forged forms, for what was kept without network."""
    return JsonResponse({"token": get_token(request)}, headers={"Cache-Control": "no-store"})


def again(draft: Draft, refusal: Refusal) -> Draft:
    """Keep the draft with what is wrong; one sent already and changed since becomes a report of its own."""
    if refusal.code != "cases.key.reused":
        return draft.wrong(refusal)
    said = _("A report was sent from this form already. If this is another one, send it now.")
    return replace(draft, typed={**draft.typed, "key": secrets.token_urlsafe(18)}, errors={"form": said})


def page(
    request: HttpRequest,
    draft: Draft,
    status: int = 200,
    *,
    form: Form,
    step: str = steps.SEND,
    likely: list[Likely] | None = None,
) -> HttpResponse:
    """Draw the form at one of its steps, with what is in it so far, and the likely duplicates if they were found."""
    more = filled(draft, form.hinted(request, draft) if likely is None else likely)
    more["asking"] = bool(more["likely"]) and not draft.errors and not drafting.seen(draft, more["likely"])
    more |= {"step": steps.shown(step), "steps": steps.listed(), "offered": drafting.offered(draft)}
    more |= {"own": form.own, "address": reverse(form.address), "instead_url": reverse(form.instead)}
    return render(request, "public/report.html", more | form.more(request), status=status)


def filled(draft: Draft, likely: list[Likely]) -> dict[str, Any]:
    """Give everything the form prints; the desk's form for calls prints it too. At most twelve queries."""
    typed = draft.typed
    return {
        **common(draft),
        "draft": draft,
        "groups": drafting.matter_groups(typed["matter"]),
        "suggested": drafting.suggested(typed["words"]),
        "spots": finding.found(typed["place"]) if typed["place"] else None,
        "text": typed["place"],
        "likely": likely,
        "marks": drafting.marks(likely),
        "contacts": contacts(draft),
        "asked": asking.asked(typed["matter"], draft.answers, draft.errors),
    }


def contacts(draft: Draft) -> list[dict[str, str]]:
    """Give the three fields by which a reporter may be reached."""
    asked = (
        ("name", pgettext("person", "Name"), "text", "name"),
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
    more = {"where": drafting.where(draft), "has_things": bool(components.kinds())}
    return {"section": "report", "depth": depth, "instead_url": instead, **more}


@require_POST
@csrf_protect
@city_page
def hints(request: HttpRequest) -> HttpResponse:
    """Give, while someone types: the place in words, matters that fit, likely duplicates."""
    draft = drafting.begun(request.POST)
    at_desk = bool(request.POST.get("desk")) and scope_of(request).sees_anything()
    seen = queries.visible(scope_of(request)) if at_desk else None
    found = drafting.likely(draft, city_clock.now(), seen) if at_desk else PUBLIC.hinted(request, draft)
    more = {"draft": draft, "likely": found, "marks": drafting.marks(found), **common(draft)}
    more["asked"] = asking.asked(draft.typed["matter"], draft.answers, {})
    own = at_desk and bool(request.POST.get("own"))
    if own:
        more |= {"instead_url": reverse("desk:find-instead"), "own": True}
    if at_desk and not own:
        more |= {"instead_url": reverse("desk:new-instead"), "desk": True}
        more["suggested"] = drafting.suggested(draft.typed["words"])
    else:
        more |= {"offered": drafting.offered(draft), "asking": True}
    return render(request, "public/report/hints.html", more)


@sent_from("public:report")
@csrf_protect
@city_page
def follow_instead(request: HttpRequest) -> HttpResponse:
    """Follow the case that was reported already; words and photos of the draft are added to it."""
    draft = drafting.with_photos(drafting.begun(request.POST), request, city_clock.now())
    if draft.errors:
        return refused(request, draft)
    try:
        PUBLIC.allow(request)
        taken = joined(request, draft, following(draft))
    except Refusal as refusal:
        return refused(request, again(draft, refusal))
    return HttpResponseRedirect(reverse("public:sent", args=[taken.follow]), status=303)


def joined(
    request: HttpRequest, draft: Draft, who: cases.Following, among: "QuerySet[Any] | None" = None
) -> cases.Followed:
    """Let somebody follow the case that a form names in the place of a new one; an officer, one `among` those seen."""
    case = numbers.case_id(str(request.POST.get("instead", "")))
    return cases.follow(case=case, who=who, at=city_clock.now(), key=draft.typed["key"], among=among)


def following(draft: Draft) -> cases.Following:
    """Give who follows and what they add."""
    typed = draft.typed
    photos = tuple(files.by_uuid(uuid) for uuid in draft.photos)
    return cases.Following(
        words=typed["words"], photos=photos, language=language(), name=typed["name"], phone=typed["phone"],
        email=typed["email"],
    )  # fmt: skip
