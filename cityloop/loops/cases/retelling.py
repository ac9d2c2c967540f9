"""A case told again from its ledger alone: what its rows and those beside it should say."""

import json
from collections.abc import Sequence
from typing import Any, cast

from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.duties import duties
from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases.actions.book import Book
from cityloop.loops.cases.actions.bulk import Fresh
from cityloop.loops.cases.actions.save import part_rows
from cityloop.loops.cases.loop import pinned
from cityloop.loops.cases.models import Case
from cityloop.town.calendar.past import Past
from cityloop.town.calendar.queries import calendars
from cityloop.town.ledger.models import Step

PartKey = tuple[int, int]  # round and number


class Retold(Book):
    """A book that takes the steps of its ledger anew, and writes nothing.

    `leads` are the organisations that led at some time, `parts` what the list of parts said last of each,
    `words` the digests of what was said.
    """

    def __init__(self, case: Case, rows: Sequence[Step], past: Past, *, late: bool = False) -> None:
        first = rows[0] if rows else None
        at, origin = (first.at, first.origin) if first else (0, case.origin)
        fresh = Fresh(id=case.pk, unit_code="", created=at, at=at, origin=origin)
        worktime = past.at(first) if first else calendars()
        super().__init__(cast(Case, fresh), pinned(_first_definition(case, rows)), worktime, origin=origin)
        self.said: dict[str, Any] = json.loads(first.data) if first else {}
        self.hidden: dict[str, Any] = json.loads(first.inner) if first else {}
        self.leads: set[int] = {0}
        self.parts: dict[PartKey, tuple[Any, ...]] = {}
        self.words: dict[int, str] = {}
        for row in rows:
            self.again(row, past, late=late)

    def again(self, row: Step, past: Past, *, late: bool) -> None:
        """Take a step once more, by the rules and calendars that held when it was taken."""
        definition = pinned(self.snapshot.definition)
        if definition is not self.definition:
            self.definition = definition
            self.duties = {duty.slot: duty for duty in duties(definition, self.snapshot)}
        self.worktime = past.at(row, late=late)
        act, actor, at = act_of(row)
        self.step(act, actor, at)
        self.case.head = bytes(row.hash)
        self.words |= words_of(row, act)
        if lead := self.snapshot.lead:
            self.leads.add(lead.org)
        if self.parts_changed:
            self.parts |= {(part[1], part[2]): part for part in part_rows(self)}
            self.parts_changed = False

    def _ledger(self, *_written: Any) -> None:
        """Write nothing: these steps stand there already."""


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


def words_of(row: Step, act: Act) -> dict[int, str]:
    """Give which words a step left with `persons`, and their digests, by their ids."""
    inner: dict[str, Any] = json.loads(row.inner)
    return {
        inner[f"{name}_id"]: digest for name, digest in act.data.items() if isinstance(inner.get(f"{name}_id"), int)
    }


def _first_definition(case: Case, rows: Sequence[Step]) -> str:
    """Give the rules a case began under: what its first move to newer ones left behind, else those it pins now."""
    moved = next((row for row in rows if row.what == "move_to_newer"), None)
    return str(json.loads(moved.data).get("before") or case.definition) if moved else case.definition
