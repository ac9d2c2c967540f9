"""The verbs a definition may use on a snapshot. Each changes the draft of a run and nothing else."""

from collections.abc import Callable
from typing import Any

import msgspec

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop import clocks
from cityloop.ground.loop.actor import belongs
from cityloop.ground.loop.run import Run
from cityloop.ground.loop.snapshot import ACTIVE, GONE, Clock, Effect, Part, Request

change = msgspec.structs.replace


def count(run: Run, name: str) -> None:
    """Count one more passage of a cycle; past the maximum the centre holds the subject."""
    counter = run.definition.counters[name]
    key = f"{name}:{_own_part(run).org}" if counter.per == "organisation" else name
    number = run.draft.counters.get(key, 0) + 1
    run.draft.counters[key] = number
    if number > counter.max:
        run.draft.held = counter.at_max


# --- intake ---------------------------------------------------------------------------------------


def _note_place(run: Run) -> None:
    draft = run.draft
    draft.matter = str(run.data.get("matter") or "")
    draft.unit = str(run.data.get("unit") or "")
    draft.level = int(run.data.get("level") or 0)
    draft.calendar = str(run.data.get("calendar") or draft.calendar)
    draft.catalogue = str(run.data.get("catalogue") or "")
    draft.clocks["total"] = Clock(0, "always", draft.calendar)


def _claim(run: Run) -> None:
    if run.draft.person and run.draft.person != run.actor.person:
        raise Refusal("loop.claimed", "Somebody else has claimed it.")
    run.draft.person = run.actor.person


def _release(run: Run) -> None:
    if run.draft.person != run.actor.person:
        raise Refusal("loop.not_claimed", "You have not claimed it.")
    run.draft.person = 0


def _name_person(run: Run) -> None:
    person = int(run.data.get("inspector") or 0)
    if person:
        run.draft.person = person
        run.named = True


def _fix(run: Run) -> None:
    draft, data = run.draft, run.data
    milestones = data.get("milestones")
    if not milestones:
        raise Refusal("loop.limits", "The matter has no limits.", field="matter")
    draft.matter, draft.unit = str(data["matter"]), str(data["unit"])
    draft.catalogue = str(data.get("catalogue") or draft.catalogue)
    draft.urgent = bool(data.get("urgent"))
    draft.level = int(data.get("level") or 0)
    draft.milestones = tuple((str(name), str(limit)) for name, limit in milestones)


def _fold(run: Run) -> None:
    into = int(run.data["into"])
    run.draft.into = into


def _unfold(run: Run) -> None:
    run.draft.into = 0
    run.draft.proposed = ""


def _renumber(run: Run) -> None:
    run.draft.unit = str(run.data["unit"])


def _pin(run: Run) -> None:
    run.draft.definition = str(run.data.get("definition") or run.draft.definition)
    run.draft.catalogue = str(run.data.get("catalogue") or run.draft.catalogue)


# --- parts ----------------------------------------------------------------------------------------


def _own_part(run: Run) -> Part:
    """Give the part the actor holds: the one named, or the one of the actor's organisation."""
    number = int(run.data.get("part") or 0)
    for part in run.draft.parts:
        if part.state in GONE or (number and part.id != number):
            continue
        if belongs(run.actor, part.org, part.org_path):
            return part
    raise Refusal("loop.part.not_yours", "Your organisation has no such part in this case.", field="part")


def _open_part(run: Run) -> Part:
    part = _own_part(run)
    if part.state not in ACTIVE:
        raise Refusal("loop.part.done", "This part is done already.", field="part")
    return part


def put(run: Run, part: Part) -> None:
    """Replace a part in the draft, by its id."""
    run.draft.parts = tuple(part if p.id == part.id else p for p in run.draft.parts)


def _assign(run: Run) -> None:
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


def _accept(run: Run) -> None:
    part = _own_part(run)
    if part.state != "assigned":
        raise Refusal("loop.part.accepted", "This part is accepted already.", field="part")
    person = int(run.data.get("person") or run.actor.person)
    put(run, change(part, state="accepted", person=person))
    _handled_by(run, part)
    run.data = {**run.data, "part": part.id}


def _bounce(run: Run) -> None:
    part = _open_part(run)
    if part.role != "lead":
        run.target = "@stay"
    put(run, change(part, state="bounced"))
    run.data = {**run.data, "part": part.id}


def _replace_part(run: Run) -> None:
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


def _cancel_part(run: Run) -> None:
    part = run.draft.part(int(run.data["part"]))
    if part is None or part.role == "lead" or part.state not in ("assigned", "accepted", "bounced"):
        raise Refusal("loop.part.unknown", "There is no such open assisting part.", field="part")
    put(run, change(part, state="cancelled"))


def _cancel_all(run: Run) -> None:
    if any(p.state in ("accepted", "done") for p in run.draft.parts):
        raise Refusal("loop.begun", "Work has begun; it can no longer be withdrawn.")
    run.draft.parts = tuple(
        change(p, state="cancelled") if p.state in ACTIVE or p.state == "bounced" else p for p in run.draft.parts
    )


def _reach(run: Run) -> None:
    key = f"milestone:{run.data['milestone']}"
    clock = run.draft.clocks.get(key)
    if clock is None or clock.pause == "reached":
        raise Refusal("loop.milestone", "There is no such open milestone.", field="milestone")
    run.draft.clocks[key] = clocks.stop(clock, run.at, "reached", run.worktime)


def _finish(run: Run) -> None:
    part = _open_part(run)
    if part.order > min(p.order for p in run.draft.parts if p.state in ACTIVE):
        raise Refusal("loop.part.order", "An earlier part must be done first.", field="part")
    put(run, change(part, state="done"))
    _handled_by(run, part)
    run.data = {**run.data, "part": part.id}


def _finish_all(run: Run) -> None:
    for part in run.draft.parts:
        if part.role == "lead" and part.state in ACTIVE:
            put(run, change(part, state="done"))
            _handled_by(run, part)
        elif part.state not in ("done", *GONE) or part.state == "bounced":
            put(run, change(part, state="cancelled"))


def _reopen_parts(run: Run) -> None:
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


# --- checking and closing -------------------------------------------------------------------------


def _propose(run: Run) -> None:
    run.draft.proposed = str(run.data["resolution"])


def _settle(run: Run) -> None:
    run.draft.proposed = run.draft.proposed or "solved"


def _ask_confirmation(run: Run) -> None:
    run.draft.confirmable = True


def _confirm(run: Run) -> None:
    if not run.draft.confirmable:
        raise Refusal("loop.confirm", "An inspector checks this case; your confirmation was not asked for.")
    _settle(run)


def _resolve(run: Run) -> None:
    run.draft.proposed = str(run.data.get("resolution") or run.draft.proposed or "solved")


def _new_round(run: Run) -> None:
    draft = run.draft
    draft.round += 1
    draft.parts, draft.requests = (), ()
    draft.proposed = draft.resolution = draft.rating = ""
    draft.confirmable = draft.adjusted = False
    draft.clocks = {k: v for k, v in draft.clocks.items() if k == "total"}


def _rate(run: Run) -> None:
    if run.draft.rating:
        raise Refusal("loop.rated", "You have rated it already.")
    run.draft.rating = str(run.data["satisfied"])


def _centre_decides(run: Run) -> None:
    if not run.draft.held:
        raise Refusal("loop.not_held", "Nothing waits for a decision of the centre.")
    if run.actor.role not in (run.draft.held, "leader"):
        raise Refusal("loop.role", "This decision is for the {role}.", role=run.draft.held)
    run.draft.held = ""


# --- requests -------------------------------------------------------------------------------------


def _ask(run: Run) -> None:
    kind = run.definition.requests[run.transition.request]
    part_id, org, path = 0, 0, ""
    if kind.about == "part":
        part = _open_part(run)
        part_id = part.id
        if kind.only_before_due and 0 <= part.clock.due < run.at:
            raise Refusal("loop.request.overdue", "It is overdue already.")
        if part.clock.limit - part.clock.used <= 0 and kind.only_before_due:
            raise Refusal("loop.request.overdue", "It is overdue already.")
    elif kind.about == "organisation":
        org, path = _target_org(run)
    _check_number(run, part_id, org)
    _check_fields(run, part_id)
    clock = clocks.start(clocks.make(run.definition, run.draft, kind.limit, run.worktime), run.at, run.worktime)
    request = Request(
        id=len(run.draft.requests) + 1,
        kind=run.transition.request,
        asker=run.actor.person,
        asker_role=run.actor.role,
        clock=clock,
        part=part_id,
        org=org,
        org_path=path,
        data={k: v for k, v in run.data.items() if k not in ("part", "organisation", "words")},
    )
    run.draft.requests = (*run.draft.requests, request)


def _target_org(run: Run) -> tuple[int, str]:
    named = run.data.get("organisation")
    if named:
        return int(named["org"]), str(named["org_path"])
    lead = run.draft.lead
    if lead is None:
        raise Refusal("loop.field.missing", "Please fill in {name}.", field="organisation", name="organisation")
    return lead.org, lead.org_path


def _check_number(run: Run, part: int, org: int) -> None:
    kind = run.definition.requests[run.transition.request]
    alike = [r for r in run.draft.requests if r.kind == run.transition.request and r.part == part and r.org == org]
    if any(r.state == "asked" for r in alike):
        raise Refusal("loop.request.open", "The same was asked already and waits for an answer.")
    if kind.effect and sum(r.state == "granted" for r in alike) >= kind.max:
        raise Refusal("loop.request.max", "This was granted as often as it may be.")
    if not kind.effect and len(alike) >= kind.max:
        raise Refusal("loop.request.max", "This was asked as often as it may be.")


def _check_fields(run: Run, part_id: int) -> None:
    if "until" in run.data:
        until = int(run.data["until"])
        if not run.at < until <= run.at + 366 * 86_400_000_000:
            raise Refusal("loop.until", "The end must lie ahead, within a year.", field="until")
    if run.data.get("by") and part_id:
        part = run.draft.part(part_id)
        wanted = clocks.make(run.definition, run.draft, str(run.data["by"]), run.worktime)
        if part and (wanted.limit > part.original or wanted.running != part.clock.running):
            raise Refusal("loop.extension", "At most the original limit, in the same kind of time.", field="by")


def _decide(run: Run) -> None:
    request = _asked(run)
    kind = run.definition.requests[request.kind]
    answer = str(run.data["answer"])
    if answer not in kind.answers:
        raise Refusal("loop.field.choice", "{name} is not one of the choices.", field="answer", name="answer")
    check_decider(run, request)
    if answer == "granted" and request.stage + 1 < len(kind.decide):
        clock = clocks.start(clocks.make(run.definition, run.draft, kind.limit, run.worktime), run.at, run.worktime)
        _put_request(run, change(request, stage=request.stage + 1, clock=clock))
        return
    _close_request(run, request, answer)
    if answer == "granted" and kind.effect:
        EFFECTS[kind.effect](run, request)
        run.target = kind.to


def check_decider(run: Run, request: Request) -> None:
    """Raise Refusal unless the actor is the one to decide this request at its stage."""
    kind, actor = run.definition.requests[request.kind], run.actor
    who = kind.decide[request.stage]
    if who == "@target":
        if actor.role not in run.definition.part_roles or not belongs(actor, request.org, request.org_path):
            raise Refusal("loop.request.decider", "Only the organisation asked may answer.", field="request")
    elif actor.role != who:
        raise Refusal("loop.request.decider", "This is decided by the {role}.", field="request", role=who)
    if actor.person and actor.person == request.asker:
        raise Refusal("loop.request.own", "Nobody decides what they asked for themselves.", field="request")


def _asked(run: Run) -> Request:
    request = run.draft.request(int(run.data["request"]))
    if request is None or request.state != "asked":
        raise Refusal("loop.request.unknown", "There is no such open request.", field="request")
    return request


def _put_request(run: Run, request: Request) -> None:
    run.draft.requests = tuple(request if r.id == request.id else r for r in run.draft.requests)


def _close_request(run: Run, request: Request, state: str) -> None:
    _put_request(run, change(request, state=state, clock=clocks.stop(request.clock, run.at, state, run.worktime)))


def _lapse(run: Run) -> None:
    _close_request(run, _asked(run), "lapsed")


def lapse_requests(run: Run) -> None:
    """Let all open requests lapse, as when the subject ends."""
    for request in run.draft.requests:
        if request.state == "asked":
            _close_request(run, request, "lapsed")


def lapse_of_gone(run: Run, gone: frozenset[str]) -> None:
    """Let requests lapse whose part is no longer there to be served."""
    away = {p.id for p in run.draft.parts if p.state in gone or p.state == "done"}
    for request in run.draft.requests:
        if request.state == "asked" and request.part in away:
            _close_request(run, request, "lapsed")


def _extend(run: Run, request: Request) -> None:
    part = run.draft.part(request.part)
    if part is None:
        raise Refusal("loop.part.unknown", "The part is gone.", field="request")
    by = request.data.get("by")
    more = clocks.make(run.definition, run.draft, str(by), run.worktime).limit if by else part.original
    clock = clocks.lengthen(part.clock, more, run.at, run.worktime)
    put(run, change(part, clock=clock, extensions=part.extensions + 1))
    if part.role == "lead":
        handling = run.draft.clocks["handling"]
        run.draft.clocks["handling"] = clocks.lengthen(handling, more, run.at, run.worktime)


def _suspend(run: Run, request: Request) -> None:
    run.draft.until = int(request.data["until"])
    if run.draft.until <= run.at:
        raise Refusal("loop.until", "The end must lie ahead, within a year.", field="until")
    count(run, run.definition.requests[request.kind].counter)


def _adjust(run: Run, request: Request) -> None:
    run.draft.adjusted = True
    run.effects.append(Effect("adjusted", {"request": request.id}))


# --- targets --------------------------------------------------------------------------------------


def resolve_target(run: Run, to: str) -> str:
    """Turn a conditional target into a state: '' to stay, '@back', or the name of a state."""
    mark, _, state = to.partition(":")
    if mark == "@back":
        return "@back"
    if mark == "@lead":
        part = run.draft.part(int(run.data.get("part") or 0))
        return state if part is not None and part.role == "lead" else ""
    if mark == "@done":
        return state if _all_done(run) else ""
    if mark == "@parts":
        return state if run.draft.lead is not None else run.transition.action.else_to
    return ""


def _all_done(run: Run) -> bool:
    states = {p.state for p in run.draft.parts if p.state != "cancelled"}
    return states == {"done"}


Op = Callable[[Run], None]

TABLE: dict[str, Op] = {
    "accept": _accept,
    "ask": _ask,
    "ask_confirmation": _ask_confirmation,
    "assign": _assign,
    "bounce": _bounce,
    "cancel_all": _cancel_all,
    "cancel_part": _cancel_part,
    "centre_decides": _centre_decides,
    "claim": _claim,
    "confirm": _confirm,
    "decide": _decide,
    "finish": _finish,
    "finish_all": _finish_all,
    "fix": _fix,
    "fold": _fold,
    "lapse": _lapse,
    "name_person": _name_person,
    "new_round": _new_round,
    "note_place": _note_place,
    "passed": _settle,
    "pin": _pin,
    "propose": _propose,
    "rate": _rate,
    "reach": _reach,
    "release": _release,
    "renumber": _renumber,
    "reopen_parts": _reopen_parts,
    "replace_part": _replace_part,
    "resolve": _resolve,
    "settle": _settle,
    "unfold": _unfold,
}

EFFECTS: dict[str, Callable[[Run, Request], None]] = {
    "adjust": _adjust,
    "extend": _extend,
    "suspend": _suspend,
}
