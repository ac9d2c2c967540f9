"""What one value cannot say: a tank that heats up by itself."""

from collections.abc import Sequence

from cityloop.ground.kit.purity import Reading

HOUR = 3_600_000_000
RISE_C, STEPS = 3.0, 4


def heats_up(readings: Sequence[Reading]) -> bool:
    """Tell whether a tank rose by 3 °C within the last hour and at three of four readings; a jump does not."""
    recent = [one.value for one in readings if readings[-1].at - one.at <= HOUR]
    if len(recent) < STEPS or recent[-1] - recent[0] < RISE_C:
        return False
    rises = sum(after > before for before, after in zip(recent, recent[1:], strict=False))
    return 4 * rises >= 3 * (len(recent) - 1)
