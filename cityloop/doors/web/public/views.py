"""Pages anyone may see: the first page, and the map of the city."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from cityloop.doors.web import imagery, maps, things
from cityloop.doors.web.guards import city_page
from cityloop.doors.web.public import cards, figures
from cityloop.doors.web.show.times import hour
from cityloop.ground.kit.words import natural
from cityloop.loops.cases import public
from cityloop.town.calendar.clock import city_clock
from cityloop.town.orgs.authority import NOBODY
from cityloop.town.units import queries as units

EVERY = 20  # seconds after which the public map asks whether its numbers have changed


def home(request: HttpRequest) -> HttpResponse:
    """Show the one question, the doors, what was fixed this week, and the city in figures."""
    if not units.has_city():
        return render(request, "public/home.html")
    now = city_clock.now()
    shown = public.fixed(now - public.WEEK, most=3)
    more = {"cards": cards.cards(shown, now), "figures": figures.shown(), "fresh": hour(now)}
    return render(request, "public/home.html", more)


@require_safe
@city_page
def city_map(request: HttpRequest) -> HttpResponse:
    """Show how many cases are open in each part of a unit; the parts lead further in."""
    code, by, now = maps.under(request), maps.measure(request), city_clock.now()
    counted, above = maps.counts_for_all(code, 1, now), imagery.shown(NOBODY)
    kept = {"under": code} if "under" in request.GET else {}
    more = {
        "section": "map",
        "code": code,
        "by": by,
        "measures": [(name, words, "?" + urlencode({**kept, "by": name})) for name, words in maps.named()],
        "rows": maps.listed(code, counted, by),
        "crumbs": maps.crumbs(code),
        "total": maps.total(counted.values()),
        "legend": dict(maps.legends())[by],
        "query": urlencode({"under": code, "by": by}),
        "fresh": hour(now),
        "every": EVERY,
        "above": above,
        **things.switch(request, code),
    }
    return imagery.allow(render(request, "public/map.html", more), above.layers)


@require_safe
@city_page
def map_units(request: HttpRequest) -> HttpResponse:
    """Give the parts of a unit as GeoJSON with open cases; `plain` leaves the numbers out, `depth` goes deeper."""
    code = maps.under(request)
    depth = min(max(natural(request.GET.get("depth", "")) or 1, 1), 4)
    depth = min(depth, max(1, units.scheme().depth - units.scheme().level_of(code)))
    now = city_clock.now()
    counted = None if "plain" in request.GET else maps.counts_for_all(code, depth, now)
    answer = maps.answer(request, code, depth, counted, door)
    answer["Cityloop-Time"] = hour(now)  # not in the body: what has not changed is not sent again
    return answer


def door(code: str, finer: bool) -> str:
    """Give where a unit on the public map leads: to its parts."""
    return f"{reverse('public:map')}?under={code}" if finer else ""
