"""The squares in which components are counted beforehand, and which of them a tile of the map is told by."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cityloop.ground.codes import MAX_ZOOM
from cityloop.ground.codes.cells import covering
from cityloop.ground.codes.tiles import Tile, box_of

KEPT = tuple(range(10, 17))  # zooms of cells: from some 30 km down to 470 m across at 40° north
FINER = 3  # a tile is told by squares of an eighth of its width, or a little more
MICRO = 1_000_000
NEAR = 16  # from this zoom of the map on, single components are looked at


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


class Points(NamedTuple):
    """Components as squares count them, column by column; `signs` are +1 for what comes, -1 for what goes."""

    cells: Sequence[int]
    lons: Sequence[float]
    lats: Sequence[float]
    types: Sequence[str]
    signs: Sequence[int]


def grown(points: Points) -> dict[tuple[int, int, str], Grown]:
    """Add up by how much each square kept grows; sorted, without what stays as it was."""
    cells, signs = np.array(points.cells, np.int64), np.array(points.signs, np.float64)
    lons, lats = (np.rint(np.array(values, np.float64) * MICRO) * signs for values in (points.lons, points.lats))
    kinds = {name: number for number, name in enumerate(sorted(set(points.types)))}
    of_kind = np.array([kinds[name] for name in points.types], np.int64)
    found: dict[tuple[int, int, str], Grown] = {}
    for type_, number in kinds.items():
        own = of_kind == number
        weights = signs[own], lons[own], lats[own]
        for zoom in KEPT:
            squares, index = np.unique(cells[own] >> shift_of(zoom), return_inverse=True)
            sums = [np.bincount(index, weights=one).astype(np.int64).tolist() for one in weights]
            rows = zip(squares.tolist(), *sums, strict=True)
            found |= {(zoom, square, type_): Grown(*row) for square, *row in rows if any(row)}
    return dict(sorted(found.items()))


def mean(total: int, number: int) -> float:
    """Give the mean of coordinates from their sum in microdegrees."""
    return total / number / MICRO
