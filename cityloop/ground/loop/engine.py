"""The loop engine: one pure function, `step`.

No clock, no database: everything it needs is passed in, everything it decides is in the outcome. The
interactive path, the bulk path, the simulator and the tests all call this function.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop import clocks, law, ops
from cityloop.ground.loop.actor import Actor, belongs
from cityloop.ground.loop.definition import Definition, Transition
from cityloop.ground.loop.ops import requests, targets
from cityloop.ground.loop.ops.parts import cancel_open, change, first_waited_for, put
from cityloop.ground.loop.run import Run
from cityloop.ground.loop.snapshot import ACTIVE, GONE, Act, Clock, Outcome, Snapshot

WORKING = "@lead"
OF_THE_STATE = frozenset({"stage", "back", "kept"})  # clocks that go with being where it is


def begin(definition: Definition) -> Snapshot:
    """Give the snapshot of a subject before its first step."""
    return Snapshot(definition=definition.digest)


def step(
    definition: Definition,
    snapshot: Snapshot,
    act: Act,
    actor: Actor,
    at: int,
    worktime: clocks.WorkTimes,
    kin: Mapping[int, str] | None = None,
) -> Outcome:
    """Take one step and give the new snapshot with its effects; `snapshot` is left as it was.

    `at` is the instant of the step in microseconds, never before the subject's last step. `kin` says who
    acted on which track in the cases of the same family. Raises Refusal when the step may not be taken.
    """
    transition = definition.table.get((snapshot.state, act.name))
    if transition is None:
        raise _not_from_here(definition, snapshot, act.name)
    guard(definition, snapshot, transition, actor, at, kin)
    if transition.required or transition.choices:
        _fields(transition, act)
    run = Run(definition, snapshot.draft(), transition, act.data, actor, at, worktime)
    if snapshot.held and _decides(snapshot, actor) and transition.to != "@stay" and law.weighs(transition):
        run.draft.held = ""  # moving it on is the decision
    action = transition.action
    if action.counter:
        targets.count(run, action.counter)
    for name in action.ops:
        ops.TABLE[name](run)
    to = run.target or transition.to
    if to[:1] == "@":
        to = targets.resolve_target(run, to)
    if to and to != run.draft.state:
        _enter(run, to) if to != "@back" else _return(run)
    _settle(run)
    return _outcome(run, snapshot)


def step_many(
    definition: Definition,
    snapshot: Snapshot,
    acts: Iterable[tuple[Act, Actor, int]],
    worktime: clocks.WorkTimes,
) -> tuple[Snapshot, list[Outcome]]:
    """Take several steps of one subject in order; stops at the first refusal by raising it."""
    outcomes = []
    for act, actor, at in acts:
        outcome = step(definition, snapshot, act, actor, at, worktime)
        snapshot = outcome.snapshot
        outcomes.append(outcome)
    return snapshot, outcomes


def guard(
    definition: Definition,
    snapshot: Snapshot,
    transition: Transition,
    actor: Actor,
    at: int,
    kin: Mapping[int, str] | None = None,
) -> None:
    """Raise Refusal when this actor may not take this transition now, whatever the fields."""
    if actor.role not in transition.by:
        raise Refusal("loop.role", "{action} is not open to the role {role}.", action=transition.name, role=actor.role)
    if at < snapshot.at:
        raise Refusal("loop.time", "The step lies before the last one on the ledger.", field="at")
    if snapshot.held:
        _held(definition, snapshot, transition, actor)
    law.check(definition, snapshot, transition, actor, kin)
    if transition.conditions:
        _conditions(definition, snapshot, transition, actor, at)


def _held(definition: Definition, snapshot: Snapshot, transition: Transition, actor: Actor) -> None:
    """While the centre must decide, only who decides moves the subject on; what ends a wait, or stays, may go on."""
    track, ops_ = definition.counts_as[actor.role], transition.action.ops
    if _decides(snapshot, actor) or not law.weighs(transition) or transition.name == "withdraw" or "decide" in ops_:
        return
    if track == "centre" and transition.request:
        return
    if track == "system" and (transition.to == "@stay" or _only_system(definition, transition)):
        return
    raise Refusal("loop.held", "The centre must decide first: a limit of rounds has been reached.")


def _decides(snapshot: Snapshot, actor: Actor) -> bool:
    return actor.role in (snapshot.held, law.HIGHEST)


def _only_system(definition: Definition, transition: Transition) -> bool:
    return all(definition.counts_as[role] == "system" for role in transition.by)


def _conditions(definition: Definition, snapshot: Snapshot, transition: Transition, actor: Actor, at: int) -> None:
    action = transition.action
    if action.lead_only and actor.role in definition.part_roles and not _leads(snapshot, actor):
        raise Refusal("loop.lead_only", "Only the lead organisation may do this.")
    if action.holder_only and not _holds(definition, snapshot, actor):
        raise Refusal("loop.holder_only", "Only who holds the case now may do this.")
    if action.within and definition.counts_as[actor.role] == "outside":
        limit = definition.limit(action.within)
        if snapshot.ended >= 0 and at - snapshot.ended > limit.amount * 86_400_000_000:
            raise Refusal("loop.too_late", "This was possible for {limit} after closing.", limit=limit.text)
    if action.first_only and snapshot.parts:
        raise Refusal("loop.again", "It was dispatched before: dispatch again instead.")
    if action.again_only and not snapshot.parts:
        raise Refusal("loop.first", "It was not dispatched yet: dispatch first.")


def _leads(snapshot: Snapshot, actor: Actor) -> bool:
    lead = snapshot.lead
    return lead is not None and belongs(actor, lead.org, lead.org_path)


def _holds(definition: Definition, snapshot: Snapshot, actor: Actor) -> bool:
    """Tell whether an actor is of those who hold the subject: the lead organisation, a role; the centre where held."""
    holder = snapshot.held or definition.states[snapshot.state].holder
    return _leads(snapshot, actor) if holder == WORKING else actor.role == holder


def _fields(transition: Transition, act: Act) -> None:
    for name in transition.required:
        if act.data.get(name) in (None, "", [], ()):
            raise Refusal("loop.field.missing", "Please fill in {name}.", field=name, name=name)
    for name, choices in transition.choices:
        value = act.data.get(name)
        if value not in (None, "") and value not in choices:
            raise Refusal("loop.field.choice", "{name} is not one of the choices.", field=name, name=name)


def _not_from_here(definition: Definition, snapshot: Snapshot, name: str) -> Refusal:
    if not any(action == name for _, action in definition.table):
        return Refusal("loop.action.unknown", "There is no action called {action}.", field="action", action=name)
    return Refusal(
        "loop.state",
        "{action} is not possible in the state {state}.",
        field="action",
        action=name,
        state=snapshot.state,
    )


def _return(run: Run) -> None:
    draft = run.draft
    draft.state, draft.back = draft.back, ""
    draft.person, draft.back_person = draft.back_person, 0
    before = draft.clocks.pop("back", None)
    draft.clocks.pop("stage", None)
    if before is not None:
        draft.clocks["stage"] = clocks.start(before, run.at, run.worktime)


def _enter(run: Run, to: str) -> None:
    draft, definition, at = run.draft, run.definition, run.at
    clocks_, before, state = draft.clocks, draft.state, definition.states[to]
    stage, kept = clocks_.pop("stage", None), clocks_.pop("kept", None)
    if state.detour:
        draft.back, draft.back_person = before, draft.person
        if stage is not None:
            clocks_["back"] = clocks.stop(stage, at, to, run.worktime)
    elif draft.back:
        draft.back, draft.back_person = "", 0
        clocks_.pop("back", None)
    elif stage is not None and state.keeps and state.keeps == before:
        clocks_["kept"] = clocks.stop(stage, at, to, run.worktime)
    draft.state, draft.confirmable = to, False
    if not run.named:
        draft.person = 0
    if state.end:
        _end(run)
    else:
        draft.ended = -1
        if kept is not None and before in definition.states and definition.states[before].keeps == to:
            clocks_["stage"] = clocks.start(kept, at, run.worktime)
        elif state.clock and state.clock != "@handling":
            clocks_["stage"] = _stage_clock(run, state.clock)
    run.effects += definition.effects[to]


def _end(run: Run) -> None:
    draft = run.draft
    draft.ended = run.at
    draft.resolution = draft.proposed
    draft.held = ""
    if draft.parts:
        cancel_open(run)
    if draft.requests and any(r.state == "asked" for r in draft.requests):
        requests.lapse_requests(run)


def _stage_clock(run: Run, text: str) -> Clock:
    if text == "@until":
        clock = Clock(max(0, run.draft.until - run.at) or 1, "always", run.draft.calendar)
    else:
        clock = clocks.make(run.definition, run.draft, text, run.worktime)
    return clocks.start(clock, run.at, run.worktime)


def _settle(run: Run) -> None:
    """Let exactly those clocks run that the state asks for; a pause always says why."""
    draft, held = run.draft, run.draft.held
    state = run.definition.states[draft.state]
    working = not held and state.holder == WORKING and not state.detour
    why = "held" if held else draft.state
    for name, clock in draft.clocks.items():
        if name in OF_THE_STATE:
            continue
        if working and clock.pause != "reached" if name != "total" else not state.end:
            if clock.since < 0:
                draft.clocks[name] = clocks.start(clock, run.at, run.worktime)
        elif clock.since >= 0 or not clock.pause:
            draft.clocks[name] = clocks.stop(clock, run.at, clock.pause or why, run.worktime)
    if draft.parts:
        _settle_parts(run, working, why)


def _settle_parts(run: Run, working: bool, stands: str) -> None:
    draft = run.draft
    first = first_waited_for(draft.parts) if working else 0
    asked = _asking(run) if draft.requests else ()
    for part in draft.parts:
        clock, active = part.clock, part.state in ACTIVE
        if working and active and part.order <= first and part.id not in asked:
            if clock.since < 0:
                put(run, change(part, clock=clocks.start(clock, run.at, run.worktime)))
        elif clock.since >= 0 or not clock.pause:
            why = stands if not working else part.state if not active else "question" if part.id in asked else "order"
            put(run, change(part, clock=clocks.stop(clock, run.at, why, run.worktime)))
    if draft.requests:
        requests.lapse_of_gone(run, GONE)


def _asking(run: Run) -> set[int]:
    """Give the parts that stand because they asked something."""
    kinds = run.definition.requests
    return {r.part for r in run.draft.requests if r.state == "asked" and kinds[r.kind].pauses == "part"}


def _outcome(run: Run, before: Snapshot) -> Outcome:
    draft, actor = run.draft, run.actor
    track = law.record(run.definition, draft, run.transition, actor, before)
    draft.at = run.at
    draft.seq += 1
    return Outcome(draft, run.effects + run.transition.effects, track)


def facts(snapshot: Snapshot) -> dict[str, Any]:
    """Give what a ledger row says of a subject after a step: state, round, due."""
    due = min((c.due for c in snapshot.clocks.values() if c.due >= 0), default=-1)
    return {"state": snapshot.state, "round": snapshot.round, "due": due}
