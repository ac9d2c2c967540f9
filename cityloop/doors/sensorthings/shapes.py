"""How shapes lie to each other: told by Shapely for all shapes there are, in degrees, as PostGIS does."""

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


def related(entity: str, name: str, shape: Any, pattern: str = "") -> list[int]:
    """Give the ids of the entities whose shapes stand so to a shape."""
    ids, shapes = queries.shapes_of(entity)
    found = shapely.relate_pattern(shapes, shape, pattern) if pattern else RELATIONS[name](shapes, shape)
    return [int(one) for one in ids[found]]


def measured(entity: str, name: str, shape: Any, sign: str, value: float) -> list[int]:
    """Give the ids of the entities whose distance from a shape, or whose length, compares so."""
    ids, shapes = queries.shapes_of(entity)
    sizes = shapely.length(shapes) if name == "geo.length" else shapely.distance(shapes, shape)
    with np.errstate(invalid="ignore"):
        return [int(one) for one in ids[COMPARED[sign](sizes, value)]]
