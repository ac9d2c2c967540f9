"""Trying a rule at the desk: what it would have raised, as it is or with other values, before it goes live."""

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityloop.doors.web.desk.alarms import tabs
from cityloop.doors.web.guards import desk_page, scope_of
from cityloop.doors.web.show import names
from cityloop.doors.web.show.acting import said
from cityloop.doors.web.show.times import duration, hour, when
from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases import numbers, queries
from cityloop.loops.sensing import saying, trying, watches
from cityloop.town.calendar.clock import city_clock
from cityloop.town.orgs.authority import Scope

SHOWN, DAY = 60, 86_400_000_000
NUMBERS = ("above", "below", "rises", "falls", "unusual", "clear")
LIMITS = ("hold", "within", "silent")
DAYS = (30, 90, 365)


@require_safe
@desk_page
def trial(request: HttpRequest) -> HttpResponse:
    """Show the form, and what the rule that was asked for would have done."""
    scope, now, query = scope_of(request), city_clock.now(), request.GET
    rules = [one for some in watches.watches().values() for one in some]
    found, wrong = None, ""
    if query.get("rule"):
        try:
            found = _tried(query, scope, now)
        except Refusal as refusal:
            wrong = said(refusal)
    watch = found["watch"] if found else watches.watch(query.get("rule", ""))
    more = {
        "section": "sensing",
        "tabs": tabs(request, "trial"),
        "rules": [(one.rule, f"{names.words(one.observed.names)}: {names.words(one.alarm.names)}") for one in rules],
        "rule": query.get("rule", ""),
        "days": _days(query),
        "spans": DAYS,
        "fields": _fields(watch, query),
        "found": found,
        "wrong": wrong,
        "fresh": hour(now),
    }
    return render(request, "desk/sensor_trial.html", more, status=422 if wrong else 200)


def _days(query: QueryDict) -> int:
    return next((days for days in DAYS if str(days) == query.get("days")), DAYS[0])


def _fields(watch: watches.Watch | None, query: QueryDict) -> list[tuple[str, str, str]]:
    """Give the values of a rule that can be tried otherwise: name, words, what stands there."""
    if watch is None:
        return []
    said_of = {
        "above": _("Above"), "below": _("Below"), "rises": _("Rises by"), "falls": _("Falls by"),
        "unusual": _("Times the usual spread"), "clear": _("Over at"), "hold": _("For at least"),
        "within": _("Within"), "silent": _("Silent for"),
    }  # fmt: skip
    given = [name for name in (*NUMBERS, *LIMITS) if getattr(watch.alarm, name) is not None]
    return [(name, said_of[name], query.get(name) or _written(getattr(watch.alarm, name))) for name in given]


def _written(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _tried(query: QueryDict, scope: Scope, now: int) -> dict[str, Any]:
    rule = query.get("rule", "")
    before = watches.watch(rule)
    values: dict[str, Any] = {}
    for name in (*NUMBERS, *LIMITS):
        text = query.get(name, "").strip()
        if text and before and text != _written(getattr(before.alarm, name)):
            values[name] = _number(name, text) if name in NUMBERS else text
    watch = trying.changed(rule, **values)
    made = trying.attempt(watch=watch, since=now - _days(query) * DAY, until=now + 1)
    known = queries.by_ids(scope, {pk for one in made.alarms[-SHOWN:] for pk in one.reports[:3]})
    return {
        "watch": watch,
        "condition": saying.condition(watch.alarm, watch.observed.unit),
        "instruments": made.instruments,
        "readings": made.readings,
        "number": len(made.alarms),
        "reported": made.reported,
        "alarms": [_row(one, watch, known, now) for one in reversed(made.alarms[-SHOWN:])],
    }


def _number(name: str, text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise Refusal("cases.field.number", "{name} must be a number.", field=name, name=name) from None


def _row(one: trying.Would, watch: watches.Watch, known: dict[int, Any], now: int) -> dict[str, Any]:
    return {
        "place": one.bound.place,
        "thing": one.bound.thing,
        "stream": one.bound.datastream,
        "since": when(one.since, now),
        "lasted": duration(one.over - one.since, days=True) if one.over is not None else _("still stands"),
        "worst": saying.value(one.worst, watch.observed.unit),
        "reports": [numbers.number(known[pk]) for pk in one.reports[:3] if pk in known],
        "more": max(0, len(one.reports) - 3),
    }
