"""A component at the desk: with its cases as far as one may see them, its history, and the hand that keeps it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityloop.doors.web.guards import register_page, scope_of, sent_from
from cityloop.doors.web.show import names
from cityloop.doors.web.show.acting import said
from cityloop.doors.web.show.things import state_names, thing
from cityloop.doors.web.show.times import hour, when
from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases import numbers, queries
from cityloop.loops.cases.loop import present
from cityloop.town.calendar.clock import city_clock
from cityloop.town.components import queries as components
from cityloop.town.components import rights
from cityloop.town.components.actions import keeping


@require_safe
@register_page
def component(request: HttpRequest, code: str) -> HttpResponse:
    """Show a component."""
    return page(request, components.by_code(code, components.seen_by(scope_of(request))))


def page(request: HttpRequest, found: Any, wrong: str = "") -> HttpResponse:
    """Draw the page, with what was refused a moment ago."""
    scope, now = scope_of(request), city_clock.now()
    rows = [_case(case, now) for case in queries.of_component(found.code, scope)]
    more = {
        "section": "map",
        "thing": thing(found, now, internal=True),
        "cases": rows,
        "state": found.state,
        "states": state_names() if rights.keeper(scope, found) else [],
        "around": found.unit_code,
        "correct": reverse("desk:component-correct", args=[found.code]) if rights.keeper(scope, found) else "",
        "wrong": wrong,
        "fresh": hour(now),
        "public": not found.level,
    }
    return render(request, "desk/component.html", more, status=422 if wrong else 200)


def _case(case: Any, now: int) -> dict[str, Any]:
    return {
        "number": numbers.number(case),
        "matter": names.matter(case.matter),
        "chip": names.chip(case.state),
        "state": names.state(present(), case.state),
        "since": when(case.created, now),
    }


@sent_from("desk:component")
@register_page
def change(request: HttpRequest, code: str) -> HttpResponse:
    """Say in which state a component is."""
    scope = scope_of(request)
    found = components.by_code(code, components.seen_by(scope))
    by = rights.keeper(scope, found)
    if by is None:
        raise PermissionDenied
    try:
        keeping.change(code=found.code, state=str(request.POST.get("state", "")), by=by, at=city_clock.now())
    except Refusal as refusal:
        return page(request, found, said(refusal))
    messages.success(request, _("Changed. It is on the ledger."))
    return HttpResponseRedirect(reverse("desk:component", args=[found.code]), status=303)
