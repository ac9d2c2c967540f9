"""The register of components at the desk: which there are, looked for by type, state, unit and code; their labels."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityloop.doors.web.desk import filters
from cityloop.doors.web.desk.cases import EXPORTS
from cityloop.doors.web.guards import register_page, scope_of
from cityloop.doors.web.show import names
from cityloop.doors.web.show.qr import qr
from cityloop.doors.web.show.things import CHIPS, state_name, state_names, title, type_name
from cityloop.town.components import queries as components
from cityloop.town.components import rights
from cityloop.town.components.rules.identity import LENGTH, is_digits
from cityloop.town.orgs.authority import Scope

PAGE = 50
ALL = Q()
LABELS = 24  # three columns of eight on a sheet of A4


@require_safe
@register_page
def listed(request: HttpRequest) -> HttpResponse:
    """Show components in the order of their codes. Nine queries at most."""
    scope, query = scope_of(request), request.GET
    counts, rows = _counted(scope, query), _rows(scope, query, PAGE + 1)
    chips, menus = filters.menus(query, _choices(query, counts))
    last = rows[PAGE - 1].code if len(rows) > PAGE else ""
    more = {
        "section": "map",
        "items": _shown(rows[:PAGE]),
        "total": sum(number for (type_, state), number in counts.items() if _asked(query, type_, state)),
        "any": bool(counts),
        "code": query.get("code", "")[:LENGTH],
        "chips": chips,
        "menus": menus,
        "may_place": rights.may_place(scope),
        "labels": f"{reverse('desk:component-labels')}{filters.address(query, after=query.get('after', '')[:LENGTH])}",
        "next": f"{filters.address(query)}&after={last}" if last else "",
        "exports": [
            (kind, f"{reverse('desk:components-file', args=[kind])}{filters.address(query)}") for kind in EXPORTS
        ],
    }
    return render(request, "desk/components.html", more)


@require_safe
@register_page
def labels(request: HttpRequest) -> HttpResponse:
    """Show the labels of what a list holds, a sheet at a time, to be printed. Four queries at most."""
    scope, query = scope_of(request), request.GET
    rows = _rows(scope, query, LABELS + 1, Q(level=0) & ~Q(state="discarded"))
    report = request.build_absolute_uri(reverse("public:report"))
    more = {
        "section": "map",
        "items": [(one.code, title(one), qr(f"{report}?component={one.code}")) for one in rows[:LABELS]],
        "back": f"{reverse('desk:components')}{filters.address(query)}",
        "next": f"{filters.address(query)}&after={rows[LABELS - 1].code}" if len(rows) > LABELS else "",
    }
    return render(request, "desk/component_labels.html", more)


def _asked(query: QueryDict, type_: str, state: str) -> bool:
    return query.get("type", type_) in ("", type_) and query.get("state", state) in ("", state)


def _counted(scope: Scope, query: QueryDict) -> dict[tuple[str, str], int]:
    """Count what this post may see in the whole of a unit, by type and state. One query, of what is kept counted."""
    hidden = set(components.confidential(components.ceiling(scope)))
    found = components.count(["type", "state"], under_code=query.get("unit", "")[:40])
    return {(row["type"], row["state"]): row["components"] for row in found if row["type"] not in hidden}


def asked(scope: Scope, query: QueryDict) -> tuple[components.Wanted, Q]:
    """Read from the address what the list is asked for, and which components of it someone may see."""
    wanted = components.Wanted(query.get("type", ""), query.get("state", ""), query.get("unit", "")[:40])
    seen, code = components.seen_by(scope), query.get("code", "")
    if code:
        seen &= components.coded(code if is_digits(code) and len(code) <= LENGTH else "")
    return wanted, seen


def _rows(scope: Scope, query: QueryDict, most: int, of_these: Q = ALL) -> list[Any]:
    (wanted, seen), after = asked(scope, query), query.get("after", "")
    place = components.Place(0, after) if is_digits(after) and len(after) == LENGTH else None
    return components.listed(wanted, seen=seen & of_these, after=place, most=most)


def _choices(query: QueryDict, counts: dict[tuple[str, str], int]) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    types = {type_ for type_, _state in counts}
    return {
        "type": (_("Type"), sorted(((code, type_name(code)) for code in types), key=lambda pair: pair[1])),
        "state": (_("State"), state_names()),
        "unit": (_("Unit"), filters.unit_choices(query.get("unit", ""))),
    }


def _shown(rows: list[Any]) -> list[dict[str, Any]]:
    places = names.places({one.unit_code for one in rows}, last=2)
    return [
        {
            "code": one.code,
            "title": title(one),
            "chip": CHIPS[one.state],
            "state": state_name(one.state),
            "place": places.get(one.unit_code, ""),
            "responsible": names.organisation(one.responsible),
        }
        for one in rows
    ]
