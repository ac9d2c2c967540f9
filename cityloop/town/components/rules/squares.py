"""The squares in which components are counted beforehand, and which of them a tile of the map is told by."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from cityloop.ground.codes import MAX_ZOOM
from cityloop.ground.codes.cells import covering
from cityloop.ground.codes.tiles import Tile, box_of

KEPT = tuple(range(10, 17))  # zooms of cells: from some 30 km down to 470 m across at 40° north
FINER = 3  # a tile is told by squares of an eighth of its width, or a little more
MICRO = 1_000_000
NEAR = 15  # from this zoom of the map on, single components are looked at


def shift_of(zoom: int) -> int:
    """Give by how many bits a cell is shifted to name its square."""
    return 2 * (MAX_ZOOM - zoom)


def kept_for(tile: Tile) -> int:
    """Give the zoom of the squares kept that a tile is told by."""
    return max((zoom for zoom in KEPT if zoom <= tile[0] + FINER), default=KEPT[0])


def ranges(tile: Tile, zoom: int) -> list[tuple[int, int]]:
    """Give the half-open ranges of squares that a tile touches, few and disjoint."""
    shift = shift_of(zoom)
    found: list[tuple[int, int]] = []
    for low, high in covering(box_of(tile)):
        first, last = low >> shift, -(-high >> shift)
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(last, found[-1][1])
        else:
            found.append((first, last))
    return found


class Grown(NamedTuple):
    """By how much a square grows: how many, and the sums of their longitudes and latitudes in microdegrees."""

    number: int
    lon: int
    lat: int


class Point(NamedTuple):
    """A component as squares count it; `sign` is +1 where it comes, -1 where it goes."""

    cell: int
    lon: float
    lat: float
    type: str
    sign: int


def grown(points: Iterable[Point]) -> dict[tuple[int, int, str], Grown]:
    """Add up by how much each square kept grows; sorted, without what stays as it was."""
    by_type: dict[str, list[Point]] = {}
    for point in points:
        by_type.setdefault(point.type, []).append(point)
    found: dict[tuple[int, int, str], Grown] = {}
    for type_, ones in by_type.items():
        cells = np.array([one.cell for one in ones], np.int64)
        signs = np.array([one.sign for one in ones], np.float64)
        lons, lats = (np.rint(np.array(values) * MICRO) * signs for values in zip(*[o[1:3] for o in ones], strict=True))
        for zoom in KEPT:
            squares, index = np.unique(cells >> shift_of(zoom), return_inverse=True)
            sums = [np.bincount(index, weights=weights).astype(np.int64).tolist() for weights in (signs, lons, lats)]
            rows = zip(squares.tolist(), *sums, strict=True)
            found |= {(zoom, square, type_): Grown(*row) for square, *row in rows if any(row)}
    return dict(sorted(found.items()))


def mean(total: int, number: int) -> float:
    """Give the mean of coordinates from their sum in microdegrees."""
    return total / number / MICRO
