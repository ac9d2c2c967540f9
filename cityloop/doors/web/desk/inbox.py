"""The inbox: what the posts of someone must do now, the least time left first."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityloop.doors.web.desk import filters, tabs
from cityloop.doors.web.guards import desk_page, scope_of
from cityloop.doors.web.show import clock as bars
from cityloop.doors.web.show import names
from cityloop.doors.web.show.alarms import place, title
from cityloop.doors.web.show.clock import Bar
from cityloop.doors.web.show.times import end_of_day, hour
from cityloop.ground.kit.words import natural
from cityloop.ground.loop.definition import Definition
from cityloop.loops.cases import numbers, queries
from cityloop.loops.cases.loop import LOOP, pinned
from cityloop.loops.sensing import alarms as sensing
from cityloop.loops.sensing.loop import LOOP as ALARM
from cityloop.loops.sensing.loop import present as alarm_loop
from cityloop.loops.sensing.watches import watch
from cityloop.town.calendar.clock import city_clock
from cityloop.town.orgs.authority import Scope
from cityloop.town.worklist import queries as worklist

PAGE = 50
# What a duty asks for, by the action that fulfils it.
VERBS = {
    "collected": "file", "proving": "prove", "filed": "dispatch", "dispatched": "accept", "handling": "report_back",
    "part": "report_back", "milestone": "reach", "handled": "submit", "checked": "close", "suspended": "resume",
    "replace_part": "replace_part", "decide": "let_go_on", "transferred": "returned", "folded": "unfold",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """A row as printed."""

    id: int
    number: str
    seq: int
    bar: Bar
    matter: str
    place: str
    unit: str
    holder: str
    verb: str
    why: str
    claim: str
    lon: float | None
    lat: float | None
    href: str
    other: bool = False  # an alarm: it is no case, and not chosen with cases

    @property
    def bare(self) -> bool:
        """Whether no more than the unit is known of its place: then its number tells it from its neighbours."""
        return self.place == self.unit and not self.other


@dataclass(frozen=True, slots=True)
class Group:
    """Rows alike in lateness, with how many there are in all."""

    status: str
    icon: str
    title: str
    count: int
    items: list[Item]


@require_safe
@desk_page
def inbox(request: HttpRequest) -> HttpResponse:
    """Show what is to be done."""
    scope, now = scope_of(request), city_clock.now()
    rows = wanted(scope, request.GET, now)
    counts = worklist.late_counts(rows, now)
    found = worklist.late_pages(rows, now, place_of(request.GET.get("after", "")), PAGE)
    chips, menus = filters.menus(request.GET, choices(request.GET))
    over = tabs.inbox(request, scope, now, lambda query: wanted(scope, query, now))
    more = {
        "section": "inbox",
        "tabs": over,
        "inbox_count": over[0].count,
        "groups": groups(found, counts, scope, now),
        "total": sum(counts.values()),
        "shown": sum(map(len, found.values())),
        "chips": chips,
        "menus": menus,
        "next": further(request.GET, found),
        "fresh": hour(now),
        "paged": "after" in request.GET,
    }
    return render(request, "desk/inbox.html", more)


def wanted(scope: Scope, query: QueryDict, now: int) -> Any:
    """Give the rows of an inbox as filtered by its address."""
    late = query.get("late", "")
    to = worklist.Narrow(
        what=query.get("what", ""),
        unit=query.get("unit", ""),
        org=natural(query.get("org", "")) or 0,
        late=late,
        at=now,
        person=scope.person if query.get("mine") else 0,
        due_by=end_of_day(now) if late == "today" else 0,
    )
    rows = worklist.with_others(scope, queries.rows_of_part) if query.get("others") else worklist.inbox(scope)
    return worklist.narrowed(rows, to)


def choices(query: QueryDict) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """Give the filters an inbox has."""
    return {
        "what": (_("State"), filters.state_choices()),
        "unit": (_("Unit"), filters.unit_choices(query.get("unit", ""))),
        "org": (_("Organisation"), filters.organisation_choices()),
        "late": (_("Lateness"), [("over", _("Overdue")), ("due", _("Due soon")), ("today", _("Due today"))]),
        "mine": (_("Mine"), [("1", _("In my own hands"))]),
        "others": (_("Others"), [("1", _("Waiting on others"))]),
    }


def place_of(text: str) -> worklist.Place | None:
    """Read where the last page ended, `over:1540137600000000:17`; what is none begins anew."""
    group, _colon, rest = text.partition(":")
    due, _colon, key = rest.partition(":")
    when, last = natural(due), natural(key)
    if group not in worklist.GROUPS or when is None or last is None:
        return None
    return worklist.Place(group, min(when, worklist.NEVER), last)


def further(query: QueryDict, found: dict[str, list[Any]]) -> str:
    """Give the address of the next page, "" where there is none."""
    filled = [(name, rows) for name, rows in found.items() if rows]
    if sum(len(rows) for _name, rows in filled) < PAGE:
        return ""
    name, rows = filled[-1]
    due = rows[-1].due if rows[-1].due is not None else worklist.NEVER
    return f"{filters.address(query)}&after={name}:{due}:{rows[-1].pk}"


def groups(found: dict[str, list[Any]], counts: dict[str, int], scope: Scope, now: int) -> list[Group]:
    """Give the rows by lateness, ready to print. Three queries: cases, alarms, and the names of their places."""
    rows = [row for some in found.values() for row in some]
    cases = queries.by_ids(scope, {row.subject_id for row in rows if row.loop == LOOP})
    alarms = sensing.by_ids(scope, queries.ids_of_part, {row.subject_id for row in rows if row.loop == ALARM})
    whats: list[Any] = [*cases.values(), *alarms.values()]
    places = names.places({one.unit_code for one in whats}, last=1)
    titles = {"over": _("Overdue"), "due": _("Due soon"), "ontime": _("On time")}
    made = []
    for status, some in found.items():
        items = [one for row in some if (one := _item(row, cases, alarms, places, scope, now))]
        if items:
            made.append(Group(status, bars.ICONS[status], titles[status], counts[status], items))
    return made


def _item(row: Any, cases: Any, alarms: Any, places: dict[str, str], scope: Scope, now: int) -> Item | None:
    """Give a row as printed, None where its case or alarm is not for these eyes."""
    if row.loop == LOOP:
        return item(row, cases[row.subject_id], places, scope, now) if row.subject_id in cases else None
    return alarm(row, alarms[row.subject_id], places, scope, now) if row.subject_id in alarms else None


def alarm(row: Any, found: Any, places: dict[str, str], scope: Scope, now: int) -> Item:
    """Give a row about an alarm as printed."""
    unit, definition = places.get(found.unit_code, found.unit_code), alarm_loop()
    return Item(
        id=row.pk,
        number=f"alarm-{found.pk}",
        seq=found.seq,
        bar=bars.of_row(row, now),
        matter=title(found, watch(found.rule)),
        place=place(found, places),
        unit=unit,
        holder=holder(row, definition, scope),
        verb=names.action(definition, "acknowledge" if row.what == "raised" else "look_again"),
        why=_("alarm"),
        claim="",
        lon=found.lon,
        lat=found.lat,
        href=reverse("desk:alarm", args=[found.pk]),
        other=True,
    )


def item(row: Any, case: Any, places: dict[str, str], scope: Scope, now: int) -> Item:
    """Give a row as printed."""
    definition = pinned(case.definition)
    unit = places.get(case.unit_code, case.unit_code)
    free = row.what == "collected" and not row.person and scope.has_role(row.role)
    return Item(
        id=row.pk,
        number=numbers.number(case),
        seq=case.seq,
        bar=bars.of_row(row, now),
        matter=names.matter(case.matter),
        place=case.address or unit,
        unit=unit,
        holder=holder(row, definition, scope),
        verb=verb(row.what, definition),
        why=why(row, definition),
        claim=claim_key(scope, row.role) if free else "",
        lon=case.lon,
        lat=case.lat,
        href=reverse("desk:case", args=[numbers.number(case)]),
    )


def claim_key(scope: Scope, role: str) -> str:
    """Name the offer of claiming as the case page does (see `acting.key_of`)."""
    post = next((grant.post for grant in scope.grants if grant.role == role), 0)
    return f"claim-{post}-0"


def holder(row: Any, definition: Definition, scope: Scope) -> str:
    """Say whose it is: yours, an organisation's, or the pool of a role."""
    if row.person and row.person == scope.person:
        return _("You")
    return names.organisation(row.org) if row.org else names.role(definition, row.role)


def verb(what: str, definition: Definition) -> str:
    """Say what is to be done, in the words of the loop."""
    if what == "checking":
        return _("Check")
    if what in definition.requests:
        return _("Answer")
    return names.action(definition, VERBS.get(what, what))


def why(row: Any, definition: Definition) -> str:
    """Say for which of several duties a row stands."""
    if row.what in definition.requests:
        return names.action(definition, row.what)
    if row.slot.startswith("part:"):
        return _("assisting part")
    if row.slot.startswith("milestone:"):
        return _("milestone")
    return names.state(definition, row.what)


@require_safe
@desk_page
def marks(request: HttpRequest) -> HttpResponse:
    """Give the rows of a page as marks for the map beside it."""
    scope, now = scope_of(request), city_clock.now()
    found = worklist.late_pages(wanted(scope, request.GET, now), now, place_of(request.GET.get("after", "")), PAGE)
    items = [i for g in groups(found, dict.fromkeys(found, 0), scope, now) for i in g.items]
    return JsonResponse(points(items))


def points(items: Iterable[Item]) -> dict[str, Any]:
    """Give rows that have a place as GeoJSON points; the one of a case that presses most stands for it."""
    seen: dict[str, Item] = {}
    for one in items:
        if one.lon is not None:
            seen.setdefault(one.number, one)
    return {"type": "FeatureCollection", "features": [_point(one) for one in seen.values()]}


def _point(one: Item) -> dict[str, Any]:
    status = one.bar.status
    told = {
        "id": one.number,
        "status": status,
        "name": f"{one.matter}, {one.bar.words}",
        "href": one.href,
        "title": one.matter,
        "place": one.place,
        "share": one.bar.share,
        "words": one.bar.words,
        "until": one.bar.until,
    }
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [one.lon, one.lat]}, "properties": told}
