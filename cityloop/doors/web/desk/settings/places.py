"""Units at the desk: the tree from the city down to the grid, with codes and names."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from cityloop.doors.web.desk.settings.guards import Wrong, attempt, draw, go, setter, settings_page, spoken
from cityloop.doors.web.show import names
from cityloop.town.calendar.clock import city_clock
from cityloop.town.catalog import queries as catalog
from cityloop.town.orgs import queries as orgs
from cityloop.town.units import queries as units
from cityloop.town.units.actions import naming

MOST = 200


@settings_page
def one(request: HttpRequest, code: str = "") -> HttpResponse:
    """Show a unit with those directly below it; take in other names for it. Six queries."""
    unit = units.unit_of(code) if code else units.root()
    wrong = Wrong()
    if request.method == "POST":
        wrong = attempt(request, lambda: rename(request, unit), ("names",))
        if not wrong:
            return go(request.path)
    below = [(u.code, names.words(u.names) or kind(u), kind(u), u.area_m2) for u in units.children(unit.code)]
    path = units.paths_of([unit.code]).get(unit.code, [])
    levels = units.scheme().levels
    context = {
        "unit": unit, "name": names.words(unit.names) or unit.code, "below": below, "wrong": wrong,
        "path": [(c, names.words(n) or c) for c, n in path[:-1]], "level": level_name(unit.level),
        "below_level": level_name(unit.level + 1) if unit.level + 1 < len(levels) else "",
        "lines": hanging(unit.code),
        "names_en": unit.names.get("en", ""), "names_zh": unit.names.get("zh-hans", ""),
    }  # fmt: skip
    return draw(request, "unit", "units", context, wrong.status)


def hanging(code: str) -> list[tuple[str, str, str, bool, bool]]:
    """Give the lines of responsibility that name this unit or one below.

    Of each: where, for which matter, who leads, whether it is the city's own, whether the matter has a page.
    """
    lines, known = catalog.lines_at(lambda unit: unit[: len(code)] == code), orgs.directory()
    places = names.places({line.unit for line in lines}, last=2)
    return [
        (
            places.get(line.unit, "") or line.unit,
            line.matter,
            names.words(known[line.lead].names) if line.lead in known else line.lead,
            line.source == "the city",
            line.matter in catalog.current().matters,
        )
        for line in lines[:MOST]
    ]


def rename(request: HttpRequest, unit: Any) -> None:
    """Give the unit the names in the form."""
    naming.rename(code=unit.code, names=spoken(request, "names", unit.names), by=setter(request), at=city_clock.now())


def level_name(number: int) -> str:
    """Name a level of units as the city does."""
    return names.words(units.level_name(number))


def kind(unit: Any) -> str:
    """Say what a unit is where it is not a piece of the city: the rest of its parent, or no known place."""
    return {"rest": _("known no finer"), "unplaced": _("place not known")}.get(unit.kind, "")
