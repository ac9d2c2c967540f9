"""Alarms at the desk: the list, one with its readings, and what may be done about it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityloop.doors.web import imagery
from cityloop.doors.web.desk import filters
from cityloop.doors.web.guards import desk_page, scope_of, sent_from
from cityloop.doors.web.show import names
from cityloop.doors.web.show.acting import said
from cityloop.doors.web.show.alarms import CONSEQUENCES, shown
from cityloop.doors.web.show.charts import around
from cityloop.doors.web.show.plate_words import ALARMS
from cityloop.doors.web.show.times import hour, when
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural
from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases import queries as cases
from cityloop.loops.sensing import alarms as sensing
from cityloop.loops.sensing import instruments, saying, watches
from cityloop.loops.sensing.actions import alarming
from cityloop.loops.sensing.loop import present
from cityloop.town.calendar.clock import city_clock
from cityloop.town.ledger.queries import steps
from cityloop.town.orgs.authority import Scope
from cityloop.town.persons.queries import words_of_many

PAGE, MARKS = 50, 200


def tabs(request: HttpRequest, current: str) -> list[tuple[str, str, bool]]:
    """Give what sensing has at the desk: words, address, whether one is there."""
    every = [
        ("alarms", _("Alarms"), "desk:alarms"),
        ("sensors", _("Instruments"), "desk:sensors"),
        ("quality", _("Data quality"), "desk:sensor-quality"),
        ("trial", _("Try a rule"), "desk:sensor-trial"),
        ("cameras", _("Cameras"), "desk:cameras"),
    ]
    return [(words, reverse(name), key == current) for key, words, name in every]


@require_safe
@desk_page
def listed(request: HttpRequest) -> HttpResponse:
    """Show alarms, the newest first: those that stand, or all. Eight queries."""
    scope, now, query = scope_of(request), city_clock.now(), request.GET
    every = bool(query.get("all"))
    found = sensing.listed(
        scope, cases.ids_of_part, standing=not every, severity=query.get("severity", ""),
        unit=query.get("unit", "")[:40], before=natural(query.get("after", "")) or 0, most=PAGE + 1,
    )  # fmt: skip
    chips, menus = filters.menus(query, _choices(query))
    above = imagery.shown(scope)
    counts = sensing.counted(scope, cases.ids_of_part)
    more = {
        "section": "sensing",
        "tabs": tabs(request, "alarms"),
        "items": _shown(found[:PAGE], scope, now),
        "counts": [(ALARMS[key](), counts[key]) for key in sensing.RANKS if counts.get(key)],
        "every": every,
        "silent": 0 if found else sum(row.silent for row in instruments.census()),
        "above": above,
        "chips": chips,
        "menus": menus,
        "next": f"{filters.address(query)}&after={found[PAGE - 1].pk}" if len(found) > PAGE else "",
        "fresh": hour(now),
    }
    return imagery.allow(render(request, "desk/alarms.html", more), above.layers)


def _choices(query: QueryDict) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    return {
        "all": (_("Which"), [("1", _("Also those that are over"))]),
        "severity": (_("Severity"), [(key, ALARMS[key]()) for key in sensing.RANKS]),
        "unit": (_("Unit"), filters.unit_choices(query.get("unit", ""))),
    }


def _shown(found: list[Any], scope: Scope, now: int) -> list[Any]:
    known = cases.by_ids(scope, {one.case for one in found if one.case})
    places = names.places({one.unit_code for one in found}, last=2)
    return [shown(one, places, known, now) for one in found]


@require_safe
@desk_page
def marks(request: HttpRequest) -> HttpResponse:
    """Give the alarms that stand somewhere as marks for the map: those that nobody has looked at yet have rings."""
    scope, now = scope_of(request), city_clock.now()
    found = [one for one in sensing.listed(scope, cases.ids_of_part, standing=True, most=MARKS) if one.lon is not None]
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [row.lon, row.lat]},
            "properties": {
                "id": f"alarm-{one.id}", "status": "alarm" if row.state == "raised" else "wait", "icon": one.chip[1],
                "name": f"{one.title} · {one.place}", "title": one.title, "href": reverse("desk:alarm", args=[one.id]),
                "place": one.place, "share": 0, "words": one.state, "until": one.since,
            },
        }
        for row, one in zip(found, _shown(found, scope, now), strict=True)
    ]  # fmt: skip
    return JsonResponse({"type": "FeatureCollection", "features": features})


@require_safe
@desk_page
def alarm(request: HttpRequest, number: int) -> HttpResponse:
    """Show an alarm."""
    return page(request, sensing.one(scope_of(request), cases.ids_of_part, number))


def page(request: HttpRequest, found: Any, wrong: Refusal | None = None, tried: str = "") -> HttpResponse:
    """Draw the page, with what was refused a moment ago still filled in."""
    scope, now = scope_of(request), city_clock.now()
    stood = sensing.of_datastreams(scope, cases.ids_of_part, [found.datastream_id]) if found.datastream_id else []
    this, *others = _shown([found, *(one for one in stood if one.pk != found.pk)], scope, now)
    more = {
        "section": "sensing",
        "alarm": this,
        "seq": found.seq,
        "words": saying.of_alarm(found, watches.watch(found.rule)),
        "chart": around(found, stood, now),
        "history": _history(found, now),
        "others": others,
        "forms": _forms(found, scope, now),
        "lon": found.lon,
        "lat": found.lat,
        "wrong": said(wrong) if wrong else "",
        "tried": tried,
        "fresh": hour(now),
    }
    return render(request, "desk/alarm.html", more, status=422 if wrong else 200)


def _forms(found: Any, scope: Scope, now: int) -> list[dict[str, Any]]:
    return [
        {
            "action": offer.action,
            "title": names.words(offer.names),
            "icon": names.icon(offer.action),
            "consequence": CONSEQUENCES[offer.action](),
            "words": "words" in offer.fields,
        }
        for offer in sensing.open_to(found, scope, now)
    ]


def _history(found: Any, now: int) -> list[dict[str, str]]:
    rows = list(steps(found.subject))
    texts = {
        row.seq: words_of_many([found.subject], f"{row.seq}:{row.what}:words") for row in rows if '"words"' in row.data
    }
    return [
        {
            "what": names.action(present(), row.what),
            "icon": names.icon(row.what),
            "who": names.role(present(), row.role),
            "at": when(row.at, now),
            "words": texts.get(row.seq, {}).get(found.subject, ""),
        }
        for row in reversed(rows)
    ]


@sent_from("desk:alarm")
@desk_page
def act(request: HttpRequest, number: int) -> HttpResponse:
    """Take an action on an alarm."""
    scope, now = scope_of(request), city_clock.now()
    found, wanted = sensing.one(scope, cases.ids_of_part, number), str(request.POST.get("action", ""))
    offer = next((one for one in sensing.open_to(found, scope, now) if one.action == wanted), None)
    if offer is None:
        raise PermissionDenied
    data = {"words": str(request.POST.get("words", ""))} if "words" in offer.fields else {}
    try:
        alarming.take(
            alarm=found.pk, act=Act(wanted, data), by=offer.actor, at=now, scope=scope,
            expected=natural(str(request.POST.get("seq", ""))),
        )  # fmt: skip
    except Refusal as refusal:
        return page(request, sensing.one(scope, cases.ids_of_part, number), refusal, str(data.get("words", "")))
    messages.success(request, _("{action}: done.").format(action=names.words(offer.names)))
    return HttpResponseRedirect(reverse("desk:alarm", args=[number]), status=303)
