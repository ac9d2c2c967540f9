"""Stages that a matter asks for, such as proof before filing: what must come first, and who may do without being asked.

Which stages a matter asks for stands in the catalogue; what follows from it stands in the definition.
"""

from collections.abc import Collection

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.definition import Definition, Transition
from cityloop.ground.loop.snapshot import Snapshot


def check(
    definition: Definition, snapshot: Snapshot, transition: Transition, role: str, asked: Collection[str]
) -> None:
    """Refuse what needs a stage that was not gone through, and to some roles a stage that nobody asks for.

    A stage that the city switched off is not asked for. It was gone through once its action was counted: from there
    one comes back proved or not at all.
    """
    action = transition.action
    if action.needs:
        first = definition.source.actions[action.needs]
        if first.to in asked and first.to in definition.states and not snapshot.counters.get(first.counter):
            raise Refusal(
                "loop.proof.first",
                "This matter is filed only once an inspector found it to be so: have it proved first.",
                field="matter",
            )
    check_asked(transition, role, asked)


def check_asked(transition: Transition, role: str, asked: Collection[str]) -> None:
    """Refuse to some roles a stage that the matter does not ask for."""
    action = transition.action
    if role in action.if_asked and action.to not in asked:
        raise Refusal("loop.proof.unasked", "This matter is filed without proof; a shift leader may still ask for it.")
