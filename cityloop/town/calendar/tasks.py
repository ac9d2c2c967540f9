"""What the steward does for the city clock."""

from cityloop.town.calendar.actions import hold_clock
from cityloop.town.calendar.clock import system_now


def hold() -> None:
    """Note how far driven time has come; nothing where the system clock rules."""
    hold_clock(real=system_now())
