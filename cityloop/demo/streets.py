"""The streets, parks and waters of the demo city, from the files that come with it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

from cityloop.demo.scenes import NEW_YORK, Scene, new_york
from cityloop.demo.tinglan import ground
from cityloop.home import home
from cityloop.town.basemap.actions import Source, build
from cityloop.town.places.actions import gather

BASEMAP = NEW_YORK / "data" / "basemap"
CREDIT = "© OpenStreetMap contributors · NYC Open Data"


def draw(scene: Scene = new_york) -> int:
    """Cut the base map and gather its places; gives the number of tiles."""
    real = scene.key == new_york.key
    drawn = sources(BASEMAP) if real else generated(scene.data(home()) / "basemap")
    gather(drawn, settings.PLACES_FILE)
    return build(drawn, settings.MAP_FILE, CREDIT if real else "")


def generated(folder: Path) -> list[Source]:
    """Draw the generated town, beside the units' files, which are being read meanwhile; say which file is what."""
    ground.draw(folder)
    return [Source(layer, folder / f"{layer}.geojson") for layer in ("land", "park", "water", "road")]


def sources(folder: Path) -> list[Source]:
    """Say which file is what. Great streets stand in two files: those that lie on streets are left out."""
    water, land = folder / "nyc_water.geojson.gz", NEW_YORK / "data" / "nyc_borough.geojson.gz"
    return [
        Source("sea", water, _is("tidal")),
        Source("land", land),
        Source("park", folder / "nyc_parks.geojson.gz"),
        Source("water", water, _is("inland")),
        Source("road", folder / "nyc_arterials.geojson.gz", lambda told: bool(told["in_streets_share"] < 0.6)),
        Source("road", folder / "nyc_streets.geojson.gz"),
    ]


def _is(kind: str) -> Callable[[dict[str, Any]], bool]:
    return lambda told: bool(told["kind"] == kind)
