"""Rules of the lifts."""

from collections.abc import Sequence

from cityloop.ground.kit.purity import Reading

LONG = 1800.0


def shut_long(readings: Sequence[Reading]) -> bool:
    """Tell whether the door has been shut for half an hour."""
    return bool(readings) and readings[-1].value >= LONG
