"""What limits alone cannot say: when rising water is an alarm before it is deep."""

from collections.abc import Sequence

from cityloop.ground.kit.purity import Reading

TEN_MINUTES = 600_000_000
RISE_CM, FLOOR_CM = 5.0, 3.0


def rises_quickly(readings: Sequence[Reading]) -> bool:
    """Tell whether water stands on the road and rose by 5 cm or more within the last ten minutes."""
    if not readings or readings[-1].value < FLOOR_CM:
        return False
    latest = readings[-1]
    recent = [reading.value for reading in readings if latest.at - reading.at <= TEN_MINUTES]
    return latest.value - min(recent) >= RISE_CM
