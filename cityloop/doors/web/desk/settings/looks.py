"""Who looked at personal data, when, in which role and what for. Whose data it was stands as a number alone."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from cityloop.doors.web.desk.settings.guards import draw, settings_page
from cityloop.doors.web.guards import scope_of
from cityloop.doors.web.show.myself import role
from cityloop.doors.web.show.times import when
from cityloop.ground.kit.words import clean, natural
from cityloop.town.calendar.clock import city_clock
from cityloop.town.persons import queries as persons

MOST = 50


@settings_page
def listed(request: HttpRequest) -> HttpResponse:
    """List looks, the latest first, by one user or at one person where asked. Two queries."""
    if not scope_of(request).watches():
        raise PermissionDenied
    username = clean(request.GET.get("user", "")).strip()[:150]
    whose, before = (natural(request.GET.get(name, "")) or 0 for name in ("person", "before"))
    found = list(persons.looks(person=whose, username=username, before=before)[: MOST + 1])
    page, now = found[:MOST], city_clock.now()
    names = persons.usernames(look.by_person for look in page)
    rows = [(look, when(look.at, now), names.get(look.by_person, ""), role(look.by_role)) for look in page]
    last = page[-1].pk if len(found) > MOST else 0
    return draw(request, "looks", "looks", {"rows": rows, "user": username, "whose": whose, "last": last})
