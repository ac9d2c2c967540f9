"""The separation of the two tracks: a law of the engine that no definition can leave out.

A person acts on one track of a subject only, over all rounds, parts, parents and children. An organisation
does not supervise what it, a department it belongs to or one it contains, handled; the city itself (empty
path) is excepted. Rules, the clock and sources are not persons. Who reported a find of their own is a party:
somebody else goes and looks, before it is filed and after it was handled.
"""

from collections.abc import Mapping

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.definition import Definition, Transition
from cityloop.ground.loop.snapshot import Snapshot

HIGHEST = "leader"  # decides what anybody of the centre may decide
TRACKS = frozenset({"supervision", "command", "centre"})
FINDER = "finder"  # in the family of a case: acted for supervision there, and found it


def check(
    definition: Definition,
    snapshot: Snapshot,
    transition: Transition,
    actor: Actor,
    kin: Mapping[int, str] | None,
) -> None:
    """Raise Refusal when the step would put a person or an organisation on both tracks."""
    track = definition.counts_as[actor.role]
    if track == "system":
        return
    person = actor.person
    before = snapshot.acted.get(person) or (kin.get(person) if kin else None) if person else None
    if person and (person == snapshot.finder or kin and kin.get(person) == FINDER):
        before = "supervision" if before == FINDER else before
        if looks(definition, snapshot, transition, actor):
            raise Refusal("law.finder", "You reported this yourself: somebody else goes and looks.")
    if before is not None and before != track and (track in TRACKS or weighs(transition)):
        raise Refusal(
            "law.person",
            "You acted on the {before} side of this case; nobody acts on both sides.",
            before=before,
        )
    if track == "supervision" and snapshot.orgs and actor.org_path:
        for path in snapshot.orgs:
            if path and (path.startswith(actor.org_path) or actor.org_path.startswith(path)):
                raise Refusal("law.organisation", "Your organisation, or one it belongs to, handled this case.")


def weighs(transition: Transition) -> bool:
    """Tell whether an outside act decides something (confirm, rate, reopen, withdraw)."""
    quiet = transition.to in ("@stay", "@back") and not transition.action.ops
    return not quiet


def looks(definition: Definition, snapshot: Snapshot, transition: Transition, actor: Actor) -> bool:
    """Tell whether a step says what somebody saw who was sent to look: proved or not, fixed or not."""
    state = snapshot.state
    return state in definition.looked_at and actor.role == definition.states[state].holder and weighs(transition)


def record(definition: Definition, draft: Snapshot, transition: Transition, actor: Actor, before: Snapshot) -> str:
    """Remember on which track the actor acted, and give that track."""
    track = definition.counts_as[actor.role]
    if actor.person and actor.person not in draft.acted and _remembers(track, transition, before):
        draft.acted = {**draft.acted, actor.person: track}
    return track


def _remembers(track: str, transition: Transition, before: Snapshot) -> bool:
    """Supervision, command and centre always; outside once it decides something after the beginning."""
    return track in TRACKS or (track == "outside" and before.state != "" and weighs(transition))
