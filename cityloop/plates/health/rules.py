"""What one value cannot say: a refrigerator that was warm too often, a little each time."""

from collections.abc import Sequence

from cityloop.ground.kit.purity import Reading

MINUTE, DAY = 60_000_000, 86_400_000_000
WARMEST_C, WARM_IN_ALL, GAP = 8.0, 60 * MINUTE, 15 * MINUTE


def warm_too_often(readings: Sequence[Reading]) -> bool:
    """Tell whether vaccines were above 8 °C for an hour in all within the last day; a gap counts for nothing."""
    if not readings:
        return False
    recent = [one for one in readings if readings[-1].at - one.at <= DAY]
    warm = 0
    for before, after in zip(recent, recent[1:], strict=False):
        if before.value > WARMEST_C and after.at - before.at <= GAP:
            warm += after.at - before.at
    return warm >= WARM_IN_ALL
