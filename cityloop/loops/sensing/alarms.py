"""Reads of alarms: whose authority sees which, what became of each."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, Value, When, Window

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.offers import Offer, offers
from cityloop.ground.loop.snapshot import load
from cityloop.loops.sensing.loop import present
from cityloop.loops.sensing.models import STANDS, Alarm
from cityloop.town.columns import under
from cityloop.town.orgs.authority import Scope

CasesOf = Callable[[str], Any]  # the ids of the cases an organisation takes part in, by its path
RANKS = {"extreme": 0, "severe": 1, "moderate": 2, "minor": 3}  # of severity, the worst first; as in CAP


_RANK = Case(*(When(severity=name, then=Value(n)) for name, n in RANKS.items()), default=Value(len(RANKS)))


def visible(scope: Scope, cases_of: CasesOf) -> QuerySet[Alarm]:
    """Select the alarms a scope may see: of its area, and of the cases its organisation takes part in."""
    theirs = scope.q("unit_code", "level", lambda path: Q(case__gt=0, case__in=cases_of(path)))
    return Alarm.objects.filter(theirs)


def listed(
    scope: Scope, cases_of: CasesOf, *, standing: bool, severity: str = "", unit: str = "", rule: str = "",
    before: int = 0, most: int = 50,
) -> list[Alarm]:  # fmt: skip
    """Give alarms, the newest first, below an id. One query."""
    rows = visible(scope, cases_of).filter(under("unit_code", unit))
    if standing:
        rows = rows.filter(STANDS)
    if severity:
        rows = rows.filter(severity=severity)
    if rule:
        rows = rows.filter(under("rule", rule))
    if before:
        rows = rows.filter(pk__lt=before)
    return list(rows.select_related("datastream__thing").order_by("-pk")[:most])


def counted(scope: Scope, cases_of: CasesOf) -> dict[str, int]:
    """Give how many alarms stand, by severity. One query."""
    rows = visible(scope, cases_of).filter(STANDS).order_by()
    return dict(rows.values_list("severity").annotate(n=Count("pk")))


def standing_and(scope: Scope, cases_of: CasesOf, ids: Iterable[int], *, unit: str, most: int) -> list[Alarm]:
    """Give the alarms that stand in an area, and after them some others by their ids. One query.

    The gravest come first, of those the newest: in a storm no crowd of small ones hides a great one. Each says how
    many stand in the area in all, `number`, and how many of them nobody has looked at, `unseen`.
    """
    others = set(ids)
    here = STANDS & under("unit_code", unit)
    rows = visible(scope, cases_of).filter(here | Q(pk__in=others)).select_related("datastream__thing").annotate(
        number=Window(Count("pk", filter=here)), unseen=Window(Count("pk", filter=here & Q(state="raised")))
    )  # fmt: skip
    return list(rows.order_by(F("ended").asc(nulls_first=True), _RANK, "-pk")[: most + len(others)])


def one(scope: Scope, cases_of: CasesOf, number: int) -> Alarm:
    """Give an alarm; to who may not see it, it does not exist. One query."""
    found = visible(scope, cases_of).filter(pk=number).select_related("datastream__thing").first()
    if found is None:
        raise Refusal("sensing.alarm.unknown", "There is no such alarm.", field="alarm")
    return found


def by_ids(scope: Scope, cases_of: CasesOf, ids: Iterable[int]) -> dict[int, Alarm]:
    """Give those of some alarms that a scope may see. One query, or none."""
    wanted = list(ids)
    return {row.pk: row for row in visible(scope, cases_of).filter(pk__in=wanted)} if wanted else {}


def of_datastreams(scope: Scope, cases_of: CasesOf, ids: Iterable[int], most: int = 20) -> list[Alarm]:
    """Give the newest alarms of datastreams that a scope may see. One query."""
    rows = visible(scope, cases_of).filter(datastream__in=list(ids)).select_related("datastream")
    return list(rows.order_by("-raised", "-pk")[:most])


def open_to(alarm: Alarm, scope: Scope, at: int) -> list[Offer]:
    """Give what the posts of a scope may do about an alarm now."""
    actors = tuple(a for a in scope.actors() if scope.may(a, alarm.unit_code, alarm.level))
    return offers(present(), load(alarm.snapshot), actors, max(at, alarm.at))[0]


def every(*, standing: bool, most: int) -> list[Alarm]:
    """Give all alarms there are, the newest first, to who works on the city's own machine. One query."""
    rows = Alarm.objects.filter(STANDS) if standing else Alarm.objects.all()
    return list(rows.order_by("-pk")[:most])
