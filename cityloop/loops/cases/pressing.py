"""Cases that press, for walls: those past their limit or near it, by who has a part in them, and what was ended lately.

Each is one query and shows only what a scope may see. They read what is overdue, or what
ended in a day: that grows with the city, so the day is read once a minute.
"""

from operator import itemgetter
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db.models import BigIntegerField, Count, Exists, ExpressionWrapper, F, Min, OuterRef, Value

from cityloop.loops.cases import counting
from cityloop.loops.cases.onmap import MINUTE, Mark, of_hours, still_open
from cityloop.town.orgs.authority import Scope
from cityloop.town.tabular.planning import planned_anew

SHARE = 5  # the last fifth of a limit: due soon


class Late(NamedTuple):
    """An organisation, how many overdue cases it has a part in, and the limit that passed first."""

    org: int
    path: str
    number: int
    oldest: int


class Ended(NamedTuple):
    """A case that ended: when, how long after it came in, whether it was closed, and late; and its limit, if known.

    `timed` and `limited`: whether it may stand in figures of hours, and in those of limits.
    """

    at: int
    took: int
    closed: bool
    late: bool
    due: int | None = None
    timed: bool = True
    limited: bool = True


class Lately(NamedTuple):
    """What ended in some hours, and the limits that cases still open passed in them."""

    ended: list[Ended]
    passed: list[int]


@planned_anew()
def late_by_organisation(scope: Scope, code: str, at: int, most: int) -> list[Late]:
    """Give who has a part in most of the open cases past their limit. One query."""
    rows = still_open(scope, code).filter(due__lt=at, parts__isnull=False)
    grouped = rows.order_by().values_list("parts__org", "parts__org_path")
    counted = grouped.annotate(n=Count("pk", distinct=True), oldest=Min("due")).order_by("-n", "parts__org_path")
    return [Late(*row) for row in counted[:most]]


@planned_anew()
def marks(scope: Scope, code: str, at: int, most: int) -> list[Mark]:
    """Give the open cases of everybody's knowing that are past their limit or in its last fifth, the latest first.

    Confidential ones are not among them: a wall is read by all who pass. One query, down the open cases alone.
    """
    soon = ExpressionWrapper(F("due") - (F("due") - F("created")) / SHARE, output_field=BigIntegerField())
    rows = still_open(scope, code).filter(level=0, due__isnull=False).annotate(soon=soon)
    rows = rows.filter(soon__lte=at, lon__isnull=False, lat__isnull=False)
    found = rows.order_by("due", "pk").values_list("pk", "lon", "lat", "matter", "created", "due")
    return [Mark(*row) for row in found[:most]]  # type: ignore[arg-type]


def lately(scope: Scope, code: str, now: int, since: int) -> Lately:
    """Give what ended since an instant, the oldest first, and the limits passed since by cases still open.

    One query; none until the next minute of the city's time for who looks again, as every wall does by itself.
    """
    key = f"lately:{hash((code, scope, now - since))}:{now // MINUTE}"
    known: Lately | None = cache.get(key)
    if known is None:
        known = _lately(scope, code, now, since)
        cache.set(key, known, 60)
    return known


@planned_anew()
def _lately(scope: Scope, code: str, now: int, since: int) -> Lately:
    gone: Any = of_hours(scope, code, closed__gt=since, closed__lte=now)
    late = counting.late().filter(subject_id=OuterRef("pk"))
    still = still_open(scope, code).filter(due__gt=since, due__lt=now)
    names = ("closed", "created", "state", "due", "late", "marked", "precision", "origin")
    both = gone.annotate(late=Exists(late)).values_list(*names).union(
        still.annotate(late=Value(True)).values_list(*names), all=True
    )  # fmt: skip
    rows = list(both)
    ended = [
        Ended(
            at,
            at - came,
            state == "closed",
            late,
            due,
            counting.is_hourly(marked, precision),
            counting.is_limited(marked, origin),
        )
        for at, came, state, due, late, marked, precision, origin in rows
        if at is not None
    ]
    return Lately(sorted(ended, key=itemgetter(0)), [row[3] for row in rows if row[0] is None])
