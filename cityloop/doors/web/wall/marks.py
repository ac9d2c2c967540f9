"""Marks of a wall's map: alarms, and either the cases that press or the instruments."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from cityloop.doors.web.guards import desk_page, scope_of
from cityloop.doors.web.show import clock as bars
from cityloop.doors.web.show import names
from cityloop.doors.web.show.alarms import Shown, shown
from cityloop.doors.web.show.marks import Feature, of_things, point
from cityloop.doors.web.wall.turns import SENSING
from cityloop.loops.cases import numbers, openly, pressing
from cityloop.loops.cases import queries as cases
from cityloop.loops.cases.onmap import Mark
from cityloop.loops.sensing import alarms
from cityloop.town.calendar.clock import city_clock
from cityloop.town.orgs.authority import Scope
from cityloop.town.units import queries as units

MOST = 200


@require_safe
@desk_page
def marks(request: HttpRequest) -> HttpResponse:
    """Give the marks of a view. At most eight queries."""
    scope, now = scope_of(request), city_clock.now()
    asked = request.GET.get("unit", "")
    unit = units.unit_of(asked, "unit").code if asked else ""
    standing = alarms.standing_and(scope, cases.ids_of_part, (), unit=unit, most=MOST)
    told = of_alarms(standing, now)
    if request.GET.get("of") == SENSING:
        standing_at = {one.datastream.thing_id for one in standing if one.datastream}
        told = [*of_things(now, without=standing_at)[0], *told]
    else:
        told = [*of_cases(scope, unit, now), *told]
    return JsonResponse({"type": "FeatureCollection", "features": told})


def of_alarms(standing: list[Any], now: int) -> list[Feature]:
    """Give the alarms that stand somewhere: rings while nobody has looked at them, the gravest with its name."""
    places = names.places({one.unit_code for one in standing}, last=1)
    here = [one for one in standing if one.lon is not None]
    raised = [one for one in here if one.state == "raised"]
    worst = min(raised, key=lambda one: (alarms.RANKS.get(one.severity, 9), -one.pk), default=None)
    return [_of_alarm(row, shown(row, places, {}, now), row is worst) for row in here]


def _of_alarm(row: Any, one: Shown, labelled: bool) -> Feature:
    status = "alarm" if row.state == "raised" else "wait"
    return point(
        row.lon, row.lat, id=f"alarm-{one.id}", status=status, icon=one.chip[1], name=f"{one.title} · {one.place}",
        title=one.title, place=one.place, words=one.state, until=one.since, href=reverse("desk:alarm", args=[one.id]),
        labelled=labelled,
    )  # fmt: skip


def of_cases(scope: Scope, unit: str, now: int) -> list[Feature]:
    """Give the cases past their limit or near it, each as exactly as everybody may know where it is."""
    found = pressing.marks(scope, unit, now, MOST)
    return [made for one in found if (made := _of_case(one, now)) is not None]


def _of_case(one: Mark, now: int) -> Feature | None:
    lon, lat = openly.coarse(one.lon, one.lat, openly.exactness(one.matter))
    if lon is None or lat is None:
        return None
    bar, number = bars.of_case(one.due, None, now, one.created), numbers.number_of(one.id, one.created)
    matter = names.matter(one.matter)
    return point(
        lon, lat, id=number, status=bar.status, name=f"{matter}, {bar.words}", title=matter, share=bar.share,
        words=bar.words, until=bar.until, href=reverse("desk:case", args=[number]),
    )  # fmt: skip
