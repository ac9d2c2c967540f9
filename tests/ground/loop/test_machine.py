"""LOOP's invariants over long random histories: any actor tries any action with plausible and wrong data."""

import os
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.definition import shipped
from cityloop.ground.loop.duties import duties
from cityloop.ground.loop.engine import begin, step
from cityloop.ground.loop.snapshot import Act, dump, load
from tests.ground.loop.cast import DAY, EVERYBODY, FILE, MINUTE, PARKS, POLICE, REPORTER, ROADS, START, TIMES, part

PROVE = os.environ.get("CITYLOOP_PROVE", "") not in ("", "0")
ORGS = [PARKS, ROADS, POLICE]
COMMAND = {"dispatcher", "department_officer", "crew", "public_group"}
SUPERVISION = {"intake_officer", "shift_leader", "inspector", "assessor"}


@st.composite
def data_for(draw: Any, at: int) -> dict[str, Any]:
    """Values for every field an action may take; the engine reads those it knows."""
    order = draw(st.permutations(ORGS))[: draw(st.integers(1, 3))]
    org = draw(st.sampled_from(ORGS))
    return {
        **FILE,
        "parts": [
            part(o, "lead" if n == 0 else "assisting", order=draw(st.integers(1, 2))) for n, o in enumerate(order)
        ],
        "part": draw(st.sampled_from([0, 1, 2, 3])),
        "organisation": {"org": org[0], "org_path": org[1]},
        "request": draw(st.integers(1, 6)),
        "answer": draw(st.sampled_from(["granted", "refused", "answered"])),
        "words": "w",
        "question": "q",
        "authority": "a",
        "reason": "not_ours",
        "resolution": draw(st.sampled_from(["solved", "nothing_found", "cannot_be_solved"])),
        "satisfied": "no",
        "photos": ["p"],
        "into": 99,
        "children": [1, 2],
        "milestone": "1",
        "until": at + draw(st.integers(1, 400)) * DAY,
        "definition": "",
    }


class CaseMachine(RuleBasedStateMachine):
    """One case, many hands."""

    profile = "full"

    @initialize()
    def start(self) -> None:
        self.definition = shipped("case", self.profile)
        self.names = sorted({name for _, name in self.definition.table} - {"collect", "move_to_newer"})
        self.history: list[tuple[Act, Actor, int]] = []
        self.at = START
        self.now = begin(self.definition)
        self.tracks: dict[int, set[str]] = {}
        self.has_ended = False
        self._take(Act("collect", {"unit": "1001"}), REPORTER)

    def _take(self, act: Act, actor: Actor) -> bool:
        before = dump(self.now)
        try:
            outcome = step(self.definition, self.now, act, actor, self.at, TIMES)
        except Refusal:
            assert dump(self.now) == before
            return False
        assert dump(self.now) == before, "a step changed its input"
        self.history.append((act, actor, self.at))
        self.now = outcome.snapshot
        self.has_ended |= self.now.ended >= 0
        if actor.kind == "person":
            self.tracks.setdefault(actor.person, set()).add(outcome.track)
        return True

    @rule(data=st.data(), actor=st.sampled_from(EVERYBODY), wait=st.sampled_from([0, MINUTE, 45 * MINUTE, DAY]))
    def anyone_tries_anything(self, data: st.DataObject, actor: Actor, wait: int) -> None:
        self.at += wait
        name = data.draw(st.sampled_from(self.names))
        self._take(self._act(data, name), actor)

    @precondition(lambda self: self.now.state)
    @rule(data=st.data(), wait=st.sampled_from([MINUTE, 45 * MINUTE, DAY]))
    def somebody_does_what_may_be_done(self, data: st.DataObject, wait: int) -> None:
        """Aim at open transitions, so that histories grow long."""
        self.at += wait
        transition = data.draw(st.sampled_from(self.definition.from_state[self.now.state]))
        actor = data.draw(st.sampled_from([a for a in EVERYBODY if a.role in transition.by] or EVERYBODY))
        self._take(self._act(data, transition.name), actor)

    def _act(self, data: st.DataObject, name: str) -> Act:
        transition = self.definition.find(self.now.state, name)
        values = data.draw(data_for(self.at))
        if transition is not None and transition.action.ops[:1] not in (["fix"], ["ask"], ["assign"], ["decide"]):
            values = {k: v for k, v in values.items() if k in transition.action.fields}
        if name in ("fail", "send_back"):
            values.pop("parts", None)
        return Act(name, values)

    @invariant()
    def nobody_acts_on_both_tracks(self) -> None:
        for tracks in self.tracks.values():
            assert len(tracks & {"supervision", "command", "centre"}) <= 1, tracks

    @invariant()
    def one_holder_and_a_clock(self) -> None:
        state = self.definition.states[self.now.state]
        found = [d for d in duties(self.definition, self.now) if d.slot == "state"]
        assert len(found) == (0 if state.end else 1)
        for duty in found:
            assert duty.role
            assert duty.clock is None or duty.clock.due >= 0 or duty.clock.pause
            assert duty.clock is not None or state.follows

    @invariant()
    def clocks_make_sense(self) -> None:
        for clock in [*self.now.clocks.values(), *(p.clock for p in self.now.parts)]:
            assert clock.used >= 0
            assert (clock.since >= 0) != bool(clock.pause)
            assert clock.due < 0 or clock.since >= 0

    @invariant()
    def ends_are_ends(self) -> None:
        state = self.definition.states[self.now.state]
        assert (self.now.ended >= 0) == state.end
        if state.end:
            assert all(c.since < 0 for c in self.now.clocks.values())
            assert all(p.clock.since < 0 for p in self.now.parts)

    @invariant()
    def rebuilt_from_its_history(self) -> None:
        if len(self.history) % 10 and self.now.ended < 0:
            return
        now = begin(self.definition)
        for act, actor, at in self.history:
            now = step(self.definition, now, act, actor, at, TIMES).snapshot
        assert now == self.now
        assert load(dump(now)) == self.now

    @invariant()
    def counters_stay_bounded(self) -> None:
        for key, number in self.now.counters.items():
            most = self.definition.counters[key.partition(":")[0]].max
            decided = self.now.held or any(self._is_decision(act, actor) for act, actor, _ in self.history)
            assert number <= most or decided or self.has_ended  # an end lets go of what the centre held

    def _is_decision(self, act: Act, actor: Actor) -> bool:
        """Letting go on, or moving it on oneself, by somebody of the centre."""
        centre = self.definition.counts_as[actor.role] == "centre"
        return centre and act.name in ("let_go_on", "reassign", "decide")


class SmallTownMachine(CaseMachine):
    profile = "small_town"


COUNTS = settings(
    max_examples=1500 if PROVE else 20,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestFull = CaseMachine.TestCase
TestFull.settings = COUNTS
TestSmallTown = SmallTownMachine.TestCase
TestSmallTown.settings = COUNTS
