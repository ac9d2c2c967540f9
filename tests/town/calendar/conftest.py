"""A fresh clock and fresh calendars for each test."""

from typing import Any

import pytest

from cityloop.town.calendar import queries
from cityloop.town.calendar.clock import city_clock


@pytest.fixture(autouse=True)
def fresh_calendar(settings: Any) -> None:
    """Keep nothing from one test to the next."""
    settings.CITYLOOP_CACHE_SECONDS = 0
    queries.forget()
    city_clock.restart()
