"""Cities to test units with."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from cityloop.ground.loop.actor import Actor
from cityloop.town.units import queries

ROOT = Path(__file__).resolve().parents[3]
BY = Actor(kind="person", role="leader", name="tester")
AT = 1_540_000_000_000_000


def city_map(name: str) -> dict[str, Any]:
    """Read a demo city's units map."""
    return tomllib.loads((ROOT / "cityloop" / "demo" / name / "units.toml").read_text())


@pytest.fixture(autouse=True)
def fresh_units(settings: Any) -> None:
    """Keep nothing from one test to the next."""
    settings.CITYLOOP_CACHE_SECONDS = 0
    queries.forget()


@pytest.fixture
def boundaries(shared_data: Path) -> Path:
    """The folder of real boundaries."""
    return shared_data / "boundaries"
