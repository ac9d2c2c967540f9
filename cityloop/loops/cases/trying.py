"""Trying a change of the catalogue on the cases that came in lately: reads only, and no row of a case to count them."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache, reduce
from operator import or_
from typing import NamedTuple

from django.db.models import Count, Max, Q

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.worktime import DAY, Limit
from cityloop.loops.cases.models import Case
from cityloop.loops.cases.queries import takes_part_each, visible
from cityloop.town.calendar import queries as calendar
from cityloop.town.calendar.clock import city_clock
from cityloop.town.catalog import queries as catalog
from cityloop.town.catalog.content import Content
from cityloop.town.catalog.trial import EXAMPLES, Group, Trial, trial
from cityloop.town.orgs.authority import Scope

DAYS, LONGEST = 30, 366


class Span(NamedTuple):
    """From when up to when cases came in."""

    since: int
    until: int


def span(now: int, since: int | None = None, until: int | None = None) -> Span:
    """Give the time asked for, the last thirty days where nothing is said; refuse more than a year."""
    end = now if until is None else until
    start = end - DAYS * DAY if since is None else since
    if start >= end:
        raise Refusal("catalog.trial.span", "The time must end after it begins.", "until")
    if end - start > LONGEST * DAY:
        raise Refusal("catalog.trial.long", "Try a change on {days} days at the most.", "since", days=LONGEST)
    return Span(start, end)


def days(since: str, until: str) -> Span:
    """Give the time between two days of the city, written `2018-10-21`, both of them within; "" as in `span`."""
    end = _start(until, "until", 1) if until else None
    return span(city_clock.now(), _start(since, "since") if since else None, end)


def _start(text: str, field: str, after: int = 0) -> int:
    try:
        day = date.fromisoformat(text) + timedelta(days=after)
        return int(datetime(day.year, day.month, day.day, tzinfo=city_clock.zone).timestamp()) * 1_000_000
    except (ValueError, OverflowError):
        raise Refusal("catalog.trial.day", "Give a day, such as 2018-10-21.", field) from None


def groups(asked: Span) -> list[Group]:
    """Count what came in by matter and unit. One query, answered by an index alone."""
    rows = Case.objects.filter(created__gte=asked.since, created__lt=asked.until, matter__gt="")
    counted = rows.order_by().values_list("matter", "unit_code").annotate(n=Count("*"), last=Max("created"))
    return [Group(*row) for row in counted]


def tried(made: Content, asked: Span) -> Trial:
    """Try a content that nobody has published."""
    hours = calendar.calendars()

    @lru_cache(maxsize=10_000)
    def due(limit: Limit, at: int) -> int:
        return hours.add("", at, hours.micros("", limit), limit.running)

    return trial(catalog.current(), catalog.draft(made), groups(asked), due)


def examples(found: Trial, scope: Scope, most: int = EXAMPLES) -> list[Case]:
    """Give the newest case of groups that would have gone another way, as far as a scope may see them. One query."""
    return newest(found.examples(most), scope)[:most]


def newest(wanted: Iterable[Group], scope: Scope) -> list[Case]:
    """Give the newest case of each of some groups."""
    these = [Q(created=one.last, matter=one.matter, unit_code=one.unit) for one in wanted]
    if not these:
        return []
    rows = visible(scope, takes_part_each).filter(reduce(or_, these))
    return list(rows.order_by("-created", "pk").defer("definition", "snapshot", "slots", "head"))
