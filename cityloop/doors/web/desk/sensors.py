"""Instruments at the desk: which there are and what they said last; one with its readings; how far they are sound."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityloop.doors.web import imagery
from cityloop.doors.web.desk import filters, sensor_quarantine
from cityloop.doors.web.desk.alarms import tabs
from cityloop.doors.web.guards import desk_page, scope_of
from cityloop.doors.web.show import names
from cityloop.doors.web.show.alarms import shown
from cityloop.doors.web.show.charts import DAY, of_stream
from cityloop.doors.web.show.doubts import shown as shown_doubts
from cityloop.doors.web.show.marks import of_things
from cityloop.doors.web.show.times import hour, when
from cityloop.ground.codes.cells import box_of
from cityloop.ground.kit.words import natural
from cityloop.loops.cases import queries as cases
from cityloop.loops.sensing import alarms, instruments, saying, watches
from cityloop.town.calendar.clock import city_clock

PAGE, POINTS = 50, 2_000
SPANS = (("1", 1), ("7", 7), ("30", 30), ("365", 365))


def states() -> dict[str, tuple[str, str, str]]:
    """Say how an instrument can be: the class of a chip, its icon, words."""
    return {
        instruments.SOUND: ("ver", "circle-check", _("Sound")),
        instruments.SILENT: ("over", "plug-connected-x", _("Silent")),
        instruments.NEVER: ("wait", "clock", _("Never spoke")),
        instruments.STANDS_STILL: ("due", "minus", _("Stands still")),
        instruments.DRIFTS: ("due", "arrows-diff", _("Drifts")),
        instruments.JUMPED: ("due", "arrows-diff", _("Jumped")),
        instruments.UNIT: ("due", "alert-triangle", _("Another unit")),
    }


@require_safe
@desk_page
def listed(request: HttpRequest) -> HttpResponse:
    """Show instruments with what they said last."""
    now, query = city_clock.now(), request.GET
    kinds = instruments.kinds()
    found = instruments.listed(
        measured=query.get("of", "")[:200], unit=query.get("unit", "")[:40], state=query.get("state", ""),
        after=natural(query.get("after", "")) or 0, at=now, most=PAGE + 1,
    )  # fmt: skip
    chips, menus = filters.menus(query, _choices(query, kinds))
    above = imagery.shown(scope_of(request))
    more = {
        "section": "sensing",
        "above": above,
        "tabs": tabs(request, "sensors"),
        "items": [row(one, now) for one in found[:PAGE]],
        "total": sum(kind.number for kind in kinds),
        "chips": chips,
        "menus": menus,
        "next": f"{filters.address(query)}&after={found[PAGE - 1].stream.pk}" if len(found) > PAGE else "",
        "fresh": hour(now),
    }
    return imagery.allow(render(request, "desk/sensors.html", more), above.layers)


def _choices(query: QueryDict, kinds: list[instruments.Kind]) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    said = states()
    return {
        "of": (_("Measures"), [(kind.key, kind_name(kind)) for kind in kinds]),
        "unit": (_("Unit"), filters.unit_choices(query.get("unit", ""))),
        "state": (
            _("State"),
            [
                (instruments.SILENT, said[instruments.SILENT][2]),
                (instruments.NEVER, said[instruments.NEVER][2]),
                (instruments.DOUBTED, _("Doubted")),
            ],
        ),
    }


def kind_name(kind: instruments.Kind) -> str:
    """Name what is measured: as its plate calls it, else as its instruments do."""
    known = watches.watches().get(kind.key, ())
    return names.words(known[0].observed.names) if known else kind.name


def row(one: instruments.Instrument, now: int) -> dict[str, Any]:
    """Give an instrument as a row."""
    chip, icon, words = states()[one.state]
    unit = one.bound.unit if one.bound else ""
    return {
        "thing": one.stream.thing_id,
        "stream": one.stream.pk,
        "place": one.stream.thing.name,
        "name": one.stream.name,
        "measures": measured(one),
        "value": saying.value(one.result, unit),
        "time": when(one.time, now) if one.time is not None else "",
        "chip": chip,
        "icon": icon,
        "state": words,
        "watched": bool(one.bound and watches.fitting(one.bound, watches.watches())),
    }


def measured(one: instruments.Instrument) -> str:
    """Name what an instrument measures."""
    known = watches.watches().get(one.bound.observed if one.bound else "", ())
    return names.words(known[0].observed.names) if known else str(one.stream.observed_property.name)


@require_safe
@desk_page
def sensor(request: HttpRequest, number: int) -> HttpResponse:
    """Show a thing: what its instruments say, their limits, their alarms, the cases that came of them."""
    scope, now, query = scope_of(request), city_clock.now(), request.GET
    thing, found = instruments.of_thing(number, now)
    chosen = next((one for one in found if str(one.stream.pk) == query.get("stream")), found[0] if found else None)
    days = next((days for key, days in SPANS if key == query.get("days")), 7)
    until = (chosen.time + 1 if chosen and chosen.time is not None else now) if chosen else now
    until = now + 1 if now - until < days * DAY else until
    stood = alarms.of_datastreams(scope, cases.ids_of_part, instruments.ids_of(found))
    known = cases.by_ids(scope, {one.case for one in stood if one.case})
    places = names.places({thing.unit_code, *(one.unit_code for one in stood)}, last=2)
    point = instruments.places([thing.pk]).get(thing.pk)
    rows = [row(one, now) for one in found]
    more = {
        "section": "sensing",
        "thing": thing,
        "where": places.get(thing.unit_code, thing.unit_code),
        "streams": rows,
        "chosen": row(chosen, now) if chosen else None,
        "rules": _rules(chosen),
        "chart": of_stream(chosen.bound, stood, until - days * DAY, until, now) if chosen and chosen.bound else None,
        "spans": [(key, _span(n), n == days) for key, n in SPANS],
        "days": days,
        "alarms": [shown(one, places, known, now) for one in stood],
        "lon": point[0] if point else None,
        "lat": point[1] if point else None,
        "fresh": hour(now),
    }
    return render(request, "desk/sensor.html", more)


def _span(days: int) -> str:
    return {1: _("Day"), 7: _("Week"), 30: _("Month"), 365: _("Year")}[days]


def _rules(chosen: instruments.Instrument | None) -> list[tuple[str, str, str]]:
    known = watches.fitting(chosen.bound, watches.watches()) if chosen and chosen.bound else ()
    return [
        (names.words(one.alarm.names), saying.condition(one.alarm, one.observed.unit), names.matter(one.alarm.matter))
        for one in known
    ]


@require_safe
@desk_page
def marks(request: HttpRequest) -> HttpResponse:
    """Give the things that stand somewhere as marks for the map: an alarm colours its place, else how they are.

    Of more than a map can bear it says so, and gives those in the `box` that the map shows when it is asked again.
    """
    scope = scope_of(request)
    found = alarms.listed(scope, cases.ids_of_part, standing=True, most=POINTS)
    standing = {one.datastream.thing_id for one in found if one.datastream is not None}
    features, more = of_things(city_clock.now(), alarmed=standing, box=box_of(request.GET.get("box", "")[:200]))
    return JsonResponse({"type": "FeatureCollection", "features": features, "truncated": more})


@require_safe
@desk_page
def quality(request: HttpRequest) -> HttpResponse:
    """Show how far what is measured can be trusted: silent, doubted and why, put in quarantine and why."""
    now = city_clock.now()
    kinds = instruments.kinds()
    doubted, doubts = instruments.doubted(now), shown_doubts(instruments.doubts(), now)
    by_id = {one.stream.pk: one for one in instruments.named_streams(pk for pk, _reason, _n in doubted if pk)}
    more = {
        "section": "sensing",
        "tabs": tabs(request, "quality"),
        "kinds": [
            {
                "key": kind.key, "name": kind_name(kind), "unit": saying.unit(kind.unit), "number": kind.number,
                "silent": kind.silent, "never": kind.never,
                "sound": round(100 * (kind.number - kind.silent - kind.never) / kind.number),
                "rules": len(watches.watches().get(kind.key, ())),
            }
            for kind in kinds
        ],
        "doubts": [(one, *states()[one.kind]) for one in doubts],
        "doubted": [_doubted(by_id.get(pk or 0), pk, reason, n) for pk, reason, n in doubted],
        "fresh": hour(now),
    }  # fmt: skip
    return render(request, "desk/sensor_quality.html", more)


def _doubted(one: instruments.Instrument | None, pk: int | None, reason: str, number: int) -> dict[str, Any]:
    held = urlencode({"reason": reason} if pk is None else {"stream": str(pk), "reason": reason})
    return {
        "name": sensor_quarantine.name(one, pk), "thing": one.stream.thing_id if one else 0, "stream": pk,
        "reason": sensor_quarantine.why(reason), "number": number,
        "held": f"{reverse('desk:sensor-quarantine')}?{held}",
    }  # fmt: skip
