"""The first page of the settings: what the city is made of, in numbers that are doors."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from cityloop.doors.web.desk.settings.guards import draw, settings_page
from cityloop.doors.web.desk.settings.loops import LOOPS
from cityloop.doors.web.guards import scope_of
from cityloop.town.calendar import queries as calendar
from cityloop.town.catalog import queries as catalog
from cityloop.town.components import rights
from cityloop.town.orgs import queries as orgs
from cityloop.town.units import queries as units


@settings_page
def home(request: HttpRequest) -> HttpResponse:
    """Show the rooms of the settings. Three queries."""
    matters = len(catalog.current().matters) if catalog.has_any() else 0
    rows = [
        ("catalogue", "tag", _("Catalogue"), _("What the city deals with: limits, conditions, who answers."), matters),
        ("plates", "folders", _("Plates"), _("Fields of the city's work, each switched on or off."), None),
        ("units", "hierarchy", _("Units"), _("District, street, community, grid: codes and names."), units.count()),
        ("organisations", "building-community", _("Organisations"), _("Who can be given work."), len(orgs.directory())),
        ("people", "users", _("People and posts"), _("Who acts in which role, where."), None),
        ("calendars", "calendar", _("Calendars"), _("When working time runs."), len(calendar.listed())),
        ("imagery", "satellite", _("Imagery"), _("The city from above: pictures and when they were taken."), None),
        ("loops", "route", _("Loops"), _("How cases and alarms move: drawn and proved."), len(LOOPS)),
    ]  # fmt: skip
    if scope_of(request).watches():
        told = _("Who saw personal data in the clear, when and what for.")
        rows.append(("looks", "eye", _("Looks at personal data"), told, None))
    parts = [(reverse(f"desk:settings-{key}"), icon, name, words, count) for key, icon, name, words, count in rows]
    if rights.may_read(scope_of(request)):
        told = _("What stands in the city, and how it is.")
        parts.append((reverse("desk:components"), "map-pin", _("Components"), told, None))
    return draw(request, "home", "", {"parts": parts})
