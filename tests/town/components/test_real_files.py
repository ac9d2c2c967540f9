"""The real files of New York: trees, hydrants and subway entrances, by the maps that lie beside the demo's others."""

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cityloop.demo.city import BY, MIDNIGHT, NEW_YORK
from cityloop.ground.kit.loader import load
from cityloop.loops.cases.importing.known import found_city
from cityloop.town.catalog.actions import publish
from cityloop.town.components import queries
from cityloop.town.components.importing.actions import import_components
from cityloop.town.components.importing.mapping import read_map
from cityloop.town.components.models import Component
from cityloop.town.units import queries as units
from cityloop.town.units.actions.load import load_units
from tests.town.components.things import counted, recounted

FILES = {
    "hydrants": "nyc_hydrants_sample.csv.gz",
    "street_trees": "nyc_street_trees_sample.csv.gz",
    "subway_entrances": "nyc_subway_entrances.csv.gz",
}


@pytest.fixture
def new_york(db: None) -> None:
    load_units(tomllib.loads((NEW_YORK / "units.toml").read_text()), NEW_YORK / "data", by=BY, at=MIDNIGHT, check=False)
    found_city(by=BY, at=MIDNIGHT)
    publish(plates=[load(NEW_YORK / "plate")], by=BY, at=MIDNIGHT)


def bring(assets: Path, name: str, rejects: Path) -> dict[str, Any]:
    told = import_components(
        path=assets / FILES[name], rules=read_map(NEW_YORK / "maps" / f"{name}.toml"), reject_file=rejects, by=BY,
        at=MIDNIGHT,
    ).told()  # fmt: skip
    assert told["rows"] == told["created"] + told["updated"] + told["unchanged"] + told["rejected"]
    return told


def test_each_file_comes_in_whole_and_a_second_time_changes_nothing(new_york, shared_data, tmp_path):
    assets = shared_data / "assets"
    first = {name: bring(assets, name, tmp_path / f"{name}.csv") for name in FILES}
    for told in first.values():
        assert told["rejected"] + told["updated"] + told["unchanged"] <= 0.02 * told["rows"]
    second = {name: bring(assets, name, tmp_path / f"{name}.csv") for name in FILES}
    for name, told in second.items():
        assert told["created"] == 0 and told["rejected"] == first[name]["rejected"]
    assert Component.objects.count() == sum(told["created"] for told in first.values())
    assert counted() == recounted()
    assert sum(row["components"] for row in queries.count(["type", "state"])) == Component.objects.count()
    for one in Component.objects.order_by("?")[:50]:
        assert one.unit_code == units.locate(one.lon, one.lat)
        assert one.code.startswith(one.unit_code[:5] + "0")
    states = Counter(Component.objects.filter(type="street_tree").values_list("state", flat=True))
    assert states["intact"] > states["damaged"] > 0 and states["discarded"] > 0
