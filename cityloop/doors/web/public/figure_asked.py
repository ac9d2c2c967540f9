"""Which figures an address asks for, and the addresses that ask for others."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, QueryDict
from django.utils.translation import gettext as _

from cityloop.doors.web import maps
from cityloop.doors.web.show import names
from cityloop.doors.web.show.times import day
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural
from cityloop.loops.cases.actions.prepare import organisations
from cityloop.loops.cases.daily import asking
from cityloop.loops.cases.daily.asking import Asked
from cityloop.loops.cases.daily.counting import day_of
from cityloop.town.calendar.clock import city_clock
from cityloop.town.units import queries as units

WEEK = 7


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
