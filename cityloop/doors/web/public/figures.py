"""The city's open figures of a time somebody chose: as a page; as data, see `figure_data`."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityloop.doors.web import maps
from cityloop.doors.web.guards import city_page
from cityloop.doors.web.public.areas import parts
from cityloop.doors.web.public.figure_asked import asked_of, cited, earlier, iso, length, longer, only, span_words
from cityloop.doors.web.public.figure_words import columns, matter
from cityloop.doors.web.show import names
from cityloop.doors.web.show.bars import Bars, bars
from cityloop.doors.web.show.times import duration, when
from cityloop.loops.cases import public
from cityloop.loops.cases.actions.prepare import organisations
from cityloop.loops.cases.daily import asking
from cityloop.loops.cases.daily.asking import OfMatter, Told
from cityloop.loops.cases.daily.counting import day_of
from cityloop.town.calendar.clock import city_clock
from cityloop.town.units import queries as units

SPANS = (7, 30, 90)
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
    """A figure with what it was in the time before."""

    value: str
    words: str
    trend: str


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


def agencies() -> list[tuple[str, str]]:
    """List the organisations that may lead a case, by name."""
    rows = {row.key: names.words(row.names) for row in organisations().values() if row.active}
    return sorted(rows.items(), key=lambda row: row[1])


def percent(share: int | None) -> str:
    """Print a share."""
    return _("{n} %").format(n=share) if share is not None else ""


def took(seconds: int | None) -> str:
    """Print a length of time."""
    return duration(seconds * SECOND) if seconds is not None else ""


def cards(told: Told) -> list[Card]:
    """Give the figures of a time, each beside what it was before."""
    now, before = told.sums, told.before
    shares = [_("after appeals: {n}").format(n=percent(now.share_adjusted))] if now.share_adjusted != now.share else []
    shares += [_("before: {n}").format(n=percent(before.share))] if before.share is not None else []
    median = _("before: {n}").format(n=took(before.median)) if before.median is not None else ""
    return [
        Card(f"{now.received:,}", _("reports received"), trend(now.received, before.received)),
        Card(f"{now.closed:,}", _("checked and closed"), trend(now.closed, before.closed)),
        Card(f"{told.open:,}", _("open at the end"), trend(told.open, told.open_before)),
        Card(f"{told.overdue:,}" if told.overdue is not None else "–", _("of them overdue now"), ""),
        Card(percent(now.share) or "–", _("handled within the limit"), names.listed(shares)),
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


def drawn(told: Told) -> Bars:
    """Draw what came and what was closed each day, or each week where the days are many."""
    return bars(told.days, _("received"), _("closed"))
