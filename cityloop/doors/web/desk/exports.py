"""Lists as files: the cases of a list with its filters, as CSV, XLSX or GeoJSON, in pages of a thousand.

A file holds what the list shows and no more: nobody's name or words. That it was taken is on the ledger.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import get_language, override
from django.views.decorators.http import require_safe

from cityloop.doors.web.desk import cases as lists
from cityloop.doors.web.desk.tabs import filters_of
from cityloop.doors.web.guards import desk_page, scope_of
from cityloop.doors.web.show import names
from cityloop.ground.kit.words import harmless
from cityloop.loops.cases import numbers
from cityloop.loops.cases.actions.exporting import note_export
from cityloop.loops.cases.loop import pinned
from cityloop.loops.cases.search import asking
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import rfc3339

PAGE = 1_000
MOST = 100_000
MOST_XLSX = 20_000
COLUMNS = (
    "number", "state", "state_name", "matter", "matter_name", "unit", "place", "address", "lon", "lat", "channel",
    "created", "filed", "due", "closed", "resolution", "lead", "overdue",
    "lead_key", "source", "source_key", "marked", "precision",
)  # fmt: skip


@require_safe
@desk_page
def export(request: HttpRequest, kind: str) -> Any:
    """Give the cases of a list as a file."""
    now, scope = city_clock.now(), scope_of(request)
    looked = asking.look_for(scope, request.GET.get("q", ""), now)
    note_export(by=scope.actors()[0], at=now, kind=kind, filters=sorted(filters_of("cases", request.GET)))

    def find(before: int, most: int) -> list[Any]:
        return lists.listed(request, looked, now, before=before, most=most)

    return written(kind, find, now, lists.number_of(request.GET.get("after", "")))


Find = Callable[[int, int], list[Any]]


def written(kind: str, find: Find, now: int, before: int = 0) -> Any:
    """Answer with a file of the cases that `find(before, most)` gives, the newest first, below the id `before`."""
    pages = pages_of(find, now, before, MOST_XLSX if kind == "xlsx" else MOST)
    answer = WRITERS[kind](spoken(pages, get_language() or "en"))
    answer["Content-Disposition"] = content_disposition_header(True, f"cases.{kind}") or ""
    answer["Cache-Control"] = "no-store"
    return answer


def pages_of(find: Find, now: int, before: int, most: int) -> Iterator[list[dict[str, Any]]]:
    """Give the rows of a list page by page, the newest first. Two or three queries a page."""
    given = 0
    while given < most:
        found = find(before, min(PAGE, most - given))
        if not found:
            return
        yield rows(found, now)
        before, given = found[-1].pk, given + len(found)


def spoken(pages: Iterator[list[dict[str, Any]]], language: str) -> Iterator[list[dict[str, Any]]]:
    """Draw each page in the visitor's language: it is drawn after the page's own language has been put back."""
    while True:
        with override(language):
            page = next(pages, None)
        if page is None:
            return
        yield page


def rows(found: list[Any], now: int) -> list[dict[str, Any]]:
    """Give cases as rows of a file. One query, for the names of places."""
    places = names.places({case.unit_code for case in found}, last=2)
    return [row(case, places.get(case.unit_code, ""), now) for case in found]


def row(case: Any, place: str, now: int) -> dict[str, Any]:
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
    }


Pages = Iterator[list[dict[str, Any]]]


def as_csv(pages: Pages) -> StreamingHttpResponse:
    """Write CSV with a byte order mark, so that spreadsheets read Chinese."""
    return StreamingHttpResponse(_csv(pages), content_type="text/csv; charset=utf-8")


def _csv(pages: Pages) -> Iterator[str]:
    yield "\ufeff" + _lines([COLUMNS])
    for page in pages:
        yield _lines([[_cell(one[name]) for name in COLUMNS] for one in page])


def _cell(value: Any) -> Any:
    return harmless(value) if isinstance(value, str) else value


def _lines(values: Any) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(values)
    return text.getvalue()


def as_geojson(pages: Pages) -> StreamingHttpResponse:
    """Write GeoJSON (RFC 7946); a case whose place is not known has no geometry."""
    return StreamingHttpResponse(_geojson(pages), content_type="application/geo+json")


def _geojson(pages: Pages) -> Iterator[str]:
    yield '{"type": "FeatureCollection", "features": ['
    first = True
    for page in pages:
        for one in page:
            yield ("" if first else ",\n") + json.dumps(_feature(one), ensure_ascii=False)
            first = False
    yield "]}"


def _feature(one: dict[str, Any]) -> dict[str, Any]:
    lon, lat = one["lon"], one["lat"]
    place = {"type": "Point", "coordinates": [lon, lat]} if lon is not None and lat is not None else None
    told = {name: one[name] for name in COLUMNS if name not in ("lon", "lat")}
    return {"type": "Feature", "id": one["number"], "geometry": place, "properties": told}


def as_xlsx(pages: Pages) -> HttpResponse:
    """Write a workbook of one sheet, row by row."""
    import xlsxwriter  # only now: it would take 13 MB of every process that never writes a workbook

    kept = io.BytesIO()
    book = xlsxwriter.Workbook(kept, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("cases")
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, COLUMNS, book.add_format({"bold": True}))
    line = 0
    for page in pages:
        for one in page:
            line += 1
            sheet.write_row(line, 0, [one[name] for name in COLUMNS])
    sheet.autofilter(0, 0, line, len(COLUMNS) - 1)
    book.close()
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return HttpResponse(kept.getvalue(), content_type=kind)


WRITERS: dict[str, Callable[[Pages], Any]] = {"csv": as_csv, "geojson": as_geojson, "xlsx": as_xlsx}
