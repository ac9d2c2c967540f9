"""Pages anyone may see: the first page, and the map of the city."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from cityloop.doors.web import maps
from cityloop.doors.web.guards import city_page
from cityloop.ground.kit.words import natural
from cityloop.town.units import queries as units


def home(request: HttpRequest) -> HttpResponse:
    """Show the one question and the doors."""
    return render(request, "public/home.html")


@require_safe
@city_page
def city_map(request: HttpRequest) -> HttpResponse:
    """Show how many cases are open in each part of a unit; the parts lead further in."""
    code = maps.under(request)
    rows = maps.listed(code, maps.counts(code, 1, None))
    crumbs = maps.crumbs(code)
    more = {"section": "map", "code": code, "rows": rows, "crumbs": crumbs, "total": sum(r[2] for r in rows)}
    return render(request, "public/map.html", more)


@require_safe
@city_page
def map_units(request: HttpRequest) -> HttpResponse:
    """Give the parts of a unit as GeoJSON with open cases; `plain` leaves the numbers out, `depth` goes deeper."""
    code = maps.under(request)
    depth = min(max(natural(request.GET.get("depth", "")) or 1, 1), 4)
    depth = min(depth, max(1, units.scheme().depth - units.scheme().level_of(code)))
    counted = None if "plain" in request.GET else maps.counts(code, depth, None)
    return maps.answer(request, code, depth, counted, door)


def door(code: str, finer: bool) -> str:
    """Give where a unit on the public map leads: to its parts."""
    return f"{reverse('public:map')}?under={code}" if finer else ""
