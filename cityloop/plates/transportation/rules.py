"""What a limit on one value cannot say: a coach that has been driven too long without a rest."""

from collections.abc import Sequence

from cityloop.ground.kit.purity import Reading

MINUTE = 60_000_000
LONGEST, REST = 240 * MINUTE, 20 * MINUTE
STANDING_KMH = 3.0


def drove_without_rest(readings: Sequence[Reading]) -> bool:
    """Tell whether the coach was driven for four hours without standing still for twenty minutes on end."""
    began, stood = -1, -1
    for reading in readings:
        if reading.value >= STANDING_KMH:
            began, stood = (reading.at if began < 0 else began), -1
            continue
        stood = reading.at if stood < 0 else stood
        if reading.at - stood >= REST:
            began = -1
    if began < 0:
        return False
    driven_to = readings[-1].at if stood < 0 else stood
    return driven_to - began >= LONGEST
