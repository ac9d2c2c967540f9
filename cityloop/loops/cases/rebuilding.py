"""Rebuilding a case from the ledger alone, and saying where the stored one differs."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.engine import begin, step
from cityloop.ground.loop.snapshot import Act, Snapshot, load
from cityloop.loops.cases.loop import pinned
from cityloop.loops.cases.models import Case
from cityloop.town.calendar.past import Past
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.queries import Finding, steps


def act_of(row: Step) -> tuple[Act, Actor, int]:
    """Read back what was asked, by whom and when, from a step on the ledger."""
    data: dict[str, Any] = json.loads(row.data)
    inner: dict[str, Any] = json.loads(row.inner)
    data.pop("tell", None)
    actor = Actor(
        kind=row.actor,  # type: ignore[arg-type]
        role=row.role,
        person=inner.get("person", 0),
        post=inner.get("post", 0),
        org=row.org,
        org_path=inner.get("path", ""),
        name=row.name,
    )
    return Act(row.what, data), actor, row.at


def rebuild(case: Case, past: Past, *, late: bool = False) -> Snapshot:
    """Run the ledger's steps of a case through the engine from the beginning, by the calendars as they were then."""
    rows = list(steps(case.subject))
    snapshot = begin(pinned(_first_definition(case, rows)))
    for row in rows:
        act, actor, at = act_of(row)
        snapshot = step(pinned(snapshot.definition), snapshot, act, actor, at, past.at(row, late=late)).snapshot
    return snapshot


def _first_definition(case: Case, rows: list[Step]) -> str:
    """Give the rules a case began under: what its first move to newer ones left behind, else those it pins now."""
    moved = next((row for row in rows if row.what == "move_to_newer"), None)
    return str(json.loads(moved.data).get("before") or case.definition) if moved else case.definition


def differences(cases: Iterable[Case]) -> Iterator[Finding]:
    """Yield a finding for each case whose stored state is not what its ledger gives.

    A case is read with many others, its steps after it: one that took a step between the two is looked at anew.
    """
    past = Past()
    for case in cases:
        found = _difference(case, past)
        while found and (moved := _moved(case)):
            case, found = moved, _difference(moved, past)
        if found:
            yield found


def _difference(case: Case, past: Past) -> Finding | None:
    try:
        stored = load(case.snapshot)
        rebuilt = rebuild(case, past)
        if rebuilt != stored:
            rebuilt = _once_more(case, stored) or rebuilt
    except Refusal as refusal:
        return Finding("case.not_rebuilt", case.subject, str(refusal))
    except Exception as error:  # noqa: BLE001 - whatever somebody wrote into a row must not end the check of all others
        return Finding("case.not_rebuilt", case.subject, f"What is written cannot be read: {error}")
    if rebuilt != stored:
        names = [f for f in Snapshot.__struct_fields__ if getattr(rebuilt, f) != getattr(stored, f)]
        return Finding("case.differs", case.subject, f"Stored and rebuilt differ in {', '.join(names)}.")
    if case.state != rebuilt.state or case.seq != rebuilt.seq:
        return Finding("case.columns", case.subject, "The columns do not say what the state says.")
    return None


def _moved(case: Case) -> Case | None:
    """Give a case as it is now, where it is no longer as it was read."""
    now = Case.objects.filter(pk=case.pk).first()
    same = now is None or (now.snapshot, now.state, now.seq) == (case.snapshot, case.state, case.seq)
    return None if same else now


def _once_more(case: Case, stored: Snapshot) -> Snapshot | None:
    """Allow for a calendar changed since this check began, and for a step whose process heard of a change late."""
    past = Past()
    return next((found for late in (False, True) if (found := rebuild(case, past, late=late)) == stored), None)


def all_differences() -> Iterator[Finding]:
    """Compare every case with its ledger: what runs each night."""
    yield from differences(Case.objects.order_by("pk").iterator(chunk_size=500))
