"""A case being worked on: its row, its snapshot, and the rows of work that are open for it.

`Book.step` calls the engine and collects what must be written; `save` writes any number of books in a
constant number of statements. The interactive and the bulk path both go through here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.clocks import WorkTimes
from cityloop.ground.loop.definition import Definition
from cityloop.ground.loop.duties import Duty, duties
from cityloop.ground.loop.engine import begin, step
from cityloop.ground.loop.snapshot import Act, Effect, Outcome, Snapshot, load
from cityloop.loops.cases.loop import LOOP
from cityloop.loops.cases.models import SUBJECT, Case
from cityloop.town.ledger import chain
from cityloop.town.orgs.authority import Scope
from cityloop.town.worklist.actions import Entry, entry

Slots = dict[str, tuple[int, int]]
_slots = msgspec.json.Decoder(Slots)


class Kept(msgspec.Struct, gc=False):
    """A duty met while the book was open: since which step and instant, where, and when it ended."""

    duty: Duty
    opened_seq: int
    opened: int
    unit_code: str
    level: int
    ended: int | None = None

    @property
    def overdue(self) -> bool:
        """Whether it ended after its limit: that is a fact for ever."""
        clock = self.duty.clock
        return self.ended is not None and clock is not None and 0 <= clock.due < self.ended


class Book:
    """One case in memory, with the steps and worklist rows it has grown since it was loaded."""

    __slots__ = (
        "case",
        "definition",
        "duties",
        "kept",
        "kin",
        "origin",
        "parts_changed",
        "recorded_at",
        "rows",
        "scope",
        "slots",
        "snapshot",
        "subject",
        "worktime",
    )

    def __init__(
        self,
        case: Case,
        definition: Definition,
        worktime: WorkTimes,
        *,
        origin: str = "live",
        recorded_at: int = 0,
        kin: Mapping[int, str] | None = None,
    ) -> None:
        self.case = case
        self.subject = f"{SUBJECT}:{case.pk}"
        self.definition = definition
        self.worktime = worktime
        self.origin = origin
        self.recorded_at = recorded_at
        self.kin = kin
        self.scope: Scope | None = None  # whose authority is asked where the step names another case
        self.snapshot: Snapshot = load(case.snapshot) if case.snapshot else begin(definition)
        self.slots: Slots = _slots.decode(case.slots) if case.slots else {}
        self.duties: dict[str, Duty] = {d.slot: d for d in duties(definition, self.snapshot)}
        self.rows: list[chain.Row] = []
        self.kept: dict[tuple[str, int], Kept] = {}
        self.parts_changed = False

    def step(
        self,
        act: Act,
        by: Actor,
        at: int,
        *,
        inner: dict[str, Any] | None = None,
        say: tuple[str, ...] = (),
    ) -> Outcome:
        """Take a step through the engine and remember what must be written for it."""
        before = self.snapshot
        outcome = step(self.definition, before, act, by, at, self.worktime, self.kin)
        after = self.snapshot = outcome.snapshot
        if after.milestones and self.case.filed is None:
            self.case.filed, self.case.unit_filed = at, after.unit
        self._ledger(before, act, by, at, outcome, inner, say)
        self._worklist(at)
        if before.parts is not after.parts or before.requests is not after.requests:
            self.parts_changed = True
        return outcome

    def _ledger(
        self,
        before: Snapshot,
        act: Act,
        by: Actor,
        at: int,
        outcome: Outcome,
        inner: dict[str, Any] | None,
        say: tuple[str, ...],
    ) -> None:
        after, case = outcome.snapshot, self.case
        data = act.data
        if say or self.origin == "live":
            told = [e.data["what"] for e in outcome.effects if e.kind == "tell"] if self.origin == "live" else []
            data = {**data, "tell": [*told, *say]} if told or say else data
        clock = after.clocks.get("handling") or after.clocks.get("stage")
        row = chain.write(
            subject=self.subject,
            seq=after.seq,
            prev=bytes(case.head) if case.head else chain.GENESIS,
            kind=LOOP,
            what=act.name,
            by=by,
            at=at,
            recorded_at=self.recorded_at,
            data=data,
            inner=inner,
            origin=self.origin,
            before=before.state,
            after=after.state,
            due=clock.due if clock else None,
        )
        case.head = row.hash
        self.rows.append(row)

    def _worklist(self, at: int) -> None:
        before, slots, seq = self.duties, self.slots, self.snapshot.seq
        now: dict[str, Duty] = {}
        for duty in duties(self.definition, self.snapshot):
            now[duty.slot] = duty
        for slot, old in before.items():
            new = now.get(slot)
            if new is None or old.what != new.what or old.role != new.role or old.org != new.org:
                self._end(old, at)
        for slot, new in now.items():
            if slot not in slots:
                slots[slot] = (seq, at)
                self._put(new, seq, at)
            elif new != before.get(slot):
                self._put(new, *slots[slot])
        self.duties = now

    def _end(self, duty: Duty, at: int) -> None:
        seq, opened = self.slots.pop(duty.slot)
        known, snapshot = self.kept.get((duty.slot, seq)) or self._put(duty, seq, opened), self.snapshot
        known.unit_code, known.level = snapshot.unit or self.case.unit_code, snapshot.level
        known.ended = at

    def _put(self, duty: Duty, seq: int, opened: int) -> Kept:
        snapshot = self.snapshot
        made = Kept(duty, seq, opened, snapshot.unit or self.case.unit_code, snapshot.level)
        self.kept[duty.slot, seq] = made
        return made

    def work(self, *, past: bool = True) -> Iterator[Entry]:
        """Give the worklist's rows of this book.

        Without `past`, a duty that ended before it could stand on anybody's list is given only if it was overdue;
        of the others the ledger tells. What was imported was timed elsewhere: of it only what is open is given.
        """
        for kept in self.kept.values():
            if past or kept.ended is None or (kept.overdue and self.origin != "import"):
                yield self._entry(kept)

    def _entry(self, kept: Kept) -> Entry:
        return entry(
            kept.duty,
            loop=LOOP,
            subject_id=self.case.pk,
            opened_seq=kept.opened_seq,
            opened=kept.opened,
            unit_code=kept.unit_code,
            level=kept.level,
            origin=self.origin,
            worktime=self.worktime,
            ended=kept.ended,
        )

    def effects(self, outcome: Outcome) -> list[Effect]:
        """Give what the room itself must do (what must be told goes out by the ledger)."""
        return [e for e in outcome.effects if e.kind != "tell"]
