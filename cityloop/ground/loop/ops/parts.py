"""Verbs on parts: who handles what, in which order, until when."""

from collections.abc import Container
from typing import Any

import msgspec

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop import clocks
from cityloop.ground.loop.actor import belongs
from cityloop.ground.loop.run import Run
from cityloop.ground.loop.snapshot import ACTIVE, GONE, Clock, Part

change = msgspec.structs.replace


WAITED_FOR = ACTIVE | {"bounced"}  # later parts wait for these


def own_part(run: Run, states: Container[str] = ACTIVE) -> Part:
    """Give the part the actor holds: the one named, or one of the actor's organisation.

    Of several, one in `states` comes first, then the one of the very organisation before that of one above.
    """
    number, actor, own = int(run.data.get("part") or 0), run.actor, []
    for part in run.draft.parts:
        if part.state not in GONE and number in (0, part.id) and belongs(actor, part.org, part.org_path):
            own.append(part)
    if not own:
        raise Refusal("loop.part.not_yours", "Your organisation has no such part in this case.", field="part")
    if len(own) == 1:
        return own[0]
    return min(own, key=lambda part: (part.state not in states, part.org != actor.org))


def open_part(run: Run) -> Part:
    """Give the part the actor holds; refused where it is done already."""
    part = own_part(run)
    if part.state not in ACTIVE:
        raise Refusal("loop.part.done", "This part is done already.", field="part")
    return part


def put(run: Run, part: Part) -> None:
    """Replace a part in the draft, by its id."""
    parts = run.draft.parts
    if len(parts) == 1 and parts[0].id == part.id:  # as in most cases
        run.draft.parts = (part,)
    else:
        run.draft.parts = tuple(part if p.id == part.id else p for p in parts)


def first_waited_for(parts: tuple[Part, ...]) -> int:
    """Give the lowest number of the parts that later ones wait for; 0 where there is none."""
    first = 0
    for part in parts:
        if part.state in WAITED_FOR and (first == 0 or part.order < first):
            first = part.order
    return first


def assign(run: Run) -> None:
    """Give out the parts: one lead first. Who led before goes on with what is left of its time, another begins anew."""
    wanted = run.data["parts"]
    _check_parts(wanted)
    lead = run.draft.lead
    if lead is not None:
        _set_aside(run, lead)
    _handling_clocks(run, _led_by(run, wanted[0]["org"]))
    for spec in wanted:
        _assign_one(run, spec)
    if len(run.draft.parts) > len(wanted):  # there were others before
        wanted_orgs = {spec["org"] for spec in wanted}
        for part in run.draft.parts:
            if part.org not in wanted_orgs and (part.role == "lead" or part.state == "bounced"):
                put(run, change(part, state="cancelled"))


def _check_parts(wanted: Any) -> None:
    if [n for n, part in enumerate(wanted) if part.get("role") == "lead"] != [0]:
        raise Refusal("loop.parts.lead", "Name exactly one lead organisation, first.", field="parts")
    if len(wanted) > 1 and len({p["org"] for p in wanted}) != len(wanted):
        raise Refusal("loop.parts.twice", "An organisation stands twice among the parts.", field="parts")


def _set_aside(run: Run, lead: Part) -> None:
    """Remember how far the handling clock ran under a lead that goes."""
    handling = run.draft.clocks.get("handling")
    if handling is not None:
        put(run, change(lead, whole=clocks.stop(handling, run.at, "bounced", run.worktime)))


def _led_by(run: Run, org: int) -> Part | None:
    """Give the part with which an organisation led before."""
    for part in run.draft.parts:
        if part.org == org and part.whole is not None:
            return part
    return None


def _handling_clocks(run: Run, earlier: Part | None) -> None:
    draft = run.draft
    if not draft.milestones:
        raise Refusal("loop.limits", "The case has no limits; file it first.", field="matter")
    for name, limit in draft.milestones[:-1]:
        known = draft.clocks.get(f"milestone:{name}")
        if known is None or (earlier is None and known.pause != "reached"):
            draft.clocks[f"milestone:{name}"] = clocks.make(run.definition, draft, limit, run.worktime)
    made = earlier.whole if earlier else None
    draft.clocks["handling"] = made or clocks.make(run.definition, draft, draft.milestones[-1][1], run.worktime)


def _assign_one(run: Run, spec: dict[str, Any], like: Part | None = None) -> None:
    """Give one part out; `like` is a part of another organisation whose limit it takes over."""
    draft = run.draft
    earlier, last = None, 0
    for known in draft.parts:
        last = max(last, known.id)
        if earlier is None and known.org == spec["org"]:
            earlier = known
    clock, original = _part_clock(run, spec, earlier, like)
    part = Part(
        id=earlier.id if earlier else last + 1,
        org=int(spec["org"]),
        org_path=str(spec["org_path"]),
        role="lead" if spec.get("role") == "lead" else "assisting",
        clock=clock,
        original=original,
        task=str(spec.get("task") or ""),
        order=int(spec.get("order") or 1),
        holder=str(spec.get("holder") or "department_officer"),
        whole=earlier.whole if earlier else None,
    )
    if earlier:
        put(run, part)
    else:
        draft.parts = (*draft.parts, part)


def _part_clock(run: Run, spec: dict[str, Any], earlier: Part | None, like: Part | None) -> tuple[Clock, int]:
    """Give the clock of a part and its original limit.

    An organisation that had a part of this kind goes on with its clock. The lead's is that of the whole. An
    assisting one has its own limit, which ends with the whole's, or at least the minimum for rework from now.
    """
    leads = spec.get("role") == "lead"
    same = earlier is not None and (earlier.role == "lead") == leads
    if earlier is not None and same and not spec.get("limit"):
        return earlier.clock, earlier.original
    whole = run.draft.clocks["handling"]
    if spec.get("limit"):
        own = _own_limit(run, str(spec["limit"]), whole)
        used = clocks.elapsed(earlier.clock, run.at, run.worktime) if earlier is not None and same else 0
        return clocks.relimit(change(earlier.clock, used=used), own) if earlier and same else own, own.limit
    if leads:
        return whole, whole.limit
    given = change(like.clock, limit=like.original, used=0, since=-1, due=-1, pause="") if like else None
    own = given or clocks.make(run.definition, run.draft, run.draft.milestones[-1][1], run.worktime)
    return _within(run, own, whole), own.limit


def _own_limit(run: Run, limit: str, whole: Clock) -> Clock:
    """Read the limit of one part; refuse one that ends after the whole, as long as the whole is not overdue."""
    own = clocks.make(run.definition, run.draft, limit, run.worktime)
    bound = clocks.start(clocks.stop(whole, run.at, "", run.worktime), run.at, run.worktime)
    if run.at < bound.due < clocks.start(own, run.at, run.worktime).due:
        raise Refusal("loop.part.limit", "A part may not take longer than the whole.", field="parts")
    return own


def _within(run: Run, own: Clock, whole: Clock) -> Clock:
    if own.running != whole.running:
        return own
    left = whole.limit - clocks.elapsed(whole, run.at, run.worktime)
    minimum = clocks.make(run.definition, run.draft, run.definition.source.rework_minimum or "0 um", run.worktime)
    least = minimum.limit if minimum.running == own.running else 0
    return change(own, limit=max(1, min(own.limit, max(left, least))))


def _handled_by(run: Run, part: Part) -> None:
    """Remember who handles: the separation of organisations rests on it."""
    if part.org_path not in run.draft.orgs:
        run.draft.orgs = (*run.draft.orgs, part.org_path)


def accept(run: Run) -> None:
    """Take on the own part; who does stands among the handlers from then on."""
    part = own_part(run, ("assigned",))
    if part.state != "assigned":
        raise Refusal("loop.part.accepted", "This part is accepted already.", field="part")
    person = int(run.data.get("person") or run.actor.person)
    if person and run.draft.acted.get(person, "command") == "supervision":
        raise Refusal("law.named", "This person acted on the other side of this case.", field="person")
    put(run, change(part, state="accepted", person=person))
    _handled_by(run, part)
    run.data = {**run.data, "part": part.id}


def bounce(run: Run) -> None:
    """Send the own part back; the lead's takes the whole case back to dispatch."""
    part = open_part(run)
    if part.role != "lead":
        run.target = "@stay"
    else:
        _set_aside(run, part)
        part = run.draft.part(part.id) or part
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
    _assign_one(run, spec, like=old)


def cancel_part(run: Run) -> None:
    """Cancel an assisting part."""
    part = run.draft.part(int(run.data["part"]))
    if part is None or part.role == "lead" or part.state not in ("assigned", "accepted", "bounced"):
        raise Refusal("loop.part.unknown", "There is no such open assisting part.", field="part")
    put(run, change(part, state="cancelled"))


def cancel_all(run: Run) -> None:
    """Cancel every part, as long as no work has begun."""
    check_not_begun(run)
    cancel_open(run)


def check_not_begun(run: Run) -> None:
    """Refuse once somebody works on it, also where it only waits for something."""
    back = run.draft.back
    waits = bool(back) and run.definition.find(back, run.transition.name) is None
    if waits or any(p.state in ("accepted", "done") for p in run.draft.parts):
        raise Refusal("loop.begun", "Work has begun; it can no longer be withdrawn.")


def cancel_open(run: Run) -> None:
    """Cancel every part that is not done."""
    if all(part.state not in WAITED_FOR for part in run.draft.parts):
        return
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
    check_order(run, part)
    put(run, change(part, state="done"))
    _handled_by(run, part)
    run.data = {**run.data, "part": part.id}


def check_order(run: Run, part: Part) -> None:
    """Refuse to finish before those with a lower number have, a bounced one included."""
    if part.order > first_waited_for(run.draft.parts):
        raise Refusal("loop.part.order", "An earlier part must be done first.", field="part")


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
            put(run, change(part, state="accepted", clock=clock))
    if "handling" in draft.clocks:
        draft.clocks["handling"] = _with_minimum(run, draft.clocks["handling"])
    draft.proposed, draft.checkers, draft.disputed = "", (), False


def _with_minimum(run: Run, clock: Clock) -> Clock:
    text = run.definition.source.rework_minimum
    if not text:
        return clock
    return clocks.at_least(clock, clocks.make(run.definition, run.draft, text, run.worktime).limit)
