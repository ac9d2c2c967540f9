"""Lists as files: the cases of a list with its filters, as CSV, GeoJSON or XLSX, in pages of a thousand.

A file holds what the list shows and no more: nobody's name or words. That it was taken is on the ledger.
"""

from typing import Any

from django.http import HttpRequest
from django.views.decorators.http import require_safe

from cityloop.doors.web.desk import cases as lists
from cityloop.doors.web.desk.tabs import filters_of
from cityloop.doors.web.guards import desk_page, scope_of
from cityloop.doors.web.sheets import Sheet
from cityloop.doors.web.sheets import written as as_file
from cityloop.doors.web.show import names
from cityloop.loops.cases import counting, numbers
from cityloop.loops.cases.loop import pinned
from cityloop.loops.cases.search import asking
from cityloop.loops.cases.walking import Listed, how_many, walk
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import rfc3339
from cityloop.town.ledger.actions import note_export

COLUMNS = (
    "number", "state", "state_name", "matter", "matter_name", "unit", "place", "address", "lon", "lat", "channel",
    "created", "filed", "due", "closed", "resolution", "lead", "overdue",
    "lead_key", "source", "source_key", "marked", "precision",
    "limited", "late", "late_adjusted",
)  # fmt: skip


@require_safe
@desk_page
def export(request: HttpRequest, kind: str) -> Any:
    """Give the cases of a list as a file."""
    now, scope = city_clock.now(), scope_of(request)
    looked = asking.look_for(scope, request.GET.get("q", ""), now)
    note_export(by=scope.actors()[0], at=now, kind=kind, filters=sorted(filters_of("cases", request.GET)))
    wanted, before = lists.narrow(request.GET, looked, now), lists.number_of(request.GET.get("after", ""))
    return written(kind, Listed(scope, wanted, looked.asked, before), now)


def written(kind: str, what: Listed, now: int) -> Any:
    """Answer with a file of the cases of a list, the newest first. Three or four queries a page of a thousand.

    What changes meanwhile stands there as `walking` says; what is overdue is so at the beginning.
    """
    pages = (rows(found, now) for found in walk(what))
    return as_file(kind, Sheet("cases", COLUMNS, "number", rfc3339(now), lambda: how_many(what)), pages)


def rows(found: list[Any], now: int) -> list[dict[str, Any]]:
    """Give cases as rows of a file. Two queries: the names of places, and which went past their limit."""
    places = names.places({case.unit_code for case in found}, last=2)
    late = counting.went_late(case.pk for case in found)
    return [row(case, places.get(case.unit_code, ""), now, case.pk in late) for case in found]


def row(case: Any, place: str, now: int, late: bool) -> dict[str, Any]:
    """Give a case as a row, times in RFC 3339 in UTC."""
    return {
        "number": numbers.number(case),
        "state": case.state,
        "state_name": names.state(pinned(case.definition), case.state),
        "matter": case.matter,
        "matter_name": names.matter(case.matter),
        "unit": case.unit_code,
        "place": place,
        "address": case.address,
        "lon": case.lon,
        "lat": case.lat,
        "channel": case.channel,
        "created": rfc3339(case.created),
        "filed": rfc3339(case.filed) if case.filed is not None else "",
        "due": rfc3339(case.due) if case.due is not None else "",
        "closed": rfc3339(case.closed) if case.closed is not None else "",
        "resolution": case.resolution,
        "lead": names.organisation(case.lead_org),
        "overdue": bool(case.due and case.closed is None and case.due < now),
        "lead_key": names.organisation_key(case.lead_org),
        "source": case.source,
        "source_key": case.source_key,
        "marked": case.marked,
        "precision": case.precision,
        "limited": counting.is_limited(case.marked, case.origin),
        "late": late,
        "late_adjusted": late and not case.adjusted,
    }
