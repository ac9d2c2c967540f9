"""What a limit alone cannot say: a classroom is stale by its mean over a school day, not by one full hour."""

from collections.abc import Sequence
from math import fsum

from cityloop.ground.kit.purity import Reading

SCHOOL_DAY = 8 * 3_600_000_000
MEAN_PPM, FEWEST = 1500.0, 12


def stale_over_the_day(readings: Sequence[Reading]) -> bool:
    """Tell whether carbon dioxide was above 1500 ppm in the mean of the last eight hours, given two hours of values."""
    if not readings:
        return False
    latest = readings[-1].at
    values = [reading.value for reading in readings if latest - reading.at <= SCHOOL_DAY]
    return len(values) >= FEWEST and fsum(values) / len(values) > MEAN_PPM
