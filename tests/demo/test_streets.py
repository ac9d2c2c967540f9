"""The demo's streets come with the clone: no folder beside it is needed for them to be drawn and found by name."""

import subprocess

import pytest

from cityloop.demo import streets
from cityloop.town.basemap import rules
from cityloop.town.basemap.actions import features
from cityloop.town.places import queries as places
from cityloop.town.places.actions import gather
from tests.conftest import ROOT

pytestmark = pytest.mark.once

LAYERS = {"sea": 65, "land": 5, "park": 1859, "water": 29, "road": 8000}


def test_every_layer_has_its_shapes_from_files_of_the_clone():
    found = dict.fromkeys(LAYERS, 0)
    for source in streets.sources(streets.BASEMAP):
        assert source.path.is_relative_to(ROOT), source.path
        shapes = [rules.shape_of(source.layer, feature) for feature in features(source)]
        found[source.layer] += len(shapes)
    assert all(found[layer] >= least for layer, least in LAYERS.items()), found


def test_they_are_small_enough_to_be_carried_and_say_whose_they_are():
    files = list(streets.BASEMAP.iterdir())
    assert sum(path.stat().st_size for path in files) < 1_500_000
    kept = subprocess.run(["git", "ls-files", streets.BASEMAP], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
    assert len(kept.stdout.split()) == len(files)
    assert "OpenStreetMap" in streets.CREDIT and "ODbL" in (streets.BASEMAP.parent / "README.md").read_text()


@pytest.mark.once
def test_streets_are_found_by_name(tmp_path, settings):
    settings.PLACES_FILE = tmp_path / "places.msgpack"
    assert gather(streets.sources(streets.BASEMAP), settings.PLACES_FILE) > 3_000
    assert next(places.search("broadwy")).found[0].names["en"] == "Broadway"
