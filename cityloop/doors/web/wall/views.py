"""The wall: one view at a time, the next one after its time, with or without a script."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cityloop.doors.web import maps
from cityloop.doors.web.guards import desk_page, scope_of
from cityloop.doors.web.show import names
from cityloop.doors.web.show.alarms import Shown, shown
from cityloop.doors.web.show.times import hour, weekday
from cityloop.doors.web.wall import decisions, figures, instruments, ribbon, turns
from cityloop.doors.web.wall.turns import CITY, SENSING, Wall
from cityloop.loops.cases import pressing
from cityloop.loops.cases import queries as cases
from cityloop.loops.cases.loop import LOOP
from cityloop.loops.sensing import alarms
from cityloop.loops.sensing import instruments as known
from cityloop.loops.sensing.loop import LOOP as ALARM
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import real_now
from cityloop.town.ledger.queries import newest_steps
from cityloop.town.orgs.authority import Scope
from cityloop.town.units import queries as units
from cityloop.town.worklist import queries as worklist

ALARMS, ROWS, LATE = 200, 40, 3
KEPT, DAY = "wall", 86_400_000_000  # the day on which a screen was last told to stay signed in


@require_safe
@desk_page
def wall(request: HttpRequest) -> HttpResponse:
    """Show a view of a wall; an address that names none is completed, so that what is bookmarked says what it shows."""
    asked = turns.read(request.GET)
    if asked is None:
        usual = turns.usual(instruments=bool(known.census()))
        return HttpResponseRedirect(Wall(usual).address())
    stay_signed_in(request)
    now = city_clock.now()
    more = {"wall": asked, **frame(asked, now), **told(asked, scope_of(request), now)}
    return render(request, "wall/wall.html", {**more, "theme": "dark"})


def stay_signed_in(request: HttpRequest) -> None:
    """Let a session begin anew once a day: a screen is not signed out after a fortnight."""
    today = real_now() // DAY
    if request.session.get(KEPT) != today:
        request.session[KEPT] = today


def frame(asked: Wall, now: int) -> dict[str, Any]:
    """Give what is around a view: its name, the one that comes next, the time of the city."""
    city = names.words(units.city().names)
    titles = turns.titles(asked.turns, city)
    following = (asked.at + 1) % len(asked.turns)
    return {
        "area": turns.area(asked.turn, city),
        "kind": turns.kinds()[asked.turn.kind],
        "views": [(n, title, asked.address(n), n == asked.at) for n, title in enumerate(titles)],
        "next_title": titles[following],
        "next": asked.address(following),
        "previous": asked.address(asked.at - 1),
        "hold": asked.address(held=not asked.held),
        "compose": asked.address(to="desk:wall"),
        "here": asked.address(),
        "fresh": hour(now),
        "date": weekday(now),
    }


def told(asked: Wall, scope: Scope, now: int) -> dict[str, Any]:
    """Give what a view tells. At most nine queries: with those of who looks, twelve."""
    kind, code = asked.turn.kind, asked.turn.unit or turns.root()
    rows = worklist.to_decide(scope, LOOP, cases.rows_of_part, unit=code, at=now, most=ROWS)
    steps = newest_steps(ribbon.LOOKED)
    found = alarms.standing_and(
        scope, cases.ids_of_part, ribbon.subjects(steps, ALARM), unit=asked.turn.unit, most=ALARMS
    )
    seen = cases.by_ids(scope, {*(row.subject_id for row in rows), *ribbon.subjects(steps, LOOP)})
    here = {key: case for key, case in seen.items() if case.unit_code.startswith(asked.turn.unit)}
    places = names.places({*(one.unit_code for one in found), *(case.unit_code for case in here.values())}, last=1)
    about = {one.pk: shown(one, places, {}, now) for one in found}
    standing = [one for one in found if one.ended is None and one.unit_code.startswith(asked.turn.unit)]
    late = pressing.late_by_organisation(scope, code, now, LATE) if kind != SENSING else []
    every = decisions.decisions(
        [about[one.pk] for one in standing], decisions.of_rows(rows, here, places, scope, now),
        decisions.of_late(late, code, now),
    )  # fmt: skip
    return {
        "code": code,
        "decisions": every[: decisions.SHOWN],
        "decisions_count": f"{len(every)}{'+' if len(rows) == ROWS or len(standing) >= ALARMS else ''}",
        "decisions_more": len(every) - decisions.SHOWN,
        "ribbon": ribbon.passed(steps, here, about, places, now),
        **left(asked, code, scope, standing, about, now),
    }


def left(
    asked: Wall, code: str, scope: Scope, standing: list[Any], about: dict[int, Shown], now: int
) -> dict[str, Any]:
    """Give what stands at the left of a view, and the chart of one of instruments. Four queries at most."""
    if asked.turn.kind == SENSING:
        return {"sensing": instruments.of_city(standing), "worst": instruments.worst(standing, about, now)}
    counted = maps.counts(code, 1, scope, now)
    total = maps.total(counted.values())
    if asked.turn.kind == CITY:
        return {"by": "open", "figures": figures.of_city(total, code, scope, asked, now)}
    few = [figures.overdue(total, asked, code, scope, now)]
    return {"by": "over", "figures": few, "parts": figures.parts(code, counted)}
