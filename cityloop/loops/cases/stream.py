"""Steps of cases as they pass by: to live pages, to whoever is told of them, to many at once."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from cityloop.loops.cases import numbers
from cityloop.loops.cases.loop import LOOP
from cityloop.loops.cases.models import Case, Part
from cityloop.loops.cases.queries import among
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.queries import after_offset
from cityloop.town.orgs.authority import Scope


def told_steps(scope: Scope, after: int, most: int) -> tuple[int, list[tuple[int, dict[str, Any]]]]:
    """Give as `seen_steps`, without what is imported, replayed or exercised: that has no effect outside."""
    last, found = seen_steps(scope, after, most)
    return last, [(offset, facts) for offset, facts in found if facts["origin"] == "live"]


def seen_steps(scope: Scope, after: int, most: int) -> tuple[int, list[tuple[int, dict[str, Any]]]]:
    """Give the last offset looked at, and the steps of cases after `after` that a scope may see. Two queries."""
    rows = list(after_offset(after, most))
    if not rows:
        return after, []
    ids = {int(r.subject.partition(":")[2]) for r in rows if r.kind == LOOP}
    cases = {c.pk: c for c in among(scope, ids)} if ids else {}
    found = []
    for row in rows:
        case = cases.get(int(row.subject.partition(":")[2])) if row.kind == LOOP else None
        if case is not None and row.offset is not None:
            found.append((row.offset, _facts(case, row)))
    return rows[-1].offset or after, found


class Passed(msgspec.Struct, frozen=True):
    """A step as it passes by, with all that decides who may see it."""

    offset: int
    facts: dict[str, Any]
    unit: str
    level: int
    paths: tuple[str, ...]
    person: int

    def seen_by(self, scope: Scope) -> bool:
        """Tell whether a scope may see it, just as `visible` would; asks no database."""
        if scope.allows(self.unit, self.level, self.paths):
            return True
        mine = bool(scope.person) and scope.person == self.person and scope.sees_anything()
        return mine and self.level <= max(grant.level for grant in scope.grants)


def passed(rows: Sequence[Step]) -> list[Passed]:
    """Give those of some steps that are of cases, for many scopes at once. Two queries, or none."""
    ids = {int(r.subject.partition(":")[2]) for r in rows if r.kind == LOOP}
    cases = Case.objects.defer("snapshot", "slots", "head").in_bulk(ids) if ids else {}
    paths = paths_of(ids)
    found = []
    for row in rows:
        case = cases.get(int(row.subject.partition(":")[2])) if row.kind == LOOP else None
        if case is not None and row.offset is not None:
            known = tuple(paths.get(case.pk, ()))
            found.append(Passed(row.offset, _facts(case, row), case.unit_code, case.level, known, case.person))
    return found


def paths_of(ids: Iterable[int]) -> dict[int, list[str]]:
    """Give the paths of the organisations that have a part in cases. One query, or none."""
    found: dict[int, list[str]] = {}
    wanted = set(ids)
    for case_id, path in Part.objects.filter(case_id__in=wanted).values_list("case_id", "org_path") if wanted else ():
        found.setdefault(case_id, []).append(path)
    return found


def _facts(case: Case, row: Step) -> dict[str, Any]:
    return {
        "number": numbers.number(case),
        "seq": row.seq,
        "what": row.what,
        "origin": row.origin,
        "from": row.before,
        "to": row.after,
        "at": row.at,
        "unit": case.unit_code,
        "due": row.due,
    }
