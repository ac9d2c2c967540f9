"""Who must do what now: derived from a snapshot, never stored beside it by hand.

Every state that is not an end has exactly one duty in the slot `state`; parts, milestones, bounced parts
and requests add their own. A worklist keeps one row for each.
"""

from collections.abc import Iterator

import msgspec

from cityloop.ground.loop import clocks
from cityloop.ground.loop.definition import Definition, State
from cityloop.ground.loop.snapshot import ACTIVE, GONE, Clock, Part, Request, Snapshot


class Duty(msgspec.Struct, frozen=True, gc=False):
    """One thing that someone must do.

    `slot` is what it is about (`state`, `part:2`, `milestone:safe`, `replace:2`, `request:1`); `role` and
    `org` say whose it is, `person` who took it (0: nobody yet); `clock` is None where the duty follows
    another subject; `on_due` names the action the clock takes when the time is up.
    """

    slot: str
    what: str
    role: str
    org: int = 0
    org_path: str = ""
    person: int = 0
    clock: Clock | None = None
    on_due: str = ""


def duties(definition: Definition, snapshot: Snapshot) -> tuple[Duty, ...]:
    """Give what must be done now, by whom, until when."""
    state = definition.states.get(snapshot.state)
    if state is None:
        return ()
    asked = tuple(_request_duties(definition, snapshot)) if snapshot.requests else ()
    if state.end:
        return asked
    first = _state_duty(snapshot, state)
    if state.holder == "@lead" and not state.detour:
        return (first, *asked, *_working_duties(snapshot))
    return (first, *asked) if asked else (first,)


def _state_duty(snapshot: Snapshot, state: State) -> Duty:
    clock = _state_clock(snapshot, state.clock, state.holder)
    if snapshot.held:
        return Duty("state", "decide", snapshot.held, clock=clock, on_due=state.on_due)
    if state.holder == "@lead":
        lead = snapshot.lead
        if lead is not None:
            return _of_lead(snapshot, lead, clock, state.on_due)
        return Duty("state", snapshot.state, "dispatcher", clock=clock, on_due=state.on_due)
    if state.holder == "@main":
        return Duty("state", snapshot.state, "shift_leader")
    if snapshot.confirmable and snapshot.state == "checking":
        return Duty("state", "confirm", "reporter", clock=clock)
    return Duty("state", snapshot.state, state.holder, person=snapshot.person, clock=clock, on_due=state.on_due)


def _state_clock(snapshot: Snapshot, text: str, holder: str) -> Clock | None:
    """The handling clock while it is worked on; else the stage's own, inside the handling limit where that runs."""
    handling, stage = snapshot.clocks.get("handling"), snapshot.clocks.get("stage")
    if text == "@handling" or stage is None:
        return handling if text == "@handling" else stage
    if holder == "@lead" and handling is not None and 0 <= handling.due < stage.due:
        return handling
    return stage


def _of_lead(snapshot: Snapshot, lead: Part, clock: Clock | None, on_due: str) -> Duty:
    return Duty("state", snapshot.state, lead.holder, lead.org, lead.org_path, lead.person, clock, on_due)


def _working_duties(snapshot: Snapshot) -> list[Duty]:
    """Give the duties of parts and milestones while it is worked on."""
    lead, handling = snapshot.lead, snapshot.clocks.get("handling")
    found = []
    for part in snapshot.parts:
        if part.state in ACTIVE:
            # The lead's part has a row of its own only where its clock differs from the state's.
            if part.role != "lead" or (part is lead and handling is not None and part.clock != handling):
                found.append(_part_duty(part))
        elif part.state == "bounced":
            found.append(Duty(f"replace:{part.id}", "replace_part", "dispatcher", clock=part.clock))
    if lead is not None:
        for name, clock in snapshot.clocks.items():
            if name.startswith("milestone:") and clock.pause != "reached":
                found.append(Duty(name, "milestone", lead.holder, lead.org, lead.org_path, lead.person, clock))
    return found


def _part_duty(part: Part) -> Duty:
    return Duty(f"part:{part.id}", "part", part.holder, part.org, part.org_path, part.person, part.clock)


def _request_duties(definition: Definition, snapshot: Snapshot) -> Iterator[Duty]:
    for request in snapshot.requests:
        if request.state == "asked":
            yield _request_duty(definition, snapshot, request)


def _request_duty(definition: Definition, snapshot: Snapshot, request: Request) -> Duty:
    who = definition.requests[request.kind].decide[request.stage]
    part = next((p for p in snapshot.parts if p.org == request.org and p.state not in GONE), None)
    role = who if who != "@target" else part.holder if part else "department_officer"
    return Duty(
        f"request:{request.id}",
        request.kind,
        role,
        request.org if who == "@target" else 0,
        request.org_path if who == "@target" else "",
        clock=request.clock,
        on_due="lapse",
    )


def marks_of(duty: Duty, worktime: clocks.WorkTimes) -> tuple[int, int, int, int]:
    """Give the instants of the warnings at 50, 80, 100 and 150 %; -1 where no clock runs."""
    return clocks.marks(duty.clock, worktime) if duty.clock is not None else (-1, -1, -1, -1)
