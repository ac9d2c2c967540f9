"""The map of open cases by unit, at any instant of today; single cases come as tiles."""

from datetime import datetime, time
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityloop.doors.web import imagery, maps, things
from cityloop.doors.web.guards import desk_page, scope_of
from cityloop.doors.web.show.sensing_now import now_of
from cityloop.doors.web.show.times import MINUTE, hour, local
from cityloop.doors.web.show.trend import figure
from cityloop.ground.kit.words import natural
from cityloop.loops.cases import onmap
from cityloop.town.calendar.clock import city_clock
from cityloop.town.components import queries as components
from cityloop.town.components import rights

HOURS = 24  # of which the trend tells
STEP = 15  # minutes between two stops of the slider


@require_safe
@desk_page
def city_map(request: HttpRequest) -> HttpResponse:
    """Show the parts of a unit with their open cases, now or as they were; the map draws the same."""
    code, by, now = maps.under(request), maps.measure(request), city_clock.now()
    minute, last = minute_of(request, now), minutes_of(now)
    at = None if minute is None else midnight(now) + minute * MINUTE
    counted = maps.counts(code, 1, scope_of(request), now, at)
    kept = {"under": code} if "under" in request.GET else {}
    above = imagery.shown(scope_of(request))
    came = onmap.received(code, scope_of(request), now, HOURS)
    door = f"{reverse('desk:cases')}?unit={code}"
    more = {
        "section": "map",
        "figure": figure(sum(came), _("cases received in 24 hours"), door, came),
        "code": code,
        "by": by,
        "measures": [(name, words, address({**kept, "by": name}, minute)) for name, words in maps.named()],
        "rows": maps.listed(code, counted, by),
        "total": maps.total(counted.values()),
        "crumbs": maps.crumbs(code),
        "query": urlencode({"under": code, "by": by}),
        "fresh": hour(now),
        "minute": minute,
        "step": STEP,
        "last": -(-last // STEP) * STEP,
        "now_address": address({**kept, "by": by}, None),
        "legend": dict(maps.legends())[by],
        "may_place": rights.may_place(scope_of(request)),
        "sensing": now_of(scope_of(request), now),
        "then": hour(at) if at is not None else "",
        "above": above,
        **things.switch(request, code, components.ceiling(scope_of(request))),
    }
    return imagery.allow(render(request, "desk/map.html", more), above.layers)


def address(query: dict[str, str], minute: int | None) -> str:
    """Give the address of the same map with another query, at the same instant."""
    return "?" + urlencode(query if minute is None else {**query, "at": str(minute)})


@require_safe
@desk_page
def units(request: HttpRequest) -> HttpResponse:
    """Give the parts of a unit as GeoJSON, with the open cases someone may see."""
    code, now = maps.under(request), city_clock.now()
    minute = minute_of(request, now)
    at = None if minute is None else midnight(now) + minute * MINUTE
    answer = maps.answer(request, code, 1, maps.counts(code, 1, scope_of(request), now, at), door)
    if at is not None:
        answer["Cache-Control"] = "private, max-age=120"  # of the past, little changes
    return answer


def door(code: str, finer: bool) -> str:
    """Give where a unit leads: further in, or to the list of its cases."""
    return f"{reverse('desk:map')}?under={code}" if finer else f"{reverse('desk:cases')}?state=open&unit={code}"


def minute_of(request: HttpRequest, now: int) -> int | None:
    """Read the minute of today whose instant is asked for; None for now, and for what is none or yet to come."""
    asked = natural(request.GET.get("at", ""))
    return asked if asked is not None and asked < minutes_of(now) else None


def minutes_of(now: int) -> int:
    """Give how many minutes of today have passed in the city, by the clock that runs, also when one is set back."""
    return (now - midnight(now)) // MINUTE


def midnight(now: int) -> int:
    """Give the instant at which today began in the city."""
    today = local(now)
    return int(datetime.combine(today.date(), time(), today.tzinfo).timestamp()) * 1_000_000
