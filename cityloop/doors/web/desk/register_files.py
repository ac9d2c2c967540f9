"""The register of components as a file: as the list is narrowed, whole, in pages of a thousand.

A file says what `cityloop components import` reads, by the map in docs/how-to/bring-your-components.md. Its columns are
those of every component, then one for each attribute of the types it may hold. That it was taken is on the ledger.
"""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.views.decorators.http import require_safe

from cityloop.doors.web.desk import register
from cityloop.doors.web.guards import register_page, scope_of
from cityloop.doors.web.sheets import Pages, Sheet
from cityloop.doors.web.sheets import written as as_file
from cityloop.doors.web.show import names, things
from cityloop.loops.cases.actions.prepare import organisations
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import rfc3339
from cityloop.town.components import queries as components
from cityloop.town.components.queries import Place, Wanted
from cityloop.town.components.rules.words import ROLES
from cityloop.town.ledger.actions import note_export

COLUMNS = (
    "code", "type", "type_name", "name", "state", "state_name", "lon", "lat", "accuracy", "unit", "place",
    *ROLES, "installed", "surveyed",
)  # fmt: skip
FILTERS = ("code", "state", "type", "unit")
ATTRIBUTE = "attributes."  # before the keys of attributes, so that none is taken for a column of every component
PAGE = 1_000


@require_safe
@register_page
def export(request: HttpRequest, kind: str) -> Any:
    """Give the components of a list as a file."""
    scope, query = scope_of(request), request.GET
    named = [name for name in FILTERS if query.get(name)]
    note_export(by=scope.actors()[0], at=city_clock.now(), kind=kind, filters=named, of="components")
    return written(kind, *register.asked(scope, query))


def written(kind: str, wanted: Wanted, seen: Q) -> Any:
    """Answer with a file of the components of a list."""
    columns, as_of = (*COLUMNS, *recorded(wanted)), rfc3339(city_clock.now())
    sheet = Sheet("components", columns, "code", as_of, lambda: components.how_many(wanted, seen))
    return as_file(kind, sheet, pages_of(wanted, seen))


def recorded(wanted: Wanted) -> list[str]:
    """Give a column for each attribute of the types that stand there. One query, of what is kept counted."""
    there = {row["type"] for row in components.count(["type"], under_code=wanted.unit)}
    kinds = (kind for kind in components.kinds().values() if kind.code in there and wanted.type in ("", kind.code))
    return sorted({f"{ATTRIBUTE}{key}" for kind in kinds for key in kind.attributes})


def pages_of(wanted: Wanted, seen: Q) -> Pages:
    """Give the rows of a list page by page. Two queries a page, however many there are."""
    after = None
    while found := components.listed(wanted, seen=seen, after=after, most=PAGE):
        yield rows(found)
        after = Place(found[-1].cell, str(found[-1].code))


def rows(found: list[Any]) -> list[dict[str, Any]]:
    """Give components as rows of a file. One query, for the names of places."""
    places = names.places({one.unit_code for one in found}, last=2)
    return [row(one, places.get(one.unit_code, "")) for one in found]


def row(one: Any, place: str) -> dict[str, Any]:
    """Give a component as a row; organisations by their keys, days as in ISO 8601."""
    return {
        **{name: getattr(one, name) for name in ("code", "type", "name", "state", "lon", "lat", "accuracy")},
        "type_name": things.type_name(one.type),
        "state_name": things.state_name(one.state),
        "unit": one.unit_code,
        "place": place,
        **{role: _key(getattr(one, role)) for role in ROLES},
        **{day: value.isoformat() if (value := getattr(one, day)) else "" for day in ("installed", "surveyed")},
        **{f"{ATTRIBUTE}{key}": value for key, value in one.attributes.items()},
    }


def _key(organisation: int) -> str:
    found = organisations().get(organisation) if organisation else None
    return str(found.key) if found else ""
