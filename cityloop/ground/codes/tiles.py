"""Tiles of a map: the squares of the web Mercator grid, by zoom, column and row (row 0 in the north).

World coordinates are the unit square: x from 0 at 180° W to 1 at 180° E, y from 0 in the north to 1 in the south, at
latitude ±85.0511°. They follow the spherical Mercator of EPSG:3857 (J. P. Snyder, *Map Projections*, 1987, § 7).
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cityloop.ground.kit.words import natural

Box = tuple[float, float, float, float]
Tile = tuple[int, int, int]

DEEPEST = 22
EXTENT = 4096  # steps across a tile, as vector tiles have them
LIMIT = 85.05112877980659  # degrees of latitude at the edges of the square


def tile_of(z: str, x: str, y: str) -> Tile | None:
    """Give the tile that three texts of an address name, None where there is no such tile."""
    zoom, column, row = natural(z), natural(x), natural(y)
    if zoom is None or column is None or row is None or zoom > DEEPEST:
        return None
    side = 1 << zoom
    return (zoom, column, row) if column < side and row < side else None


def box_of(tile: Tile) -> Box:
    """Give the west, south, east and north edge of a tile in degrees."""
    zoom, column, row = tile
    side = 1 << zoom
    return (column / side * 360 - 180, latitude((row + 1) / side), (column + 1) / side * 360 - 180,
            latitude(row / side))  # fmt: skip


def tile_at(lon: float, lat: float, zoom: int) -> Tile:
    """Give the tile of a zoom that holds a point in degrees."""
    side = 1 << zoom
    x, y = world(np.array([[lon, lat]]))[0] * side
    return zoom, min(max(int(x), 0), side - 1), min(max(int(y), 0), side - 1)


def world(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Give points in degrees, shape (n, 2), as world coordinates of the same shape."""
    lat = np.radians(np.clip(points[:, 1], -LIMIT, LIMIT))
    y = (1 - np.log(np.tan(lat) + 1 / np.cos(lat)) / math.pi) / 2
    return np.stack([(points[:, 0] + 180) / 360, y], axis=1)


def steps(tile: Tile, places: Sequence[tuple[float, float]]) -> npt.NDArray[np.float64]:
    """Give places in degrees as steps from a tile's north-west corner, shape (n, 2), from 0 to `EXTENT` inside it."""
    zoom, column, row = tile
    found: npt.NDArray[np.float64] = (world(np.asarray(places, float)) * (1 << zoom) - (column, row)) * EXTENT
    return found


def latitude(y: float) -> float:
    """Give the latitude in degrees of a world y."""
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y))))
