"""Cases as a list: filtered, in pages, each number a door."""

from dataclasses import dataclass
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityloop.doors.web.desk import filters, tabs
from cityloop.doors.web.guards import desk_page, scope_of
from cityloop.doors.web.show import clock as bars
from cityloop.doors.web.show import names
from cityloop.doors.web.show.clock import Bar
from cityloop.doors.web.show.fields import matters
from cityloop.doors.web.show.times import dated, hour, in_full
from cityloop.ground.kit.words import natural
from cityloop.loops.cases import numbers, queries
from cityloop.loops.cases.loop import LOOP, pinned
from cityloop.loops.cases.search import asking
from cityloop.town.calendar.clock import city_clock
from cityloop.town.worklist import queries as worklist

PAGE = 50
EXPORTS = ("csv", "geojson", "xlsx")


@dataclass(frozen=True, slots=True)
class Item:
    """A case as a row."""

    number: str
    bar: Bar
    matter: str
    place: str
    unit: str
    state: str
    chip: tuple[str, str]
    lead: str
    created: str
    in_full: str


@require_safe
@desk_page
def cases(request: HttpRequest) -> HttpResponse:
    """Show the cases someone may see, the newest first."""
    now, query = city_clock.now(), request.GET
    looked = asking.look_for(scope_of(request), query.get("q", ""), now)
    found = listed(request, looked, now, before=number_of(query.get("after", "")), most=PAGE + 1)
    if looked.number and len(found) == 1:
        return HttpResponseRedirect(reverse("desk:case", args=[numbers.number(found[0])]))
    chips, menus = filters.menus(query, choices(query))
    more = {
        "section": "cases",
        "tabs": tabs.cases(request, scope_of(request), lambda query: counting(request, query, now)),
        "items": items(found[:PAGE], now),
        "chips": chips,
        "menus": menus,
        "next": f"{filters.address(query)}&after={found[PAGE - 1].pk}" if len(found) > PAGE else "",
        "fresh": hour(now),
        "q": query.get("q", ""),
        "looked": looked,
        "exports": [(kind, f"{reverse('desk:export', args=[kind])}{filters.address(query)}") for kind in EXPORTS],
        "paged": "after" in query,
    }
    return render(request, "desk/cases.html", more)


def listed(request: HttpRequest, looked: asking.Looked, now: int, *, before: int, most: int) -> list[Any]:
    """Give the cases of a list below an id, the newest first: of the filters alone, or those with the words, too."""
    scope, wanted = scope_of(request), narrow(request.GET, looked, now)
    if looked.asked is not None:
        return queries.with_words(scope, wanted, looked.asked, before=before, most=most)
    return queries.listed(scope, wanted, before=before, most=most)


def narrow(query: QueryDict, looked: asking.Looked, now: int) -> queries.Wanted:
    """Give what a list is asked for: its filters, and the number or the person that was looked for."""
    return msgspec.structs.replace(wanted(query, now), number=looked.number, persons=looked.persons)


def counting(request: HttpRequest, query: QueryDict, now: int) -> queries.Countable | None:
    """Give the cases a view shows, to be counted; None where that would take long."""
    return queries.countable(scope_of(request), wanted(query, now))


def number_of(text: str) -> int:
    """Read an id out of an address; 0 for what is none."""
    return natural(text) or 0


def wanted(query: QueryDict, now: int) -> queries.Wanted:
    """Read from the address what a list is asked for."""
    return queries.Wanted(
        state=query.get("state", "")[:40],
        matter=query.get("matter", "")[:60],
        unit=query.get("unit", "")[:40],
        org=query.get("org", "")[:200],
        overdue_at=now if query.get("late") else 0,
    )


def choices(query: QueryDict) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """Give the filters of the list."""
    return {
        "state": (_("State"), [("open", _("All open")), *filters.state_choices()]),
        "matter": (_("Matter"), [(code, name) for code, name, _chosen in matters("")]),
        "unit": (_("Unit"), filters.unit_choices(query.get("unit", ""))),
        "org": (_("Organisation"), filters.organisation_choices("path")),
        "late": (_("Lateness"), [("1", _("Overdue"))]),
    }


def items(found: list[Any], now: int) -> list[Item]:
    """Give cases as rows. Two queries: who holds them until when, and the names of their places."""
    rows = worklist.states_of(LOOP, [case.pk for case in found if case.closed is None])
    places = names.places({case.unit_code for case in found}, last=1)
    return [item(case, rows.get(case.pk), places, now) for case in found]


def item(case: Any, row: Any, places: dict[str, str], now: int) -> Item:
    """Give a case as a row."""
    ended = bars.of_case(case.due, case.closed, now, case.created)
    unit = places.get(case.unit_code, case.unit_code)
    return Item(
        number=numbers.number(case),
        bar=bars.of_row(row, now) if row is not None and row.due is not None else ended,
        matter=names.matter(case.matter),
        place=case.address or unit,
        unit=unit,
        state=names.state(pinned(case.definition), case.state),
        chip=names.chip(case.state),
        lead=names.organisation(case.lead_org),
        created=dated(case.created, now),
        in_full=in_full(case.created),
    )
