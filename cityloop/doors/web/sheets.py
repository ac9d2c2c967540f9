"""A list as a file: CSV, GeoJSON or a workbook, drawn page by page in the visitor's language.

CSV and GeoJSON hold all of it, however long it is, and a page of it at a time is kept. A workbook is written whole
before its first byte goes out: it holds the first 20,000 rows, and where there are more it says so on its first sheet.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from cityloop.ground.kit.words import harmless
from cityloop.town.tabular.resting import rest

MOST_XLSX = 20_000
Row = dict[str, Any]
Pages = Iterator[list[Row]]


class Sheet(NamedTuple):
    """A list: what it is called, its columns, which of them tells its rows apart, and of when it is.

    `total` counts its rows: asked only where not all of them are in the file.
    """

    name: str
    columns: tuple[str, ...]
    key: str
    as_of: str
    total: Callable[[], int]


def written(kind: str, sheet: Sheet, pages: Pages) -> Any:
    """Answer with a list as a file."""
    answer = WRITERS[kind](sheet, spoken(pages, get_language() or "en"))
    answer["Content-Disposition"] = content_disposition_header(True, f"{sheet.name}.{kind}") or ""
    answer["Cache-Control"] = "no-store"
    return answer


def spoken(pages: Pages, language: str) -> Pages:
    """Draw each page in the visitor's language: it is drawn after the page's own language has been put back.

    While a page goes out, no connection is kept that other visitors may wait for.
    """
    while True:
        with override(language):
            page = next(pages, None)
        rest()
        if page is None:
            return
        yield page


def as_csv(sheet: Sheet, pages: Pages) -> StreamingHttpResponse:
    """Write CSV with a byte order mark, so that spreadsheets read Chinese."""
    return StreamingHttpResponse(_csv(sheet, pages), content_type="text/csv; charset=utf-8")


def _csv(sheet: Sheet, pages: Pages) -> Iterator[str]:
    yield "\ufeff" + _lines([sheet.columns])
    for page in pages:
        yield _lines([[_cell(one.get(name)) for name in sheet.columns] for one in page])


def _cell(value: Any) -> Any:
    return harmless(value) if isinstance(value, str) else value


def _lines(values: Any) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(values)
    return text.getvalue()


def as_geojson(sheet: Sheet, pages: Pages) -> StreamingHttpResponse:
    """Write GeoJSON (RFC 7946); what has no known place has no geometry, what a row does not have it does not say."""
    return StreamingHttpResponse(_geojson(sheet, pages), content_type="application/geo+json")


def _geojson(sheet: Sheet, pages: Pages) -> Iterator[str]:
    yield '{"type": "FeatureCollection", "features": ['
    count = 0
    for page in pages:
        for one in page:
            yield (",\n" if count else "") + json.dumps(_feature(sheet, one), ensure_ascii=False)
            count += 1
    # Foreign members (RFC 7946, section 6.1): who reads them knows that the file came whole, and of when it is.
    yield f'], "count": {count}, "as_of": {json.dumps(sheet.as_of)}}}'


def _feature(sheet: Sheet, one: Row) -> Row:
    lon, lat = one["lon"], one["lat"]
    place = {"type": "Point", "coordinates": [lon, lat]} if lon is not None and lat is not None else None
    told = {name: one[name] for name in sheet.columns if name in one and name not in ("lon", "lat")}
    return {"type": "Feature", "id": one[sheet.key], "geometry": place, "properties": told}


def as_xlsx(sheet: Sheet, pages: Pages) -> HttpResponse:
    """Write a workbook of one sheet, row by row."""
    import xlsxwriter  # only now: it would take 13 MB of every process that never writes a workbook

    kept = io.BytesIO()
    book = xlsxwriter.Workbook(kept, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    paper = book.add_worksheet(sheet.name)
    paper.freeze_panes(1, 0)
    paper.write_row(0, 0, sheet.columns, book.add_format({"bold": True}))
    line = 0
    rows = (one for page in pages for one in page)
    for one in islice(rows, MOST_XLSX):
        line += 1
        paper.write_row(line, 0, [one.get(name) for name in sheet.columns])
    cut = next(rows, None) is not None
    paper.autofilter(0, 0, line, len(sheet.columns) - 1)
    if cut:
        _say_cut(book, sheet)
    book.close()
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return HttpResponse(kept.getvalue(), content_type=kind)


def _say_cut(book: Any, sheet: Sheet) -> None:
    """Put a sheet into a workbook that says it is cut; it is the one seen first."""
    note = book.add_worksheet(_("cut"))
    note.set_column(0, 0, 100)
    for line, said in enumerate(cut_words(sheet.total(), sheet.as_of)):
        note.write_string(line, 0, said)
    note.activate()
    note.set_first_sheet()


def cut_words(total: int, as_of: str) -> list[str]:
    """Say of a workbook that it is cut, how many rows there are, and which file has all."""
    return [
        _("This workbook is cut: it holds the first {most} of {total} rows.").format(
            most=f"{MOST_XLSX:,}", total=f"{total:,}"
        ),
        _("The CSV and the GeoJSON file of the same list hold all of them."),
        _("As of {time}").format(time=as_of),
    ]


WRITERS: dict[str, Callable[[Sheet, Pages], Any]] = {"csv": as_csv, "geojson": as_geojson, "xlsx": as_xlsx}
