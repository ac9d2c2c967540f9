"""Cities to test units with."""

import csv
import gzip
import io
import tomllib
from collections.abc import Iterator
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


def rows(path: Path) -> Iterator[dict[str, str]]:
    """Read a gzipped CSV."""
    with gzip.open(path) as raw:
        yield from csv.DictReader(io.TextIOWrapper(raw, "utf-8"))


def located(path: Path) -> list[dict[str, str]]:
    """Read the cases that have coordinates."""
    return [row for row in rows(path) if row["latitude"] and row["longitude"]]


def codes_of(cases: list[dict[str, str]]) -> list[str | None]:
    """Locate cases."""
    lons, lats = ([float(row[name]) for row in cases] for name in ("longitude", "latitude"))
    return list(queries.locate_many(lons, lats))
