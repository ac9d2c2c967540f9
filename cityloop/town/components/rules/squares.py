"""The squares in which components are counted beforehand, and which of them a tile of the map is told by."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from cityloop.ground.codes import MAX_ZOOM
from cityloop.ground.codes.cells import covering
from cityloop.ground.codes.tiles import Tile, box_of

KEPT = (10, 12, 14, 16)  # zooms of cells: about 30 km, 7.5 km, 1.9 km and 470 m across at 40° north
FINER = 3  # a tile is told by squares of an eighth of its width, or a little more
NEAR = 15  # from this zoom of the map on, single components are looked at
Cells = npt.NDArray[np.int64]


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


def counts(cells: Iterable[int], types: Iterable[str], signs: Iterable[int]) -> dict[tuple[int, int, str], int]:
    """Add up by how much each square kept grows: what comes counts +1, what goes -1; sorted, without zeros."""
    by_type: dict[str, tuple[list[int], list[int]]] = {}
    for cell, type_, sign in zip(cells, types, signs, strict=True):
        own = by_type.setdefault(type_, ([], []))
        own[0].append(cell)
        own[1].append(sign)
    found: dict[tuple[int, int, str], int] = {}
    for type_, (own_cells, own_signs) in by_type.items():
        array, weights = np.array(own_cells, np.int64), np.array(own_signs, np.int64)
        for zoom in KEPT:
            squares, index = np.unique(array >> shift_of(zoom), return_inverse=True)
            sums = np.bincount(index, weights=weights).astype(np.int64)
            named = zip(squares.tolist(), sums.tolist(), strict=True)
            found |= {(zoom, square, type_): number for square, number in named if number}
    return dict(sorted(found.items()))
