"""Which stages the matter of a case asks for, by the catalogue in force: filing fixes that one."""

from collections.abc import Collection, Mapping
from typing import Any

from cityloop.ground.loop import proof
from cityloop.ground.loop.definition import Definition, Transition
from cityloop.ground.loop.snapshot import Snapshot
from cityloop.town.catalog import queries as catalog


def asked(matter: str) -> Collection[str] | None:
    """Give the stages a matter asks for; None for one not named or not in force: nobody can say then."""
    entry = catalog.current().matters.get(matter) if matter and catalog.has_any() else None
    return entry.stages if entry is not None else None


def check(
    definition: Definition, snapshot: Snapshot, transition: Transition, role: str, data: Mapping[str, Any]
) -> None:
    """Refuse to file what must be proved first, and to have proved what nobody asks to be."""
    if transition.action.needs or transition.action.if_asked:
        wanted = asked(str(data.get("matter") or snapshot.matter))
        if wanted is not None:
            proof.check(definition, snapshot, transition, role, wanted)
