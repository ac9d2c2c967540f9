"""Verbs of requests: the small loops beside the state, asked, granted, refused or lapsed."""

from collections.abc import Callable

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop import clocks
from cityloop.ground.loop.actor import belongs
from cityloop.ground.loop.definition import RequestKind
from cityloop.ground.loop.law import HIGHEST
from cityloop.ground.loop.ops.parts import change, open_part, put
from cityloop.ground.loop.ops.targets import count
from cityloop.ground.loop.run import Run
from cityloop.ground.loop.snapshot import Clock, Effect, Part, Request


def ask(run: Run) -> None:
    """Ask: the number, the time and the fields are checked, the answer's clock begins."""
    kind = run.definition.requests[run.transition.request]
    org, path = _target_org(run) if kind.about == "organisation" else (0, "")
    part_id = check_ask(run, org)
    _check_fields(run, part_id)
    clock = clocks.start(clocks.make(run.definition, run.draft, kind.limit, run.worktime), run.at, run.worktime)
    request = Request(
        id=max((r.id for r in run.draft.requests), default=0) + 1,
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


def check_ask(run: Run, org: int = 0) -> int:
    """Give the part a request is about, 0 for none; refuse what comes too late or too often."""
    kind, part_id = run.definition.requests[run.transition.request], 0
    if kind.about == "part":
        part = open_part(run)
        part_id = part.id
        if kind.only_before_due:
            _check_due(run, part)
    _check_number(run, part_id, org)
    return part_id


def _check_due(run: Run, part: Part) -> None:
    timed = [part.clock]
    if part.role == "lead" and "handling" in run.draft.clocks:
        timed.append(run.draft.clocks["handling"])
    if any(0 <= clock.due < run.at or clock.limit - clock.used <= 0 for clock in timed):
        raise Refusal("loop.request.overdue", "It is overdue already.")


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
    if kind.counts == "granted" and sum(r.state == "granted" for r in alike) >= kind.max:
        raise Refusal("loop.request.max", "This was granted as often as it may be.")
    if kind.counts == "asked" and len(alike) >= kind.max:
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


def decide(run: Run) -> None:
    """Answer a request, or hand it on to the next stage of deciding."""
    request = _asked(run)
    kind = run.definition.requests[request.kind]
    answer = str(run.data["answer"])
    if answer not in kind.answers:
        raise Refusal("loop.field.choice", "{name} is not one of the choices.", field="answer", name="answer")
    check_decider(run, request)
    if answer == "granted" and kind.to:
        _check_move(run, kind)
    if answer == "granted" and request.stage + 1 < len(kind.decide):
        clock = clocks.start(clocks.make(run.definition, run.draft, kind.limit, run.worktime), run.at, run.worktime)
        _put_request(run, change(request, stage=request.stage + 1, clock=clock))
        return
    _close_request(run, request, answer)
    if answer == "granted" and kind.effect:
        EFFECTS[kind.effect](run, request)
        run.target = kind.to


def _check_move(run: Run, kind: RequestKind) -> None:
    """Refuse to grant a move from where it could not be asked for: detours do not nest. A held one is moved by who
    must decide, and that is the decision."""
    draft = run.draft
    if draft.state not in kind.from_:
        raise Refusal("loop.request.state", "It can be granted when the case is back where it was asked for.")
    if draft.held and run.actor.role not in (draft.held, HIGHEST):
        raise Refusal("loop.held", "The centre must decide first: a limit of rounds has been reached.")
    draft.held = ""


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


def lapse(run: Run) -> None:
    """Let one request lapse: its time is up."""
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


def extend(run: Run, request: Request) -> None:
    """Lengthen a part, and with the lead's the handling of the whole."""
    part = run.draft.part(request.part)
    if part is None:
        raise Refusal("loop.part.unknown", "The part is gone.", field="request")
    by = request.data.get("by")
    more = clocks.make(run.definition, run.draft, str(by), run.worktime).limit if by else part.original
    clock = clocks.lengthen(part.clock, more, run.at, run.worktime)
    put(run, change(part, clock=clock, extensions=part.extensions + 1))
    if part.role == "lead":
        handling = run.draft.clocks["handling"]
        also = _span(run, part.clock, clock, handling) if handling.running != clock.running else more
        run.draft.clocks["handling"] = clocks.lengthen(handling, also, run.at, run.worktime)


def _span(run: Run, before: Clock, after: Clock, told_in: Clock) -> int:
    """Give the time a clock was lengthened by as another counts it, between the two instants both would be due."""
    first, last = (clocks.start(clock, run.at, run.worktime).due for clock in (before, after))
    if told_in.running == "always":
        return last - first
    return run.worktime.between(told_in.calendar, first, last, "work")


def suspend(run: Run, request: Request) -> None:
    """Suspend until the day asked for."""
    run.draft.until = int(request.data["until"])
    if run.draft.until <= run.at:
        raise Refusal("loop.until", "The end must lie ahead, within a year.", field="until")
    count(run, run.definition.requests[request.kind].counter)


def adjust(run: Run, request: Request) -> None:
    """Mark that statistics show this case raw and adjusted."""
    run.draft.adjusted = True
    run.effects += (Effect("adjusted", {"request": request.id}),)


EFFECTS: dict[str, Callable[[Run, Request], None]] = {
    "adjust": adjust,
    "extend": extend,
    "suspend": suspend,
}
