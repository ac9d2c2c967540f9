"""Moving things and the areas they are meant for: where their positions lie inside or outside."""

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import shapely

from cityloop.loops.sensing.moving import Point
from cityloop.loops.sensing.rules.conditions import Column, Told
from cityloop.town.units import queries as units


def told(fence: Any, track: Mapping[int, Point], times: Column, inside: bool) -> Told:
    """Say where positions lie inside their thing's fence (or outside of it).

    A fence is a unit's code or a GeoJSON area, in `properties.fence` of the thing. Without one, and where a result is
    no position, nothing is said.
    """
    points = [track.get(time) for time in times.tolist()] if fence else [None] * len(times)
    known = np.array([one is not None for one in points], bool)
    within = np.zeros(len(times), bool)
    if known.any():
        there = np.array([one for one in points if one is not None], float)
        within[known] = _within(fence, there[:, 0], there[:, 1])
    return Told(known & (within if inside else ~within), known & (~within if inside else within))


def _within(fence: Any, lons: Column, lats: Column) -> Column:
    if isinstance(fence, str):
        codes = units.locate_many(lons, lats)
        return np.array([code is not None and code.startswith(fence) for code in codes], bool)
    area = shapely.from_geojson(msgspec.json.encode(fence), on_invalid="ignore")
    return np.zeros(len(lons), bool) if area is None else np.asarray(shapely.intersects_xy(area, lons, lats))
