"""Statements are counted of a page alone: what a process asks once a second for all pages is not counted."""

from typing import Any

from cityloop.ground.kit.remembered import Remembered
from cityloop.town.calendar.clock import city_clock


def steady(settings: Any) -> None:
    """Let what a process keeps be kept for the whole test, however slow the machine."""
    settings.CITYLOOP_CACHE_SECONDS = 3600.0
    Remembered.drop_all()
    city_clock.forget()
