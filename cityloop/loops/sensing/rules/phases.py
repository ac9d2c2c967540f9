"""From readings that say so to an alarm that stands: how long, without a break, and until when.

Calm → it is so, but not long enough (*pending*) → so for long enough: an alarm is *raised* → it is over: calm again.
"""

from typing import NamedTuple

from cityloop.loops.sensing.rules.conditions import Column, Told

CALM, PENDING, RAISED = range(3)


class Stand(NamedTuple):
    """How things stand with one rule at one datastream: since when, and by which reading that was last judged."""

    phase: int = CALM
    since: int = 0
    judged: int = -(2**62)


class Turn(NamedTuple):
    """An alarm raised or over: at which reading (its place in the column), and since when it had been so."""

    raised: bool
    at: int
    since: int


def turns(times: Column, told: Told, before: Stand, *, hold: int, gap: int) -> tuple[list[Turn], Stand]:
    """Follow one datastream through readings later than those judged before.

    `hold` microseconds long it must be so, without a reading that says otherwise and without a gap in the readings
    longer than `gap` (0: any gap counts as so): nobody knows what was in a gap.
    """
    if before.phase == CALM and not told.so.any():
        return [], before if not len(times) else Stand(CALM, 0, int(times[-1]))
    phase, since, judged = before
    found: list[Turn] = []
    for at, (time, so, over) in enumerate(zip(times.tolist(), told.so.tolist(), told.over.tolist(), strict=True)):
        if so:
            if phase == CALM or (phase == PENDING and gap and time - judged > gap):
                phase, since = PENDING, time
            if phase == PENDING and time - since >= hold:
                phase = RAISED
                found.append(Turn(True, at, since))
        elif phase == RAISED and over:
            found.append(Turn(False, at, since))
            phase, since = CALM, 0
        elif phase == PENDING:
            phase, since = CALM, 0
        judged = time
    return found, Stand(phase, since, judged)
