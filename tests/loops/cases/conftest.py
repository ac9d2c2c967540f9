from pathlib import Path

import pytest

from cityloop.loops.cases import loop
from cityloop.loops.cases.actions import prepare, save
from cityloop.town.calendar import queries as calendar
from cityloop.town.calendar.clock import city_clock
from cityloop.town.catalog import queries as catalog
from cityloop.town.units import queries as units
from tests.loops.cases.smallville import Town, build


@pytest.fixture(autouse=True)
def _forget() -> None:
    """Nothing a process remembers outlives a test's database."""
    for room in (calendar, catalog, units, loop):
        room.forget()
    city_clock.restart()
    prepare.organisations.forget()
    save._paths.forget()


@pytest.fixture
def town(db: None, tmp_path: Path) -> Town:
    return build(tmp_path)
