"""The city's open figures of a time somebody chose: as a page, and as data for everybody that says what it is."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityloop.doors.web import maps
from cityloop.doors.web.guards import city_page
from cityloop.doors.web.public.areas import parts
from cityloop.doors.web.public.figure_words import columns
from cityloop.doors.web.show import names
from cityloop.doors.web.show.bars import Bars, bars
from cityloop.doors.web.show.times import day, duration, when
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import harmless, natural
from cityloop.loops.cases import public
from cityloop.loops.cases.actions.prepare import organisations
from cityloop.loops.cases.daily import asking
from cityloop.loops.cases.daily.asking import Asked, OfMatter, Sums, Told
from cityloop.loops.cases.daily.counting import day_of, start_of
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import rfc3339
from cityloop.town.units import queries as units

WEEK, SPANS = 7, (7, 30, 90)
SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Shown:
    """Figures of the last seven times 24 hours as printed on the front page; "" where there is nothing to tell."""

    received: int
    closed: int
    share: str
    median: str
    since: str


@dataclass(frozen=True, slots=True)
class Card:
    """A figure with what it was in the time before; `href` leads to what it counts, where there is a list of it."""

    value: str
    words: str
    trend: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """The figures of one matter as printed, and how long its two bars are, in percent."""

    code: str
    matter: str
    received: int
    closed: int
    share: str
    median: str
    again: int
    came: int
    went: int


def shown() -> Shown:
    """Give the figures of the week as printed."""
    found, now = public.figures(), city_clock.now()
    median = duration(found.median) if found.median is not None else ""
    return Shown(found.received, found.closed, percent(found.share), median, when(found.since, now))


@require_safe
@city_page
def figures(request: HttpRequest) -> HttpResponse:
    """Show what came in and what was closed in a time, in the city or a part of it, and how that was before."""
    now, asked = city_clock.now(), asked_of(request)
    told = asking.told(asked)
    query, key = cited(told.asked), names.organisation_key(asked.org)
    more = {
        "section": "figures", "told": told, "cards": cards(told), "fresh": when(now, now), "lines": lines(told),
        "span": span_words(told.asked), "before": span_words(earlier(told.asked)), "crumbs": maps.crumbs(asked.unit),
        "code": asked.unit, "parts": parts(asked.unit), "agency": key, "agencies": agencies(),
        "first": iso(told.asked.first), "last": iso(told.asked.last), "chart": drawn(told), "small": asking.SMALL,
        "spans": [(n, f"?{urlencode(only(days=n, under=asked.unit, agency=key))}",
                   length(asked) == n and asked.last == day_of(now)) for n in SPANS],
        "longer": longer(asked, now, key), "cite": request.build_absolute_uri(f"{reverse('public:figures')}?{query}"),
        "query": query, "columns": columns(), "licence": settings.CITYLOOP_LICENCE, "part": bool(told.asked.unit) and
        units.scheme().level_of(asked.unit) > 0, "through": iso(told.through) if told.through > 0 else "",
    }  # fmt: skip
    return render(request, "public/figures.html", more)


def asked_of(request: HttpRequest) -> Asked:
    """Read from the address which figures are asked for; what cannot be is not there."""
    query = request.GET
    known = {row.key: row.id for row in organisations().values()}
    if query.get("agency") and query["agency"] not in known:
        raise Http404
    try:
        first, last = asking.checked(*span_of(query, day_of(city_clock.now())))
    except (ValueError, OverflowError, Refusal):
        raise Http404 from None
    return Asked(first, last, maps.under(request), known.get(query.get("agency", ""), 0))


def span_of(query: QueryDict, today: int) -> tuple[int, int]:
    """Read the time: `days=30`, `month=2018-10`, `year=2018`, `from` and `to`; the last seven days without a word."""
    if query.get("month"):
        first = date.fromisoformat(f"{query['month']}-01")
        return first.toordinal(), (first + timedelta(days=31)).replace(day=1).toordinal() - 1
    if query.get("year"):
        first = date.fromisoformat(f"{query['year']}-01-01")
        return first.toordinal(), first.replace(month=12, day=31).toordinal()
    begins, ends = str(query.get("from", "")), str(query.get("to", ""))
    if begins or ends:
        last = date.fromisoformat(ends).toordinal() if ends else today
        return date.fromisoformat(begins).toordinal() if begins else last - WEEK + 1, last
    count = natural(query.get("days", "")) or WEEK
    return today - min(count, asking.LONGEST) + 1, today


def only(**values: Any) -> dict[str, Any]:
    """Give what is said of an address, the city itself left out."""
    level_of = units.scheme().level_of
    return {name: value for name, value in values.items() if value and (name != "under" or level_of(value) > 0)}


def cited(asked: Asked) -> str:
    """Give the address of just these figures: the same days, whenever it is opened."""
    said = {"from": iso(asked.first), "to": iso(asked.last), "under": asked.unit}
    return urlencode(only(**said, agency=names.organisation_key(asked.org)))


def longer(asked: Asked, now: int, key: str) -> list[tuple[str, str]]:
    """Give the months and years that one may ask for by name, as (name, address)."""
    today = date.fromordinal(day_of(now))
    before = today.replace(day=1) - timedelta(days=1)
    found: list[tuple[str, dict[str, Any]]] = [
        (_("This month"), {"month": f"{today:%Y-%m}"}),
        (_("Last month"), {"month": f"{before:%Y-%m}"}),
        *((str(year), {"year": year}) for year in (today.year, today.year - 1)),
    ]
    return [(words, f"?{urlencode(only(**said, under=asked.unit, agency=key))}") for words, said in found]


def agencies() -> list[tuple[str, str]]:
    """List the organisations that may lead a case, by name."""
    rows = {row.key: names.words(row.names) for row in organisations().values() if row.active}
    return sorted(rows.items(), key=lambda row: row[1])


def length(asked: Asked) -> int:
    """Give how many days are asked for."""
    return asked.last - asked.first + 1


def earlier(asked: Asked) -> Asked:
    """Give the time before, which is as long."""
    return Asked(asked.before, asked.first - 1, asked.unit, asked.org)


def iso(number: int) -> str:
    """Write a day: `2018-10-21`."""
    return date.fromordinal(number).isoformat()


def span_words(asked: Asked) -> str:
    """Say from when to when."""
    first, last = day(iso(asked.first)), day(iso(asked.last))
    return first if asked.first == asked.last else _("{first} to {last}").format(first=first, last=last)


def percent(share: int | None) -> str:
    """Print a share."""
    return _("{n} %").format(n=share) if share is not None else ""


def took(seconds: int | None) -> str:
    """Print a length of time."""
    return duration(seconds * SECOND) if seconds is not None else ""


def cards(told: Told) -> list[Card]:
    """Give the figures of a time, each beside what it was before."""
    now, before = told.sums, told.before
    shares = _("before: {n}").format(n=percent(before.share)) if before.share is not None else ""
    median = _("before: {n}").format(n=took(before.median)) if before.median is not None else ""
    return [
        Card(f"{now.received:,}", _("reports received"), trend(now.received, before.received)),
        Card(f"{now.closed:,}", _("checked and closed"), trend(now.closed, before.closed)),
        Card(f"{told.open:,}", _("open at the end"), trend(told.open, told.open_before)),
        Card(f"{told.overdue:,}" if told.overdue is not None else "–", _("of them overdue now"), ""),
        Card(percent(now.share) or "–", _("handled within the limit"), shares),
        Card(took(now.median) or "–", _("median time to close"), median),
        Card(f"{now.reopened:,}", _("reopened"), trend(now.reopened, before.reopened)),
        Card(f"{now.disputed:,}", _("disputed by who reported"), trend(now.disputed, before.disputed)),
    ]


def trend(now: int, before: int) -> str:
    """Say how a number has changed: in percent, where the one before is large enough for that."""
    if now == before:
        return _("as before")
    if before < 20:  # noqa: PLR2004 - of fewer, one more is at once many percent
        return _("before: {n}").format(n=f"{before:,}")
    change = round(100 * (now - before) / before)
    sign = "+" if change > 0 else "−" if change < 0 else "±"  # noqa: RUF001 - a minus sign, not a hyphen
    return _("{change} %, before: {n}").format(change=f"{sign}{abs(change)}", n=f"{before:,}")


def lines(told: Told) -> list[Line]:
    """Give the matters as printed."""
    most = max((max(one.sums.received, one.sums.closed) for one in told.matters), default=1) or 1
    return [line(one, most) for one in told.matters]


def line(one: OfMatter, most: int) -> Line:
    """Give the figures of a matter as printed."""
    sums = one.sums
    return Line(
        one.matter, matter(one), sums.received, sums.closed, percent(sums.share), took(sums.median),
        sums.reopened + sums.disputed, 100 * sums.received // most, 100 * sums.closed // most,
    )  # fmt: skip


def matter(one: OfMatter) -> str:
    """Name a matter, or say of how many others the row tells together."""
    return names.matter(one.matter) if one.matter else _("{n} other matters together").format(n=one.matters)


def drawn(told: Told) -> Bars:
    """Draw what came and what was closed each day, or each week or month where the days are many."""
    return bars(told.days, _("received"), _("closed"))


KEPT = ("received", "closed", "limited", "late", "timed", "reopened", "disputed")


def measured(sums: Sums) -> dict[str, int | None]:
    """Give figures as data."""
    counts = {name: getattr(sums, name) for name in KEPT}
    return counts | {"within_limit_percent": sums.share, "median_seconds": sums.median}


def about(told: Told) -> dict[str, Any]:
    """Say what data is of: which days, unit and organisation, as of when."""
    asked = told.asked
    return {
        "from": iso(asked.first), "to": iso(asked.last), "since": rfc3339(start_of(asked.first)),
        "days": length(asked), "unit": asked.unit,
        "agency": names.organisation_key(asked.org), "at": rfc3339(told.at),
        "counted_through": iso(told.through) if told.through > 0 else None,
    }  # fmt: skip


def rows(told: Told) -> Iterator[dict[str, Any]]:
    """Give the matters as data."""
    for one in told.matters:
        yield {"matter": one.matter, "name": matter(one), "matters": one.matters, **measured(one.sums)}


@require_safe
@city_page
def data(request: HttpRequest, kind: str) -> HttpResponse:
    """Give the figures as JSON, with what its columns mean; or by matter, or by day (`by=day`), as CSV."""
    told = asking.told(asked_of(request))
    page = request.build_absolute_uri(f"{reverse('public:figures')}?{cited(told.asked)}")
    if kind == "json":
        answer: HttpResponse = JsonResponse(whole(told, page), json_dumps_params={"ensure_ascii": False})
    else:
        answer = as_csv(told, by_day=request.GET.get("by") == "day", source=page)
    links = [f'<{page}>; rel="canonical"']
    if settings.CITYLOOP_LICENCE.startswith("https://"):
        links.append(f'<{settings.CITYLOOP_LICENCE}>; rel="license"')
    answer["Link"] = ", ".join(links)
    return answer


def whole(told: Told, page: str) -> dict[str, Any]:
    """Give everything the page tells."""
    return {
        **about(told), "source": source(page), "licence": settings.CITYLOOP_LICENCE or None, "columns": columns(),
        **measured(told.sums), "open": told.open, "overdue": told.overdue,
        "before": {"from": iso(told.asked.before), "to": iso(told.asked.first - 1), **measured(told.before),
                   "open": told.open_before},
        "by_day": [{"day": iso(number), "received": came, "closed": gone} for number, came, gone in told.days],
        "matters": list(rows(told)),
    }  # fmt: skip


def source(page: str) -> str:
    """Say where figures are from, as one cites them."""
    return _("{city}, figures of its open cases, {page}").format(city=names.words(units.city().names), page=page)


def as_csv(told: Told, *, by_day: bool, source: str) -> HttpResponse:
    """Write CSV: a row for each matter or each day, each with the time it is of and the address it is from."""
    of = about(told) | {"source": source, "licence": settings.CITYLOOP_LICENCE}
    if by_day:
        found = [{"day": iso(number), "received": came, "closed": gone} for number, came, gone in told.days]
    else:
        found = list(rows(told))
    wanted = [*(found[0] if found else {}), *of]
    text = io.StringIO()
    written = csv.DictWriter(text, wanted)
    written.writeheader()
    written.writerows({name: harmless(value) if isinstance(value, str) else value for name, value in (row | of).items()}
                      for row in found)  # fmt: skip
    answer = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    name = f"figures-{of['from']}-{of['to']}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
