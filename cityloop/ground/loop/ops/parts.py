"""Verbs on parts: who handles what, in which order, until when."""

from typing import Any

import msgspec

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop import clocks
from cityloop.ground.loop.actor import belongs
from cityloop.ground.loop.run import Run
from cityloop.ground.loop.snapshot import ACTIVE, GONE, Clock, Part

change = msgspec.structs.replace


def own_part(run: Run) -> Part:
    """Give the part the actor holds: the one named, or the one of the actor's organisation."""
    number = int(run.data.get("part") or 0)
    for part in run.draft.parts:
        if part.state in GONE or (number and part.id != number):
            continue
        if belongs(run.actor, part.org, part.org_path):
            return part
    raise Refusal("loop.part.not_yours", "Your organisation has no such part in this case.", field="part")


def open_part(run: Run) -> Part:
    """Give the part the actor holds; refused where it is done already."""
    part = own_part(run)
    if part.state not in ACTIVE:
        raise Refusal("loop.part.done", "This part is done already.", field="part")
    return part


def put(run: Run, part: Part) -> None:
    """Replace a part in the draft, by its id."""
    run.draft.parts = tuple(part if p.id == part.id else p for p in run.draft.parts)


def assign(run: Run) -> None:
    """Give out the parts: one lead first. The same lead goes on with what is left of its time, another begins anew."""
    wanted = run.data["parts"]
    _check_parts(wanted)
    before = run.draft.lead or _last_lead(run)
    same = before is not None and before.org == wanted[0]["org"]
    _handling_clocks(run, fresh=not same)
    for spec in wanted:
        _assign_one(run, spec)
    wanted_orgs = {spec["org"] for spec in wanted}
    for part in run.draft.parts:
        if part.org not in wanted_orgs and (part.role == "lead" or part.state == "bounced"):
            put(run, change(part, state="cancelled"))


def _check_parts(wanted: Any) -> None:
    leads = [p for p in wanted if p.get("role") == "lead"]
    if len(leads) != 1 or wanted[0] is not leads[0]:
        raise Refusal("loop.parts.lead", "Name exactly one lead organisation, first.", field="parts")
    if len({p["org"] for p in wanted}) != len(wanted):
        raise Refusal("loop.parts.twice", "An organisation stands twice among the parts.", field="parts")


def _last_lead(run: Run) -> Part | None:
    return next((p for p in reversed(run.draft.parts) if p.role == "lead"), None)


def _handling_clocks(run: Run, fresh: bool) -> None:
    draft = run.draft
    if not draft.milestones:
        raise Refusal("loop.limits", "The case has no limits; file it first.", field="matter")
    if not fresh and "handling" in draft.clocks:
        return
    for name, limit in draft.milestones[:-1]:
        draft.clocks[f"milestone:{name}"] = clocks.make(run.definition, draft, limit, run.worktime)
    draft.clocks["handling"] = clocks.make(run.definition, draft, draft.milestones[-1][1], run.worktime)


def _assign_one(run: Run, spec: dict[str, Any]) -> None:
    draft = run.draft
    earlier = next((p for p in reversed(draft.parts) if p.org == spec["org"]), None)
    clock = earlier.clock if earlier else _part_clock(run, str(spec.get("limit") or ""))
    part = Part(
        id=earlier.id if earlier else len(draft.parts) + 1,
        org=int(spec["org"]),
        org_path=str(spec["org_path"]),
        role="lead" if spec.get("role") == "lead" else "assisting",
        clock=clock,
        original=clock.limit,
        task=str(spec.get("task") or ""),
        order=int(spec.get("order") or 1),
        holder=str(spec.get("holder") or "department_officer"),
    )
    if earlier:
        put(run, part)
    else:
        draft.parts = (*draft.parts, part)


def _part_clock(run: Run, limit: str) -> Clock:
    whole = clocks.make(run.definition, run.draft, run.draft.milestones[-1][1], run.worktime)
    if not limit:
        return whole
    own = clocks.make(run.definition, run.draft, limit, run.worktime)
    if own.running == whole.running and own.limit > whole.limit:
        raise Refusal("loop.part.limit", "A part may not take longer than the whole.", field="parts")
    return own


def _handled_by(run: Run, part: Part) -> None:
    """Remember who handles: the separation of organisations rests on it."""
    if part.org_path not in run.draft.orgs:
        run.draft.orgs = (*run.draft.orgs, part.org_path)


def accept(run: Run) -> None:
    """Take on the own part; who does stands among the handlers from then on."""
    part = own_part(run)
    if part.state != "assigned":
        raise Refusal("loop.part.accepted", "This part is accepted already.", field="part")
    person = int(run.data.get("person") or run.actor.person)
    put(run, change(part, state="accepted", person=person))
    _handled_by(run, part)
    run.data = {**run.data, "part": part.id}


def bounce(run: Run) -> None:
    """Send the own part back; the lead's takes the whole case back to dispatch."""
    part = open_part(run)
    if part.role != "lead":
        run.target = "@stay"
    put(run, change(part, state="bounced"))
    run.data = {**run.data, "part": part.id}


def replace_part(run: Run) -> None:
    """Give an assisting part to another organisation, or to the same once more."""
    draft = run.draft
    old = draft.part(int(run.data["part"]))
    if old is None or old.role == "lead" or old.state in ("done", "cancelled"):
        raise Refusal("loop.part.unknown", "There is no such open assisting part.", field="part")
    new = run.data.get("organisation") or {"org": old.org, "org_path": old.org_path}
    put(run, change(old, state="cancelled"))
    spec = {"task": old.task, "order": old.order, "holder": old.holder, **new, "role": "assisting"}
    if any(p.org == spec["org"] and p.id != old.id and p.state not in GONE for p in draft.parts):
        raise Refusal("loop.parts.twice", "This organisation has a part already.", field="organisation")
    _assign_one(run, spec)


def cancel_part(run: Run) -> None:
    """Cancel an assisting part."""
    part = run.draft.part(int(run.data["part"]))
    if part is None or part.role == "lead" or part.state not in ("assigned", "accepted", "bounced"):
        raise Refusal("loop.part.unknown", "There is no such open assisting part.", field="part")
    put(run, change(part, state="cancelled"))


def cancel_all(run: Run) -> None:
    """Cancel every part, as long as no work has begun."""
    if any(p.state in ("accepted", "done") for p in run.draft.parts):
        raise Refusal("loop.begun", "Work has begun; it can no longer be withdrawn.")
    run.draft.parts = tuple(
        change(p, state="cancelled") if p.state in ACTIVE or p.state == "bounced" else p for p in run.draft.parts
    )


def reach(run: Run) -> None:
    """Reach the next milestone."""
    key = f"milestone:{run.data['milestone']}"
    clock = run.draft.clocks.get(key)
    if clock is None or clock.pause == "reached":
        raise Refusal("loop.milestone", "There is no such open milestone.", field="milestone")
    run.draft.clocks[key] = clocks.stop(clock, run.at, "reached", run.worktime)


def finish(run: Run) -> None:
    """Report the own part done; earlier ones come first."""
    part = open_part(run)
    if part.order > min(p.order for p in run.draft.parts if p.state in ACTIVE):
        raise Refusal("loop.part.order", "An earlier part must be done first.", field="part")
    put(run, change(part, state="done"))
    _handled_by(run, part)
    run.data = {**run.data, "part": part.id}


def finish_all(run: Run) -> None:
    """Take the lead's part for done and cancel the others."""
    for part in run.draft.parts:
        if part.role == "lead" and part.state in ACTIVE:
            put(run, change(part, state="done"))
            _handled_by(run, part)
        elif part.state not in ("done", *GONE) or part.state == "bounced":
            put(run, change(part, state="cancelled"))


def reopen_parts(run: Run) -> None:
    """Send done parts back to work with at least the minimum for rework."""
    draft = run.draft
    done = [p for p in draft.parts if p.state == "done"]
    named = [int(n) for n in run.data.get("parts") or [p.id for p in done]]
    if any(n not in {p.id for p in done} for n in named):
        raise Refusal("loop.part.unknown", "Name parts that were reported done.", field="parts")
    for part in done:
        if part.id in named:
            clock = _with_minimum(run, part.clock)
            put(run, change(part, state="accepted", clock=clock, original=max(part.original, clock.limit)))
    if "handling" in draft.clocks:
        draft.clocks["handling"] = _with_minimum(run, draft.clocks["handling"])
    draft.proposed, draft.confirmable = "", False


def _with_minimum(run: Run, clock: Clock) -> Clock:
    text = run.definition.source.rework_minimum
    if not text:
        return clock
    return clocks.at_least(clock, clocks.make(run.definition, run.draft, text, run.worktime).limit)
