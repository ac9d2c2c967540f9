"""The city's open figures: as a page, and as data for everybody."""

import csv
import io
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityloop.doors.web.guards import city_page
from cityloop.doors.web.show import names
from cityloop.doors.web.show.times import duration, when
from cityloop.ground.kit.words import harmless
from cityloop.loops.cases import public
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import rfc3339


@dataclass(frozen=True, slots=True)
class Shown:
    """Figures as printed; "" where there is nothing to tell."""

    received: int
    closed: int
    share: str
    median: str
    since: str


@dataclass(frozen=True, slots=True)
class Line:
    """The figures of one matter."""

    code: str
    matter: str
    received: int
    closed: int
    median: str


def shown() -> Shown:
    """Give the figures of the week as printed."""
    found, now = public.figures(), city_clock.now()
    share = _("{n} %").format(n=found.share) if found.share is not None else ""
    median = duration(found.median) if found.median is not None else ""
    return Shown(found.received, found.closed, share, median, when(found.since, now))


@require_safe
@city_page
def figures(request: HttpRequest) -> HttpResponse:
    """Show what came in and what was closed this week, by matter."""
    now = city_clock.now()
    lines = [line(one) for one in public.by_matter()]
    most = max((one.received for one in lines), default=1) or 1
    more = {
        "section": "figures", "figures": shown(), "fresh": when(now, now),
        "lines": [(one, 100 * one.received // most, 100 * one.closed // most) for one in lines],
    }  # fmt: skip
    return render(request, "public/figures.html", more)


def line(one: public.OfMatter) -> Line:
    """Give the figures of a matter as printed."""
    median = duration(one.median) if one.median is not None else ""
    return Line(one.matter, names.matter(one.matter), one.received, one.closed, median)


COLUMNS = ("matter", "name", "received", "closed", "timed", "median_seconds")


def rows() -> list[tuple[str, str, int, int, int, int | None]]:
    """Give the figures as data."""
    return [
        (one.matter, names.matter(one.matter), one.received, one.closed, one.timed, seconds(one.median))
        for one in public.by_matter()
    ]


def seconds(micros: int | None) -> int | None:
    """Give a time in whole seconds."""
    return None if micros is None else micros // 1_000_000


def whole() -> dict[str, str | int | None]:
    """Give the figures of the whole city as data, those of the page and what they are counted from."""
    told = public.figures()
    return {
        "since": rfc3339(told.since), "at": rfc3339(told.at), "days": 7, "received": told.received,
        "closed": told.closed, "limited": told.limited, "late": told.late, "within_limit_percent": told.share,
        "timed": told.timed, "median_seconds": seconds(told.median),
    }  # fmt: skip


@require_safe
@city_page
def data(request: HttpRequest, kind: str) -> HttpResponse:
    """Give the figures by matter as CSV or JSON."""
    if kind == "json":
        listed = [dict(zip(COLUMNS, row, strict=True)) for row in rows()]
        return JsonResponse({**whole(), "matters": listed}, json_dumps_params={"ensure_ascii": False})
    text = io.StringIO()
    written = csv.writer(text)
    written.writerow(COLUMNS)
    written.writerows((code, harmless(name), *counts) for code, name, *counts in rows())
    answer = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="figures.csv"'
    return answer
