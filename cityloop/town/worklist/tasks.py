"""The sweep, as the steward calls it."""

from cityloop.town.calendar.clock import city_clock
from cityloop.town.worklist.actions import sweep


def sweep_due() -> int:
    """Mark what has passed a warning by now."""
    return sweep(at=city_clock.now())
