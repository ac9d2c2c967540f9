"""Counting cases: by agency, matter, unit and state in one grouped query; and the four counts that are kept apart."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, Substr

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import say
from cityloop.loops.cases.loop import LOOP
from cityloop.loops.cases.models import Case, Report
from cityloop.town.catalog import queries as catalog
from cityloop.town.columns import under
from cityloop.town.orgs import queries as orgs
from cityloop.town.units import queries as units
from cityloop.town.worklist.models import Row

GROUPS = {"agency": "lead_org", "matter": "matter", "unit": "unit_code", "state": "state", "source": "source"}
TIME_MARK = "_time"


def is_timed(marked: str) -> bool:
    """Whether a case's times may stand in statistics: none is marked as impossible, zero, future or unread."""
    return TIME_MARK not in marked


def is_hourly(marked: str, precision: str) -> bool:
    """Whether a case may stand in figures of hours: its times may, and are known to the second."""
    return is_timed(marked) and precision == "second"


def is_limited(marked: str, origin: str) -> bool:
    """Whether a case may stand in figures of limits: its times may, and our own clocks ran, not its source's."""
    return is_timed(marked) and origin != "import"


def late() -> "QuerySet[Row]":
    """Select the rows of handling that went past their limit, overdue or closed late: what files call late."""
    return Row.objects.filter(loop=LOOP, what="handling", mark__gte=100)


def went_late(ids: Iterable[int]) -> set[int]:
    """Give which of these cases were handled, or still are, past their limit. One query."""
    return set(late().filter(subject_id__in=list(ids)).values_list("subject_id", flat=True))


def count(
    by: Sequence[str], *, level: str | int | None = None, under_code: str = "", source: str = ""
) -> list[dict[str, Any]]:
    """Count cases by groups, the largest first: one grouped query, and one each for names.

    `level` (name or number) cuts unit codes to that level; `under_code` keeps one unit and all below it.
    """
    unknown = sorted(set(by) - GROUPS.keys())
    if unknown or not by:
        raise Refusal(
            "cases.count.by", "Count by any of {groups}; not by {unknown}.", "by",
            groups=", ".join(GROUPS), unknown=", ".join(unknown) or "nothing",
        )  # fmt: skip
    rows = Case.objects.filter(under("unit_code", under_code))
    if source:
        rows = rows.filter(source=source)
    groups = {f"by_{name}": _group(name, level) for name in by}
    counted: Any = rows.values(**groups).annotate(cases=Count("id")).order_by("-cases", *groups)
    return _named([{name: row[f"by_{name}"] for name in by} | {"cases": row["cases"]} for row in counted])


def _group(name: str, level: str | int | None) -> Any:
    if name != "unit" or level is None:
        return F(GROUPS[name])
    scheme = units.scheme()
    return Substr("unit_code", 1, scheme.lengths[scheme.level_told(str(level))])


def _named(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put the organisation's key for its id, and names beside codes."""
    if rows and "agency" in rows[0]:
        known = {org.id: org for org in orgs.directory().values()}
        for row in rows:
            org = known.get(row["agency"])
            row["agency"], row["agency_name"] = (org.key, say(org.names)) if org else ("", "")
    if rows and "matter" in rows[0]:
        matters = catalog.current().known if catalog.has_any() else {}
        for row in rows:
            row["matter_name"] = say(matters[row["matter"]].names) if row["matter"] in matters else ""
    if rows and "unit" in rows[0]:
        names = units.names_of({row["unit"] for row in rows})
        for row in rows:
            row["unit_name"] = say(names.get(row["unit"]))
    return rows


def four_counts(under_code: str = "") -> dict[str, int]:
    """Give reports (what came in), cases (filed, children included, parents not), rounds, and folded. Two queries.

    An imported case counts as filed: its source took it as one.
    """
    parent = Exists(Case.objects.filter(parent=OuterRef("pk")))
    filed = Q(filed__isnull=False) | Q(origin="import")
    is_case = filed & Q(into__isnull=True) & ~Q(is_parent=True)
    found = (
        Case.objects.filter(under("unit_code", under_code))
        .annotate(is_parent=parent)
        .aggregate(
            cases=Count("id", filter=is_case),
            rounds=Coalesce(Sum("round", filter=is_case), Value(0)),
            folded=Count("id", filter=Q(into__isnull=False)),
        )
    )
    return {"reports": Report.objects.filter(under("case__unit_code", under_code)).count(), **found}
