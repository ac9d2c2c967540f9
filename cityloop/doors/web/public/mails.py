"""Mails: asked for with an address, confirmed from the mailbox, ended by the link in each of them."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from cityloop.doors.web.guards import city_page, sent_from
from cityloop.doors.web.public.follow import actor_of, followed, secret
from cityloop.doors.web.rate import brake
from cityloop.doors.web.show import names
from cityloop.doors.web.show.acting import said
from cityloop.doors.web.show.times import language
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean, natural
from cityloop.loops.cases import news, openly
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import real_now
from cityloop.town.notices import actions as notices
from cityloop.town.notices import links, subscribing

ASKED, WITHIN = 10, 600


@sent_from("public:home")
@csrf_protect
@city_page
def subscribe(request: HttpRequest) -> HttpResponse:
    """Ask the owner of an address by mail whether they want to be told of a place or a case."""
    subject = str(request.POST.get("subject", ""))[:80]
    return ask(request, subject, named(subject))


@secret
@sent_from("public:follow")
@csrf_protect
@city_page
def subscribe_own(request: HttpRequest, code: str) -> HttpResponse:
    """Ask the same for a report that is not for everybody: its code, which only its reporter has, stands for it."""
    case, row = followed(request, code)
    if actor_of(row).role != "reporter":
        raise Http404
    return ask(request, news.own(case.pk), news.of_own(case.pk), reverse("public:follow-mails", args=[code]))


def ask(request: HttpRequest, subject: str, place: dict[str, str], to: str = "") -> HttpResponse:
    """Send the mail that asks; where the address is wrong, show the form again, which goes `to` where it came."""
    email = clean(str(request.POST.get("email", "")))[:300].strip()
    area = subject.startswith("unit:")
    daily = area and request.POST.get("how") != "once"
    try:
        brake(request, "subscribe", most=ASKED, seconds=WITHIN)
        subscribing.subscribe(
            email=email, subject=subject, place=place, daily=daily, language=language(), at=city_clock.now()
        )
    except Refusal as refusal:
        typed = {"subject": subject, "email": email, "area": area, "daily": daily, "error": said(refusal), "to": to}
        return shown(request, "ask", place, 422, **typed)
    return shown(request, "asked", place)


def named(subject: str) -> dict[str, str]:
    """Name what mails are about; what is not for everybody is not there."""
    kind, _colon, key = subject.partition(":")
    if kind == "unit":
        return news.place(key)
    pk = natural(key) if kind == "case" else None
    case = openly.everybody().filter(pk=pk).first() if pk is not None else None
    if case is None:
        raise Http404
    return news.of_case(case)


def named_in_mail(subject: str) -> dict[str, str]:
    """Name what a link in a mail is about: a report of one's own, too."""
    kind, _colon, key = subject.partition(":")
    if kind != news.OWN:
        return named(subject)
    return news.of_own(int(key))


@require_http_methods(["GET", "HEAD", "POST"])
@secret
@csrf_protect
@city_page
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Begin what was asked for: with a button, so that a program that opens all links in a mail begins nothing."""
    bound = links.bound("confirm", token)
    if bound is None:
        return shown(request, "void", {}, 404)
    subject = subscribing.present(person=bound.person, subject=bound.subject)
    place = named_in_mail(subject)
    if request.method == "POST" and subscribing.confirm(person=bound.person, subject=subject, at=city_clock.now()):
        return shown(request, "confirmed", place)
    return shown(request, "confirm", place)


@csrf_exempt  # mail programs ask for it by themselves (RFC 8058); the link is the authority
@require_http_methods(["GET", "HEAD", "POST"])
@secret
@city_page
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Send no more mails about something, or make the links in those sent before void."""
    bound = links.bound("stop", token)
    if bound is None:
        return shown(request, "void", {}, 404)
    if request.method != "POST":
        return shown(request, "stop", {}, case=bound.subject.startswith("case:"))
    if request.POST.get("do") == "links":
        notices.void_links(person=bound.person, subject=bound.subject, at=real_now())
        return shown(request, "voided", {})
    notices.mute(person=bound.person, subject=bound.subject, at=real_now())
    return shown(request, "stopped", {})


def shown(request: HttpRequest, what: str, place: dict[str, str], status: int = 200, **more: Any) -> HttpResponse:
    """Draw the page in one of its states."""
    titles = {
        "ask": _("Be told by mail"), "asked": _("Look into your mailbox"), "confirm": _("Confirm the mails"),
        "confirmed": _("You will be told"), "stop": _("No more mails?"), "stopped": _("No more mails will come"),
        "voided": _("The links are void"), "void": _("This link does not hold any more"),
    }  # fmt: skip
    told = {"section": "", "what": what, "title": titles[what], "place": names.words(place) if place else "", **more}
    return render(request, "public/mails.html", told, status=status)
