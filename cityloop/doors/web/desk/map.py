"""The map of open cases by unit, down to single ones where few enough are left."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from cityloop.doors.web import maps
from cityloop.doors.web.guards import desk_page, scope_of
from cityloop.doors.web.show import clock as bars
from cityloop.doors.web.show import names
from cityloop.doors.web.show.times import hour
from cityloop.loops.cases import numbers, queries
from cityloop.loops.cases.loop import LOOP
from cityloop.town.calendar.clock import city_clock
from cityloop.town.worklist import queries as worklist

NEAR = 400  # as many marks can be told apart


@require_safe
@desk_page
def city_map(request: HttpRequest) -> HttpResponse:
    """Show the parts of a unit with their open cases, and the cases themselves where they are few."""
    code = maps.under(request)
    rows = maps.listed(code, maps.counts(code, 1, scope_of(request)))
    total = sum(row[2] for row in rows)
    more = {
        "section": "map",
        "code": code,
        "rows": rows,
        "total": total,
        "crumbs": maps.crumbs(code),
        "near": 0 < total <= NEAR,
        "fresh": hour(city_clock.now()),
    }
    return render(request, "desk/map.html", more)


@require_safe
@desk_page
def units(request: HttpRequest) -> HttpResponse:
    """Give the parts of a unit as GeoJSON, with the open cases someone may see."""
    code = maps.under(request)
    return maps.answer(request, code, 1, maps.counts(code, 1, scope_of(request)), door)


def door(code: str, finer: bool) -> str:
    """Give where a unit leads: further in, or to the list of its cases."""
    return f"{reverse('desk:map')}?under={code}" if finer else f"{reverse('desk:cases')}?state=open&unit={code}"


@require_safe
@desk_page
def marks(request: HttpRequest) -> HttpResponse:
    """Give the open cases under a unit as marks, the newest of them where they are many."""
    now = city_clock.now()
    found = queries.open_places(scope_of(request), maps.under(request), NEAR)
    rows = worklist.states_of(LOOP, [case.pk for case in found])
    return JsonResponse({"type": "FeatureCollection", "features": [mark(c, rows.get(c.pk), now) for c in found]})


def mark(case: Any, row: Any, now: int) -> dict[str, Any]:
    """Give a case as a mark: its status, its matter and what is left of its time."""
    bar, number = bars.of_row(row, now), numbers.number(case)
    told = {"id": number, "status": bar.status, "name": f"{names.matter(case.matter)}, {bar.words}"}
    told["href"] = reverse("desk:case", args=[number])
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [case.lon, case.lat]},
        "properties": told,
    }
