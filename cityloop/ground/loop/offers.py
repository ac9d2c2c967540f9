"""What may be done now: the actions a page or an API offers, and why others are not open."""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop import proof
from cityloop.ground.loop.actor import Actor, belongs
from cityloop.ground.loop.definition import Definition, Transition, fields_of
from cityloop.ground.loop.engine import guard
from cityloop.ground.loop.law import HIGHEST
from cityloop.ground.loop.ops import checking, intake, parts, requests
from cityloop.ground.loop.run import Run
from cityloop.ground.loop.snapshot import ACTIVE, Request, Snapshot


class Offer(msgspec.Struct, frozen=True):
    """An action that may be taken now, by this actor, with these fields."""

    action: str
    actor: Actor
    fields: dict[str, Any]
    names: dict[str, str]
    to: str
    request: int = 0
    part: int = 0


class Denied(msgspec.Struct, frozen=True):
    """An action of this state that is not open to the actor, with the reason."""

    action: str
    names: dict[str, str]
    code: str
    reason: str


def offers(
    definition: Definition,
    snapshot: Snapshot,
    actors: tuple[Actor, ...],
    at: int,
    kin: Mapping[int, str] | None = None,
    asked: Collection[str] | None = None,
) -> tuple[list[Offer], list[Denied]]:
    """Give what any of `actors` may do now, in the order written, and what they may not yet, with why.

    `asked` are the stages that the matter asks for, None where that is not known. What needs one first stays offered:
    with it another matter may be named.
    """
    open_, denied = [], []
    for transition in definition.from_state.get(snapshot.state, []):
        mine = [a for a in actors if a.role in transition.by]
        if not mine or transition.name == definition.source.start:
            continue
        found, refusal = _first(definition, snapshot, transition, mine, at, kin, asked)
        open_ += found
        if not found and refusal is not None and transition.name not in ("decide", "let_go_on"):
            reason = Denied(transition.name, transition.action.names, refusal.code, str(refusal))
            denied.append(reason)
    return open_, denied


def _first(
    definition: Definition,
    snapshot: Snapshot,
    transition: Transition,
    actors: list[Actor],
    at: int,
    kin: Mapping[int, str] | None,
    asked: Collection[str] | None,
) -> tuple[list[Offer], Refusal | None]:
    refusal = None
    for actor in actors:
        try:
            guard(definition, snapshot, transition, actor, at, kin)
            if asked is not None:
                proof.check_asked(transition, actor.role, asked)
            return _open(definition, snapshot, transition, actor, at), None
        except Refusal as error:
            refusal = error
    return [], refusal


def _open(definition: Definition, snapshot: Snapshot, transition: Transition, actor: Actor, at: int) -> list[Offer]:
    if transition.name == "decide":
        return [
            _decision(definition, transition, actor, r) for r in _decidable(definition, snapshot, transition, actor, at)
        ]
    if transition.name == "let_go_on" and actor.role not in (snapshot.held, HIGHEST if snapshot.held else ""):
        return []
    _has_subject(snapshot, transition, actor)
    _in_time(Run(definition, snapshot, transition, {}, actor, at, None))  # type: ignore[arg-type]
    return [Offer(transition.name, actor, fields_of(transition), transition.action.names, transition.to)]


def _in_time(run: Run) -> None:
    """Refuse what comes too late, too often or out of order, by the checks of the verbs themselves."""
    named, verbs = run.transition.request, set(run.transition.action.ops)
    if named and run.definition.requests[named].about != "organisation":
        requests.check_ask(run)
    if "dispute" in verbs:
        checking.check_dispute(run)
    if "release" in verbs:
        intake.check_release(run)
    if "finish" in verbs:
        parts.check_order(run, parts.open_part(run))
    if "cancel_all" in verbs:
        parts.check_not_begun(run)
    if "assign" in verbs and not run.draft.milestones:
        raise Refusal("loop.limits", "The case has no limits; file it first.", field="matter")
    if "passed" in verbs and run.actor.person in run.draft.checkers:
        raise Refusal("loop.checked", "Somebody else checks it again, not who passed it.")


def _has_subject(snapshot: Snapshot, transition: Transition, actor: Actor) -> None:
    """Refuse what is about a part, a milestone or a claim that is not there."""
    name, action = transition.name, transition.action
    own = [p for p in snapshot.parts if belongs(actor, p.org, p.org_path)]
    if {"accept", "bounce", "finish"} & set(action.ops) or (name in ("extend", "question")):
        wanted = ("assigned",) if "accept" in action.ops else tuple(ACTIVE)
        if not any(p.state in wanted for p in own):
            raise Refusal("loop.part.not_yours", "Your organisation has no such part in this case.")
    if "reach" in action.ops and not any(
        k.startswith("milestone:") and c.pause != "reached" for k, c in snapshot.clocks.items()
    ):
        raise Refusal("loop.milestone", "There is no such open milestone.")
    if "confirm" in action.ops and not snapshot.confirmable:
        raise Refusal("loop.confirm", "An inspector checks this case; your confirmation was not asked for.")
    if "rate" in action.ops and snapshot.rating:
        raise Refusal("loop.rated", "You have rated it already.")
    if "claim" in action.ops and snapshot.person:
        raise Refusal("loop.claimed", "It is claimed already.")
    if {"replace_part", "cancel_part"} & set(action.ops) and not any(
        p.role != "lead" and p.state in parts.WAITED_FOR for p in snapshot.parts
    ):
        raise Refusal("loop.part.unknown", "There is no such open assisting part.")


def _decidable(
    definition: Definition, snapshot: Snapshot, transition: Transition, actor: Actor, at: int
) -> list[Request]:
    found = []
    for request in snapshot.requests:
        run = Run(definition, snapshot, transition, {}, actor, at, None)  # type: ignore[arg-type]
        try:
            if request.state == "asked":
                requests.check_decider(run, request)
                found.append(request)
        except Refusal:
            continue
    return found


def _decision(definition: Definition, transition: Transition, actor: Actor, request: Request) -> Offer:
    kind = definition.requests[request.kind]
    fields = fields_of(transition)
    fields["answer"] = {**fields["answer"], "choices": list(kind.answers)}
    names = dict(kind.names)
    return Offer("decide", actor, fields, names, kind.to or "@stay", request=request.id, part=request.part)
