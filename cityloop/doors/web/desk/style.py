"""Every component of the pages once, with real data of the city: what each looks like, and in which states."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityloop.doors.web.desk import filters, inbox, tabs
from cityloop.doors.web.desk.beside import pair
from cityloop.doors.web.guards import desk_page, scope_of
from cityloop.doors.web.show import clock as bars
from cityloop.doors.web.show import names, timeline, track
from cityloop.doors.web.show.acting import forms
from cityloop.doors.web.show.clock import Bar
from cityloop.doors.web.show.pictures import Pair
from cityloop.doors.web.show.times import hour
from cityloop.doors.web.show.trend import figure
from cityloop.loops.cases import history, onmap, queries
from cityloop.loops.cases.loop import LOOP, pinned, present
from cityloop.loops.cases.openly import AFTER
from cityloop.town.calendar.clock import city_clock
from cityloop.town.orgs.authority import Scope
from cityloop.town.worklist import queries as worklist

HOURS = 24
PAGE = 50
# Tokens by name, as the sheet of the design has them.
BASES = ("bg", "surface", "surface2", "line", "line2", "edge", "ink", "ink2", "ink3", "action", "sel", "focus")


@dataclass(frozen=True, slots=True)
class Example:
    """A case of the city that shows a component at work; None of it where the city has no case yet."""

    case: Any
    steps: list[track.Step]
    lines: list[timeline.Line]
    forms: list[Any]
    where: str


@require_safe
@desk_page
def style(request: HttpRequest) -> HttpResponse:
    """Show the components in both themes."""
    scope, now = scope_of(request), city_clock.now()
    rows = inbox.wanted(scope, request.GET, now)
    listed = list(rows[:PAGE])
    others = list(worklist.with_others(scope, queries.rows_of_part)[:200])
    ended = queries.listed(scope, queries.Wanted(ended=True), most=PAGE)
    came = onmap.received("", scope, now, HOURS)
    chips, menus = filters.menus(request.GET, inbox.choices(request.GET))
    more = {
        "section": "style",
        "fresh": hour(now),
        "bars": bars_of([*listed, *others], ended, now),
        "states": [(names.words(s.names), *names.chip(key)) for key, s in present().states.items()],
        "figure": figure(sum(came), _("cases received in 24 hours"), reverse("desk:cases"), came),
        "example": example([*others, *listed], scope, now),
        "pair": proven(ended, now),
        "chips": chips,
        "menus": menus,
        "tabs": tabs.inbox(request, scope, now, lambda query: inbox.wanted(scope, query, now)),
        "bases": BASES,
        "statuses": statuses(),
        "themes": ("light", "dark"),
        "done": len(listed),
        "all": PAGE,
    }
    return render(request, "desk/style.html", more)


def statuses() -> list[tuple[str, str, str]]:
    """Give the six statuses: name, icon, meaning."""
    said = {
        "ontime": _("On time"), "due": _("Due soon"), "over": _("Overdue"), "ver": _("Verified, closed"),
        "wait": _("Waiting on others"), "alarm": _("Someone must act now"),
    }  # fmt: skip
    icons = {**bars.ICONS, "alarm": "bell-ringing", "wait": "user-question"}
    return [(name, icons[name], words) for name, words in said.items()]


def bars_of(rows: Iterable[Any], ended: Iterable[Any], now: int) -> list[Bar]:
    """Give one clock of each kind that the city has now: from the inbox, and of cases that ended."""
    found: dict[tuple[str, bool], Bar] = {}
    for row in rows:
        bar = bars.of_row(row, now)
        found.setdefault((bar.status, bar.paused), bar)
    for case in ended:
        bar = bars.of_case(case.due, case.closed, now, case.created)
        found.setdefault((bar.status, bar.paused), bar)
    return list(found.values())


def example(rows: Iterable[Any], scope: Scope, now: int) -> Example | None:
    """Give a case of these rows, one that is worked on where there is one, as its page would show it."""
    ids = sorted((row.what != "handling", row.subject_id) for row in rows if row.loop == LOOP)
    case = queries.among(scope, [ids[0][1]]).first() if ids else None
    if case is None:
        return None
    definition, snapshot = pinned(case.definition), queries.snapshot_of(case)
    moments = history.bare(case)
    lines = [timeline.line(moment, definition, now) for moment in moments]
    offered, _denied = queries.open_to(case, queries.actors_for(case, scope), now)
    # Fields that ask for people are left out: each would cost a query, and all fields look alike.
    offered = [offer for offer in offered if all(spec["type"] != "person" for spec in offer.fields.values())]
    where = names.place(names.path(case.unit_code), 1)
    steps = track.seven(case, snapshot, [m.step for m in reversed(moments)], now)
    bar = forms(offered, definition, snapshot, (case.unit_code, where), now)
    return Example(case, steps, lines[:5], bar[:3], where)


def proven(ended: Sequence[Any], now: int) -> Pair | None:
    """Give the newest of these cases that has photos from before and after the work, as its page shows it.

    A case on its way has seldom both.
    """
    moments = history.proof(ended, AFTER)
    return pair(moments, [timeline.line(moment, present(), now) for moment in moments], now)
