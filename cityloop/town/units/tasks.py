"""Telling of reforms: the ledger is the outbox, so that a reform is told of even if the teller died."""

import json

from cityloop.town.ledger.actions import move_cursor
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.queries import cursor, steps
from cityloop.town.publishing import publish
from cityloop.town.units.events import UnitsRenumbered

READER = "units.reforms"
SUBJECT = "units:city"
KINDS = ("split", "merge", "renumber")


def publish_reforms() -> int:
    """Publish each reform that was not yet, in order, at least once; give how many."""
    waiting = list(steps(SUBJECT).filter(seq__gt=cursor(READER)))
    for step in waiting:
        if step.kind in KINDS:
            publish(event_of(step))
        move_cursor(READER, step.seq)
    return sum(step.kind in KINDS for step in waiting)


def event_of(step: Step) -> UnitsRenumbered:
    """Read the event back from the ledger."""
    data = json.loads(step.data)
    return UnitsRenumbered(
        mapping=data["mapping"],
        at=step.at,
        relocate=frozenset(data["relocate"]),
        became={old: tuple(new) for old, new in data["became"].items()},
        reform=step.seq,
    )
