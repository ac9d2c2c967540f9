"""What a field of an action may hold in one case: which parts, which milestones, which people. Doors draw from it."""

from cityloop.ground.loop.actor import Actor, belongs
from cityloop.ground.loop.definition import Definition
from cityloop.ground.loop.snapshot import ACTIVE, Part, Snapshot
from cityloop.town.orgs import queries as orgs
from cityloop.town.orgs.staffing import Candidate


def parts(snapshot: Snapshot, actor: Actor, action: str) -> list[Part]:
    """Give the parts of a case that this action of this actor may be about."""
    return [part for part in snapshot.parts if _fits(part, actor, action)]


def _fits(part: Part, actor: Actor, action: str) -> bool:
    mine = belongs(actor, part.org, part.org_path)
    helper = part.role != "lead" and part.state in (*ACTIVE, "bounced")
    if action in ("replace_part", "take_back"):
        return helper
    return mine and (part.state == "assigned" if action == "accept" else part.state in ACTIVE)


def done_parts(snapshot: Snapshot) -> list[Part]:
    """Give the parts that are reported as done."""
    return [part for part in snapshot.parts if part.state == "done"]


def milestones(snapshot: Snapshot) -> list[str]:
    """Give the keys of the milestones not reached yet."""
    return [
        key.split(":", 1)[1]
        for key, clock in snapshot.clocks.items()
        if key.startswith("milestone:") and clock.pause != "reached"
    ]


def people(definition: Definition, snapshot: Snapshot, actor: Actor, field: str, unit: str, at: int) -> list[Candidate]:
    """Give who may be named in a field: officers of the actor's organisation, or inspectors.

    An inspector must not have acted for the other side, nor their organisation. One query.
    """
    role = "inspector" if field == "inspector" else actor.role
    away = snapshot.orgs if role == "inspector" else ()
    others = [person for person, track in snapshot.acted.items() if track != definition.counts_as[role]]
    found = orgs.eligible(role, unit, at, others, away, snapshot.level)
    return found if role == "inspector" else [one for one in found if one.org == actor.org]
