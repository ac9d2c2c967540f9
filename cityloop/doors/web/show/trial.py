"""What a change would have meant for cases that came in lately, in the visitor's words."""

from collections.abc import Iterable
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from cityloop.doors.web.show import names
from cityloop.doors.web.show.times import limit, local, when
from cityloop.loops.cases import numbers, trying
from cityloop.town.calendar.clock import city_clock
from cityloop.town.catalog.content import Content
from cityloop.town.catalog.trial import Row, Trial, Who
from cityloop.town.orgs.authority import Scope

MOST = 200


def asked(form: QueryDict) -> trying.Span:
    """Read from which day to which the cases are wanted; the last thirty where none is named."""
    return trying.days(str(form.get("since", ""))[:20], str(form.get("until", ""))[:20])


def tried(made: Content, span: trying.Span, scope: Scope) -> dict[str, Any]:
    """Try a content, and give all that a page prints of it. Two queries beside those of the catalogue."""
    found = trying.tried(made, span)
    return {
        **told(found, scope.sees_anything()),
        **days(span),
        "examples": [_case(one) for one in trying.examples(found, scope)],
    }


def days(span: trying.Span) -> dict[str, str]:
    """Give the first and the last day, as a form of days holds them."""
    return {"since": local(span.since).date().isoformat(), "until": local(span.until - 1).date().isoformat()}


def told(found: Trial, leads: bool) -> dict[str, Any]:
    """Give the tables of a trial; matters lead to their cases for who may see any."""

    def _row(row: Row) -> dict[str, Any]:
        address = f"{reverse('desk:cases')}?matter={row.matter.code}" if leads else ""
        return {"name": names.words(row.matter.names), "code": row.matter.code, "cases": row.cases, "address": address}

    return {
        "cases": found.cases,
        "same": found.same,
        "routed_cases": sum(row.cases for row in found.routed),
        "shorter": sum(row.shorter for row in found.timed),
        "longer": sum(row.longer for row in found.timed),
        "routed": [{**_row(row), "was": _who(row.was), "now": _who(row.now)} for row in found.routed[:MOST]],
        "timed": [
            {
                **_row(row),
                "was": _limits(row.was),
                "now": _limits(row.now),
                "shorter": row.shorter,
                "longer": row.longer,
            }
            for row in found.timed[:MOST]
        ],
        "gone": [_row(row) for row in found.gone[:MOST]],
        "new": [_row(row) for row in found.new[:MOST]],
        "gone_cases": sum(row.cases for row in found.gone),
        "new_cases": sum(row.cases for row in found.new),
    }


def _who(who: Who) -> dict[str, str]:
    lead = names.words(who.lead.names) if who.lead else _("nobody: a dispatcher chooses")
    return {"lead": lead, "helpers": names.listed(names.words(one.names) for one in who.helpers)}


def _limits(texts: Iterable[str]) -> str:
    return " · ".join(limit(text) for text in texts)


def _case(case: Any) -> dict[str, str]:
    number, now = numbers.number(case), city_clock.now()
    return {"number": number, "matter": names.matter(case.matter), "since": when(case.created, now)}
