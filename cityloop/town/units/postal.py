"""Postal codes of places, from the layers that the city's map declares as postal."""

from collections.abc import Sequence

import numpy as np
import shapely

from cityloop.ground.kit.remembered import Remembered
from cityloop.town.units.models import ReferenceArea
from cityloop.town.units.queries import cache_seconds, city, has_city
from cityloop.town.units.rules.locator import Locator

Place = tuple[float | None, float | None]


def codes_of(places: Sequence[Place]) -> list[str | None]:
    """Give the postal code of each place; None where it is not known, or no postal areas are. No query once kept."""
    known = _areas()
    if known is None or not places:
        return [None] * len(places)
    lons = np.array([np.nan if lon is None else lon for lon, _ in places], float)
    lats = np.array([np.nan if lat is None else lat for _, lat in places], float)
    return list(known.locate_many(lons, lats))


def _load() -> Locator | None:
    rows = list(ReferenceArea.objects.filter(layer__postal=True).order_by("key").values_list("key", "wkb"))
    if not rows:
        return None
    shapes = np.empty(len(rows), object)
    shapes[:] = [shapely.from_wkb(bytes(wkb)) for _, wkb in rows]
    return Locator([key for key, _ in rows], shapes)


_areas = Remembered(_load, lambda: city().units_version if has_city() else "", cache_seconds)
