"""What a limit alone cannot say: how long cooled drugs were too warm in all, however often the door was opened."""

from collections.abc import Sequence

from cityloop.ground.kit.purity import Reading

DAY, HALF_AN_HOUR = 86_400_000_000, 1_800_000_000
WARM = 8.0


def warm_in_all(readings: Sequence[Reading]) -> bool:
    """Tell whether within a day it was above 8 °C for half an hour or more, counted from value to value."""
    if not readings:
        return False
    since = readings[-1].at - DAY
    pairs = zip(readings, readings[1:], strict=False)
    spans = [later.at - earlier.at for earlier, later in pairs if _warm(earlier, since)]
    return sum(spans) >= HALF_AN_HOUR


def _warm(reading: Reading, since: int) -> bool:
    return reading.at >= since and reading.value > WARM
