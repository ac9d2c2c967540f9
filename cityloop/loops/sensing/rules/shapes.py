"""Shapes on the map, as GeoJSON: are they sound, and which point stands for them."""

import json
import math
from typing import Any

import shapely

from cityloop.ground.kit.refusal import Refusal

GEOJSON = ("application/geo+json", "application/vnd.geo+json")
Point = tuple[float, float]


def point_of(shape: Any, encoding_type: str, field: str) -> Point | None:
    """Give the point of a shape, or one in it; None where its encoding is not ours to read. Refuse what is no shape."""
    if encoding_type not in GEOJSON:
        return None
    geometry = shape.get("geometry") if isinstance(shape, dict) and shape.get("type") == "Feature" else shape
    found = _plain(geometry) or _inside(geometry)
    if found is None or not (-180 <= found[0] <= 180 and -90 <= found[1] <= 90):
        raise Refusal("sensing.geometry", "Give a GeoJSON geometry in degrees, longitude first.", field)
    return found


def extent_of(shape: Any) -> tuple[float, float, float, float] | tuple[None, None, None, None]:
    """Give how far a shape reaches, west, south, east and north; four times None where it cannot be read."""
    made = shapely.from_geojson(written(shape), on_invalid="ignore")
    if made is None or made.is_empty:
        return None, None, None, None
    west, south, east, north = made.bounds
    return west, south, east, north


def written(shape: Any) -> str:
    """Write the geometry of a shape down, such as Shapely reads it."""
    return json.dumps(shape.get("geometry", shape) if isinstance(shape, dict) else shape)


def _plain(geometry: Any) -> Point | None:
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        return None
    place = geometry.get("coordinates")
    if not isinstance(place, list) or len(place) < 2 or any(type(value) not in (int, float) for value in place[:2]):
        return None
    return (float(place[0]), float(place[1])) if all(map(math.isfinite, place[:2])) else None


def _inside(geometry: Any) -> Point | None:
    try:
        made = shapely.from_geojson(json.dumps(geometry), on_invalid="raise")
        point = shapely.point_on_surface(made)
    except (shapely.errors.GEOSException, TypeError, ValueError, RecursionError):
        return None
    return None if point.is_empty else (float(point.x), float(point.y))
