"""Cameras at the desk: which there are, and a look through one, kept on record with what it was for."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cityloop.doors.web.desk import filters
from cityloop.doors.web.desk.alarms import tabs
from cityloop.doors.web.guards import desk_page, scope_of
from cityloop.doors.web.show import names
from cityloop.doors.web.show.acting import said
from cityloop.doors.web.show.times import hour, when
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural
from cityloop.loops.cases.loop import present
from cityloop.loops.sensing import eyes
from cityloop.loops.sensing.actions.eyes import look as take_look
from cityloop.loops.sensing.actions.eyes import opened
from cityloop.town.calendar.clock import city_clock

PAGE = 50


@require_safe
@desk_page
def listed(request: HttpRequest) -> HttpResponse:
    """Show the cameras whose place one's posts cover."""
    scope, query = scope_of(request), request.GET
    found = eyes.listed(
        scope, unit=query.get("unit", "")[:40], words=query.get("name", "")[:60],
        after=natural(query.get("after", "")) or 0, most=PAGE + 1,
    )  # fmt: skip
    chips, menus = filters.menus(query, {"unit": (_("Unit"), filters.unit_choices(query.get("unit", "")))})
    places = names.places({one.unit_code for one in found}, last=2)
    more = {
        "section": "sensing",
        "tabs": tabs(request, "cameras"),
        "items": [(one, places.get(one.unit_code, one.unit_code)) for one in found[:PAGE]],
        "name": query.get("name", ""),
        "chips": chips,
        "menus": menus,
        "next": f"{filters.address(query)}&after={found[PAGE - 1].pk}" if len(found) > PAGE else "",
        "fresh": hour(city_clock.now()),
    }
    return render(request, "desk/cameras.html", more)


@require_safe
@desk_page
def camera(request: HttpRequest, key: str) -> HttpResponse:
    """Show a camera: where it stands, who looked through it, and the door to look."""
    return page(request, eyes.one(scope_of(request), key))


def page(request: HttpRequest, found: Any, wrong: str = "") -> HttpResponse:
    """Draw the page, with what was refused a moment ago."""
    now, scope = city_clock.now(), scope_of(request)
    places = names.places({found.unit_code}, last=3)
    more = {
        "section": "sensing",
        "camera": found,
        "where": places.get(found.unit_code, found.unit_code),
        "may": any(scope.may(actor, found.unit_code, found.level) for actor in scope.actors()),
        "looks": [
            (names.role(present(), row.role), when(row.at, now), opened(row.purpose)) for row in eyes.looks(found)
        ],
        "wrong": wrong,
        "fresh": hour(now),
    }
    return render(request, "desk/camera.html", more, status=422 if wrong else 200)


@require_POST
@desk_page
def look(request: HttpRequest, key: str) -> HttpResponse:
    """Keep the look on record, and go on to the city's own video system."""
    scope = scope_of(request)
    found = eyes.one(scope, key)
    by = next((actor for actor in scope.actors() if scope.may(actor, found.unit_code, found.level)), None)
    if by is None:
        raise PermissionDenied
    try:
        link = take_look(
            key=found.key, purpose=str(request.POST.get("purpose", "")), scope=scope, by=by, at=city_clock.now()
        )
    except Refusal as refusal:
        return page(request, found, said(refusal))
    answer = HttpResponseRedirect(link, status=303)
    answer["Referrer-Policy"] = "no-referrer"
    return answer
