"""Moving things and the areas they are meant for: where their positions lie inside or outside."""

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from cityloop.loops.sensing.moving import Point
from cityloop.loops.sensing.rules.conditions import Column, Told
from cityloop.town.units import queries as units


def told(fence: Any, track: Mapping[int, Point], times: Column, inside: bool) -> Told:
    """Say where positions lie inside their thing's fence (or outside of it).

    A fence is a unit's code or a GeoJSON area, in `properties.fence` of the thing. Without one, where it is none of
    these, and where a result is no position, nothing is said.
    """
    points = [track.get(time) for time in times.tolist()] if fence else [None] * len(times)
    known = np.array([one is not None for one in points], bool)
    within = np.zeros(len(times), bool)
    if known.any():
        there = np.array([one for one in points if one is not None], float)
        found = _within(fence, there[:, 0], there[:, 1])
        if found is None:
            known[:] = False
        else:
            within[known] = found
    return Told(known & (within if inside else ~within), known & (~within if inside else within))


def _within(fence: Any, lons: Column, lats: Column) -> Column | None:
    """Say which points lie within a fence; None where it is no area: all would lie outside, and none has left it."""
    if isinstance(fence, str):
        codes = units.locate_many(lons, lats)
        found = np.array([code is not None and code.startswith(fence) for code in codes], bool)
        return found if found.any() or units.of_codes([fence]) else None
    area = _area(fence)
    return None if area is None else np.asarray(shapely.intersects_xy(area, lons, lats))


def _area(fence: Any) -> BaseGeometry | None:
    try:
        area = shapely.from_geojson(msgspec.json.encode(fence), on_invalid="ignore")
    except (shapely.errors.ShapelyError, TypeError, ValueError):
        return None
    return area if area is not None and area.area > 0 else None
