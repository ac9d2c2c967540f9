"""Who reported and who follows: of one case and of many, and whose a follow code is."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from cityloop.ground.kit.words import natural
from cityloop.loops.cases import numbers
from cityloop.loops.cases.folding import with_folded, with_folded_of
from cityloop.loops.cases.models import SUBJECT, Case, Follower, Report
from cityloop.loops.cases.queries import among
from cityloop.town.notices import links
from cityloop.town.orgs.authority import Scope


def followed(code: str) -> tuple[Case, Report | Follower] | None:
    """Give the case behind a follow code or a link from a mail, with the row of who follows; None for a wrong one."""
    if links.is_token(code):
        return _by_link(links.bound("open", code))
    digest = numbers.follow_digest(code)
    row: Report | Follower | None = (
        Report.objects.select_related("case__into").filter(follow=digest).first()
        or Follower.objects.select_related("case__into").filter(follow=digest).first()
    )
    return (row.case, row) if row is not None else None


def _by_link(bound: links.Bound | None) -> tuple[Case, Report | Follower] | None:
    """Give the case a link was mailed about, as the person it was mailed to reported or follows it."""
    kind, _, key = bound.subject.partition(":") if bound else ("", "", "")
    pk = natural(key) if kind == SUBJECT else None
    if bound is None or pk is None:
        return None
    mine = {"case_id": pk, "person": bound.person}
    row: Report | Follower | None = (
        Report.objects.select_related("case__into").filter(**mine).order_by("-pk").first()
        or Follower.objects.select_related("case__into").filter(**mine).order_by("-pk").first()
    )
    return (row.case, row) if row is not None else None


def numbers_by(persons: Iterable[int]) -> dict[int, list[str]]:
    """Give the numbers of the cases that persons reported or follow, the oldest first. Two queries."""
    wanted, found = list(persons), dict[int, set[tuple[int, int]]]()
    for model in (Report, Follower):
        rows = model._default_manager.filter(person__in=wanted, person__gt=0)
        for person, pk, created in rows.values_list("person", "case_id", "case__created"):
            found.setdefault(person, set()).add((pk, created))
    return {person: [numbers.number_of(*one) for one in sorted(cases)] for person, cases in found.items()}


def reports_of(case: Case) -> list[Report]:
    """Give the reports a case grew from with their cases, also those folded into it, the oldest first. One query.

    Each knows as `others` how many follow the case without having reported it.
    """
    counted = _following(case).order_by().annotate(one=Value(1)).values("one").annotate(n=Count("pk")).values("n")
    rows = Report.objects.filter(with_folded(case)).select_related("case").order_by("pk")
    rows = rows.annotate(others=Coalesce(Subquery(counted), 0))
    return list(rows.defer("case__definition", "case__snapshot", "case__slots", "case__head"))


def standing(scope: Scope, ids: Iterable[int]) -> dict[int, tuple[str, int]]:
    """Give the state of each of these cases that a scope may see, and from how many reports it grew. One query."""
    reports = Report.objects.filter(with_folded(OuterRef(OuterRef("pk"))))
    counted = reports.order_by().annotate(one=Value(1)).values("one").annotate(n=Count("pk")).values("n")
    rows = among(scope, ids).annotate(n=Coalesce(Subquery(counted), 0))
    return {key: (state, n) for key, state, n in rows.values_list("pk", "state", "n")}


def spoken(reports: Iterable[Any]) -> str:
    """Give the language in which whoever reported is to be told: of the first report with somebody behind it."""
    known = [(not report.person, n, report.language) for n, report in enumerate(reports)]
    return min(known)[2] if known else "en"


def spoken_in(ids: Iterable[int]) -> dict[int, str]:
    """Give of each of these cases the language in which whoever reported is to be told. One query."""
    wanted = list(ids)
    rows = Report.objects.filter(with_folded_of(wanted)).order_by("pk")
    found: dict[int, list[Any]] = {key: [] for key in wanted}
    for row in rows.values_list("case_id", "case__into_id", "language", "person", named=True):
        for key in found.keys() & {row.case_id, row.case__into_id}:
            found[key].append(row)
    return {key: spoken(reports) for key, reports in found.items()}


def followers(case: Case) -> int:
    """Count who follows a case: reporters and followers of it and of what is folded into it."""
    return followers_with(case, reports_of(case))


def followers_with(case: Case, reports: Sequence[Any]) -> int:
    """Count who follows a case whose reports are known already. No query, but where it has no report.

    A report that nobody left a name with or holds the code of, as of an import, is followed by nobody.
    """
    behind = sum(1 for report in reports if report.person or report.follow is not None)
    return behind + (reports[0].others if reports else _following(case).count())


def _following(case: Case) -> QuerySet[Follower]:
    """Select who follows a case, or one folded into it, without having reported it."""
    return Follower.objects.filter(with_folded(case))


def followers_of(ids: Iterable[int]) -> dict[int, int]:
    """Count who follows each of these cases: who reported it, and who follows it since. Two queries."""
    wanted, found = list(ids), dict[int, int]()
    for rows in (Report.objects.filter(Q(person__gt=0) | Q(follow__isnull=False)), Follower.objects):
        for case, n in rows.filter(case__in=wanted).values_list("case").annotate(n=Count("pk")).order_by():
            found[case] = found.get(case, 0) + n
    return found
