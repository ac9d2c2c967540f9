"""What the city told somebody of its staff: warnings of limits, urgings, parked webhooks."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cityloop.doors.web.guards import desk_page, scope_of
from cityloop.doors.web.show import waiting
from cityloop.doors.web.show.times import hour, in_full, language, when
from cityloop.ground.kit.words import natural
from cityloop.loops.cases import numbers, queries
from cityloop.loops.cases.loop import LOOP
from cityloop.town.calendar.clock import city_clock
from cityloop.town.notices import queries as notices

PAGE = 50
SIGNS = {"100": ("over", "alert-triangle"), "150": ("over", "alert-triangle"), "80": ("due", "hourglass-low")}


@dataclass(frozen=True, slots=True)
class Row:
    """A notice as printed; `number` where the case it is about may be seen."""

    id: int
    status: str
    icon: str
    at: str
    full: str
    title: str
    body: str
    number: str
    new: bool


@require_safe
@desk_page
def page(request: HttpRequest) -> HttpResponse:
    """Show what somebody was told, the newest first; from then on it counts as seen, on every device. Three queries.

    Where something is new, writing that down takes three more.
    """
    now, scope = city_clock.now(), scope_of(request)
    before = natural(request.GET.get("after", ""))
    found = notices.of_account(scope.account, before, PAGE + 1, language())
    seen = notices.seen(scope.account)
    if found and found[0].id > seen:
        waiting.looked(request, scope.account, found[0].id)
    ids = {key for one in found[:PAGE] if (key := case_of(one.subject)) is not None}
    cases = queries.by_ids(scope, ids) if ids else {}
    rows = [row(one, cases, seen, now) for one in found[:PAGE]]
    more = f"?after={found[PAGE - 1].id}" if len(found) > PAGE else ""
    shown = {"section": "notices", "rows": rows, "next": more, "fresh": hour(now), "paged": before is not None}
    return render(request, "desk/notices.html", shown)


def case_of(subject: str) -> int | None:
    """Give the id of the case a notice is about, None where it is about something else."""
    kind, _colon, key = subject.partition(":")
    return natural(key) if kind == LOOP else None


def row(one: notices.Shown, cases: dict[int, Any], seen: int, now: int) -> Row:
    """Give a notice as printed."""
    status, icon = SIGNS.get(one.kind.rpartition("_")[2], ("wait", "bell"))
    case = cases.get(case_of(one.subject) or 0)
    number = numbers.number(case) if case is not None else ""
    at = when(one.created, now)
    return Row(one.id, status, icon, at, in_full(one.created), one.said.title, one.said.body, number, one.id > seen)
