"""By what a case is filed and closed: the catalogue's own words, shown to whoever judges it and kept with the step."""

from typing import Any

from cityloop.ground.loop.definition import Transition
from cityloop.ground.loop.snapshot import Snapshot
from cityloop.town.catalog import queries as catalog

Words = dict[str, str]
FILED = frozenset({"file"})
CLOSED = frozenset({"pass", "fail", "recheck", "confirm", "close"})
# The verbs of the steps that hold a case against its closing condition: a passed check, a confirmation, the closing.
HELD_AGAINST = frozenset({"passed", "confirm", "resolve"})


def judged(action: str, snapshot: Snapshot) -> Words:
    """Give the condition that whoever takes an action holds a case against; {} for an action that judges nothing."""
    if action in FILED:
        return filing(snapshot)
    return closing(snapshot) if action in CLOSED else {}


def filing(snapshot: Snapshot) -> Words:
    """Give when a case of this matter may be filed, by the catalogue in force: filing fixes that one."""
    entry = catalog.current().known.get(snapshot.matter) if snapshot.matter and catalog.has_any() else None
    return dict(entry.filing) if entry is not None else {}


def closing(snapshot: Snapshot) -> Words:
    """Give when a filed case may be closed, by the version of the catalogue it was filed under; {} before filing."""
    if not (snapshot.milestones and snapshot.catalogue):
        return {}
    entry = catalog.catalog(snapshot.catalogue).known.get(snapshot.matter)
    return dict(entry.closing) if entry is not None else {}


def named(transition: Transition, snapshot: Snapshot) -> dict[str, Any]:
    """Name for the ledger by which condition a step passes or closes a case: the matter in a catalogue's version."""
    if not HELD_AGAINST & set(transition.action.ops) or not snapshot.catalogue:
        return {}
    return {"condition": {"catalogue": snapshot.catalogue, "matter": snapshot.matter}}
