"""What one step works on while it is taken."""

from typing import Any

import msgspec

from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.clocks import WorkTimes
from cityloop.ground.loop.definition import Definition, Transition
from cityloop.ground.loop.snapshot import Effect, Snapshot


class Run(msgspec.Struct, gc=False):
    """The draft of a step: the copied snapshot, the act, and where it shall lead."""

    definition: Definition
    draft: Snapshot
    transition: Transition
    data: dict[str, Any]
    actor: Actor
    at: int
    worktime: WorkTimes
    effects: tuple[Effect, ...] = ()
    target: str = ""
    named: bool = False
