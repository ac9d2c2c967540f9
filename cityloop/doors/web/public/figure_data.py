"""The city's open figures as data: CSV and JSON that say what they are and where they are from."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityloop.doors.web.guards import city_page
from cityloop.doors.web.public.figure_asked import asked_of, cited, iso, length
from cityloop.doors.web.public.figure_words import columns, matter
from cityloop.doors.web.show import names
from cityloop.ground.kit.words import harmless
from cityloop.loops.cases.daily import asking
from cityloop.loops.cases.daily.asking import Sums, Told
from cityloop.loops.cases.daily.counting import start_of
from cityloop.town.columns import rfc3339
from cityloop.town.units import queries as units

KEPT = ("received", "closed", "limited", "late", "late_adjusted", "timed", "reopened", "disputed")


def measured(sums: Sums) -> dict[str, int | None]:
    """Give figures as data."""
    counts = {name: getattr(sums, name) for name in KEPT}
    shares = {"within_limit_percent": sums.share, "within_limit_percent_adjusted": sums.share_adjusted}
    return counts | shares | {"median_seconds": sums.median}


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
