"""What one step works on while it is taken."""

from typing import Any

from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.clocks import WorkTimes
from cityloop.ground.loop.definition import Definition, Transition
from cityloop.ground.loop.snapshot import Effect, Snapshot


class Run:
    """The draft of a step: the copied snapshot, the act, and where it shall lead."""

    __slots__ = ("actor", "at", "data", "definition", "draft", "effects", "named", "target", "transition", "worktime")

    def __init__(
        self,
        definition: Definition,
        draft: Snapshot,
        transition: Transition,
        data: dict[str, Any],
        actor: Actor,
        at: int,
        worktime: WorkTimes,
    ) -> None:
        self.definition = definition
        self.draft = draft
        self.transition = transition
        self.data = data
        self.actor = actor
        self.at = at
        self.worktime = worktime
        self.effects: list[Effect] = []
        self.target = ""
        self.named = False
