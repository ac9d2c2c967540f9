"""A report taken by phone, at the counter or by letter: the same form as the public one, in an officer's hands."""

import secrets
from typing import Any

import msgspec
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cityloop.doors.web.context import LANGUAGES
from cityloop.doors.web.guards import desk_page, scope_of, sent_from
from cityloop.doors.web.public import drafting
from cityloop.doors.web.public.drafting import Draft
from cityloop.doors.web.public.report import again, filled, following, joined
from cityloop.doors.web.show.times import language
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.loops.cases import actions as cases
from cityloop.loops.cases import queries
from cityloop.town.calendar.clock import city_clock
from cityloop.town.orgs.roles import MAY_ENTER

CHANNELS = ("phone", "counter", "letter", "email")


def officer(request: HttpRequest) -> Actor:
    """Give the actor in whose post somebody enters reports; others may not."""
    actor = next((a for a in scope_of(request).actors() if a.role in MAY_ENTER), None)
    if actor is None:
        raise PermissionDenied
    return actor


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def new(request: HttpRequest) -> HttpResponse:
    """Show the form; enter the report when it comes back."""
    by = officer(request)
    if request.method != "POST":
        return page(request, drafting.begun(request.GET, secrets.token_urlsafe(18)))
    searching = "find" in request.POST or "pick" in request.POST
    taken, refusal = (None, None) if searching else before(request, by)
    if taken is not None:
        return told(request, taken)
    draft = drafting.with_photos(drafting.begun(request.POST), request, city_clock.now())
    if searching:
        return page(request, draft)
    if refusal is not None:
        return page(request, again(draft, refusal), 422)
    draft = drafting.answered(drafting.checked(draft), whole=False)
    return page(request, draft, 422) if draft.errors else enter(request, draft, by)


def before(request: HttpRequest, by: Actor) -> tuple[cases.Collected | None, Refusal | None]:
    """Give what this very form was answered with when it was sent before, or what is wrong with its key. One query."""
    try:
        return cases.answered(**once(request, by)), None
    except Refusal as refusal:
        return None, refusal


def once(request: HttpRequest, by: Actor) -> dict[str, Any]:
    """Name a report by the key of its form, who enters it, and what was typed into it."""
    typed = {**drafting.typed_in(request.POST), "channel": channel(request), "language": spoken(request)}
    return {"door": "desk", "client": str(by.post), "key": drafting.key_of(request.POST), "sent": typed}


def enter(request: HttpRequest, draft: Draft, by: Actor) -> HttpResponse:
    """Enter a report and show its code once, to be read to the caller."""
    at = city_clock.now()
    try:
        made = msgspec.structs.replace(drafting.report_of(draft), channel=channel(request), language=spoken(request))
        taken = cases.collect(report=made, by=by, at=at, **once(request, by))
    except Refusal as refusal:
        return page(request, again(draft, refusal), 422)
    return told(request, taken)


def told(request: HttpRequest, taken: cases.Collected | cases.Followed) -> HttpResponse:
    """Show the code once, to be read to the caller."""
    more = {"section": "new", "number": taken.number, "code": taken.follow}
    return render(request, "desk/new_done.html", more, status=201)


@sent_from("desk:new")
@desk_page
def instead(request: HttpRequest) -> HttpResponse:
    """Let the caller follow a case that is there already; what they said is added to it."""
    officer(request)
    draft = drafting.with_photos(drafting.begun(request.POST), request, city_clock.now())
    if draft.errors:
        return page(request, draft, 422)
    try:
        who = msgspec.structs.replace(following(draft), language=spoken(request))
        taken = joined(request, draft, who, among=queries.visible(scope_of(request)))
    except Refusal as refusal:
        return page(request, again(draft, refusal), 422)
    return told(request, taken)


def channel(request: HttpRequest) -> str:
    """Give how the report came; what is none of ours came by phone."""
    given = str(request.POST.get("channel", ""))
    return given if given in CHANNELS else CHANNELS[0]


def spoken(request: HttpRequest) -> str:
    """Give the language in which the caller is to be told; what is none of ours is this page's."""
    given = str(request.POST.get("spoken", ""))
    return given if given in dict(LANGUAGES) else language()


def page(request: HttpRequest, draft: Draft, status: int = 200) -> HttpResponse:
    """Draw the form with what is in it so far."""
    named = {"phone": _("By phone"), "counter": _("At the counter"), "letter": _("By letter"), "email": _("By e-mail")}
    more = {
        **filled(draft, drafting.likely(draft, city_clock.now(), queries.visible(scope_of(request)))),
        "section": "new",
        "channels": [(value, named[value]) for value in CHANNELS],
        "channel": channel(request),
        "spoken": LANGUAGES,
        "spoken_now": spoken(request),
        "instead_url": reverse("desk:new-instead"),
    }
    return render(request, "desk/new.html", more, status=status)
