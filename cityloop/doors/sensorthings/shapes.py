"""How shapes lie to each other: told by Shapely, in degrees, as PostGIS does; where near is asked, of those near."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import shapely

from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.sensing import queries

RELATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "geo.intersects": shapely.intersects, "st_intersects": shapely.intersects, "st_equals": shapely.equals,
    "st_disjoint": shapely.disjoint, "st_touches": shapely.touches, "st_within": shapely.within,
    "st_overlaps": shapely.overlaps, "st_crosses": shapely.crosses, "st_contains": shapely.contains,
}  # fmt: skip
COMPARED: dict[str, Callable[[Any, Any], Any]] = {
    "Eq": np.equal, "NotEq": np.not_equal, "Lt": np.less, "LtE": np.less_equal, "Gt": np.greater,
    "GtE": np.greater_equal,
}  # fmt: skip


def read(text: str) -> Any:
    """Read a shape written as well-known text, with or without its reference system."""
    plain = text.rpartition(";")[2]
    try:
        return shapely.from_wkt(plain)
    except shapely.errors.GEOSException as error:
        raise Refusal("sensing.filter.geography", "This is no well-known text of a shape.", "$filter") from error


APART = ("st_disjoint",)  # what holds of shapes that lie nowhere near
NEAR = ("Lt", "LtE", "Eq")
SPARE = 1e-9  # degrees: what is reckoned in binary fractions may fall just short


def related(entity: str, name: str, shape: Any, pattern: str = "") -> list[int]:
    """Give the ids of the entities whose shapes stand so to a shape."""
    far = bool(pattern) or name in APART or shape.is_empty
    ids, shapes = queries.shapes_of(entity, None if far else _around(shape, 0.0))
    found = shapely.relate_pattern(shapes, shape, pattern) if pattern else RELATIONS[name](shapes, shape)
    return [int(one) for one in ids[found]]


def measured(entity: str, name: str, shape: Any, sign: str, value: float) -> list[int]:
    """Give the ids of the entities whose distance from a shape, or whose length, compares so."""
    near = name == "geo.distance" and sign in NEAR and math.isfinite(value) and not shape.is_empty
    ids, shapes = queries.shapes_of(entity, _around(shape, max(value, 0.0)) if near else None)
    sizes = shapely.length(shapes) if name == "geo.length" else shapely.distance(shapes, shape)
    with np.errstate(invalid="ignore"):
        return [int(one) for one in ids[COMPARED[sign](sizes, value)]]


def _around(shape: Any, by: float) -> tuple[float, float, float, float]:
    """Give the box around a shape, wider by so much on each side."""
    west, south, east, north = shape.bounds
    return west - by - SPARE, south - by - SPARE, east + by + SPARE, north + by + SPARE
