"""Mosaics: cut the plane along lines into faces, give each face an owner, and join the faces of an owner.

All lines are noded together, snapped to a lattice of 1e-9 degree (0.1 mm), so that neighbours share their
vertices exactly: what is built from faces tiles without gap or overlap, and unions of it are exact.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from cityloop.town.units.rules.shapes import Shapes, area_m2, dissolve, metre_in_degrees, segments

Owners = npt.NDArray[np.int64]

NOBODY = -1
LATTICE = 1e-9


class Mosaic:
    """Faces between noded lines, and who touches whom along which length (degrees)."""

    def __init__(self, lines: Iterable[BaseGeometry]) -> None:
        noded = shapely.union_all(list(lines), grid_size=LATTICE)
        pieces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
        self.faces: Shapes = np.asarray(pieces, object)
        self.points: Shapes = np.asarray(shapely.point_on_surface(self.faces), object)
        self.borders = _borders(self.faces)

    def owners(self, shapes: Shapes) -> Owners:
        """Give for each face the first of `shapes` that holds it, or NOBODY."""
        found = np.full(len(self.faces), NOBODY, np.int64)
        shape, face = shapely.STRtree(self.points).query(shapes, predicate="intersects")
        found[face[::-1]] = shape[::-1]
        return found

    def settle(self, owners: Owners, homeless: set[int], fit: Any) -> list[int]:
        """Give each homeless face to the touching owner with the longest border that `fit(face, owner)` allows.

        Works outwards from the settled faces; changes `owners` and gives the faces that no one could take.
        """
        left = set(homeless)
        while left:
            taken = {face: owner for face in left if (owner := self._longest(face, owners, left, fit)) != NOBODY}
            if not taken:
                break
            for face, owner in taken.items():
                owners[face] = owner
            left -= taken.keys()
        return sorted(left)

    def joined(self, owners: Owners, count: int) -> Shapes:
        """Give the union of each owner's faces, an empty polygon for one without; shape (count,)."""
        order = np.argsort(owners, kind="stable")
        order = order[owners[order] >= 0]
        cuts = np.searchsorted(owners[order], np.arange(1, count))
        out = np.empty(count, object)
        for owner, faces in enumerate(np.split(order, cuts)):
            out[owner] = dissolve(self.faces[faces]) if len(faces) else shapely.Polygon()
        return out

    def _longest(self, face: int, owners: Owners, left: set[int], fit: Any) -> int:
        shared: dict[int, float] = defaultdict(float)
        for other, length in self.borders[face].items():
            owner = int(owners[other])
            if owner != NOBODY and other not in left and fit(face, owner):
                shared[owner] += length
        return max(shared, key=lambda owner: (shared[owner], -owner)) if shared else NOBODY


def fit_to(leaves: Shapes, home: Sequence[int], areas: Shapes) -> tuple[Shapes, list[int]]:
    """Cut leaves along the borders of `areas`, so that the leaves of an area tile it.

    `home[i]` is the area leaf i belongs to. What of a leaf lies in another area goes to that area's touching
    leaf with the longest shared border; what lies in no area stays. Gives the new leaves, in the same order,
    and the indices of leaves of which a part had to stay outside its area because nobody there touched it.
    """
    mosaic = Mosaic(shapely.boundary(np.concatenate([leaves, areas])))
    leaf, area = mosaic.owners(leaves), mosaic.owners(areas)
    homes = np.asarray(home, np.int64)
    astray = (area != NOBODY) & ((leaf == NOBODY) | (homes[leaf] != area))
    owners = np.where(astray, NOBODY, leaf)
    homeless = {int(face) for face in np.flatnonzero(astray)}
    left = mosaic.settle(owners, homeless, lambda face, owner: homes[owner] == area[face])
    owners[left] = leaf[left]
    return mosaic.joined(owners, len(leaves)), sorted({int(leaf[face]) for face in left if leaf[face] != NOBODY})


def mended(shapes: Shapes, gap_m: float) -> Shapes:
    """Give shapes without overlaps, and without gaps narrower than `gap_m` metres, between them.

    For sources whose neighbours were simplified one by one. Each overlap and gap goes to the neighbour with the
    longest border (GEOS' coverage cleaner); wider gaps stay.
    """
    _, south, _, north = shapely.total_bounds(shapes)
    width = gap_m * metre_in_degrees((south + north) / 2)[1]
    clean: Shapes = np.asarray(shapely.coverage_clean(shapes, gap_width=width), object)
    return clean


def grid(
    parents: Shapes, *, cell_m: float | None = None, target_area_m2: float | None = None, sliver: float = 0.2
) -> tuple[Shapes, Owners, Owners]:
    """Cut parents into grid cells of `cell_m` metres (or `target_area_m2`) that tile them exactly.

    One lattice of lines for all parents, from the north-west corner of their common box. A piece smaller than
    `sliver` of a full cell joins its neighbour of the same parent with the longest shared border. Gives the
    cells, each connected, the index of each one's parent, and its row and column in the lattice, shape (n, 2),
    both counted from the north-west corner.
    """
    side = cell_m or float(np.sqrt(target_area_m2 or 0))
    corner, step = _lattice(parents, side)
    mosaic = Mosaic([*shapely.boundary(parents), *_lines(parents, corner, step)])
    parent = mosaic.owners(parents)
    owners = np.where(parent == NOBODY, NOBODY, np.arange(len(parent)))
    for threshold in (sliver / 4, sliver):  # the thinnest first, then what is still small
        _absorb_slivers(mosaic, owners, parent, threshold * side * side)
    kept = np.unique(owners[owners != NOBODY])
    index = np.full(len(owners), NOBODY, np.int64)
    index[kept] = np.arange(len(kept))
    moved = np.where(owners == NOBODY, NOBODY, index[owners])
    points = mosaic.points[kept]
    places = np.column_stack((corner[1] - shapely.get_y(points), shapely.get_x(points) - corner[0])) // step[::-1]
    return mosaic.joined(moved, len(kept)), parent[kept], places.astype(np.int64)


def cut(shape: BaseGeometry, parts: Shapes) -> tuple[Shapes, float]:
    """Divide `shape` among `parts` so that they tile it; gives them and the share no part claimed at first."""
    mosaic = Mosaic(shapely.boundary(np.array([shape, *parts], object)))
    inside = mosaic.owners(np.array([shape], object)) != NOBODY
    owners = np.where(inside, mosaic.owners(parts), NOBODY)
    open_ = {int(face) for face in np.flatnonzero(inside & (owners == NOBODY))}
    unclaimed = sum(shapely.area(mosaic.faces[face]) for face in open_) / shapely.area(shape)
    mosaic.settle(owners, open_, lambda face, owner: True)
    return mosaic.joined(owners, len(parts)), float(unclaimed)


def _lattice(parents: Shapes, side_m: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Give the north-west corner of the lattice, and its step east and south, in degrees."""
    west, south, _, north = shapely.total_bounds(parents)
    return np.array([west, north]), side_m * np.array(metre_in_degrees((south + north) / 2))


def _lines(parents: Shapes, corner: npt.NDArray[np.float64], step: npt.NDArray[np.float64]) -> list[BaseGeometry]:
    west, south, east, north = shapely.total_bounds(parents)
    (dx, dy), (columns, rows) = step, np.ceil(np.array([east - west, north - south]) / step)
    xs, ys = corner[0] + dx * np.arange(1, columns), corner[1] - dy * np.arange(1, rows)
    upright = [shapely.LineString([(x, south - dy), (x, north + dy)]) for x in xs]
    return upright + [shapely.LineString([(west - dx, y), (east + dx, y)]) for y in ys]


def _absorb_slivers(mosaic: Mosaic, owners: Owners, parent: Owners, threshold_m2: float) -> None:
    areas = area_m2(mosaic.faces)
    sums = np.bincount(owners[owners != NOBODY], areas[owners != NOBODY], len(owners))
    small = {int(face) for face in np.flatnonzero(owners != NOBODY) if sums[owners[face]] < threshold_m2}
    before = owners.copy()
    owners[list(small)] = NOBODY
    left = mosaic.settle(owners, small, lambda face, owner: parent[face] == parent[owner])
    owners[left] = before[left]


def _borders(faces: Shapes) -> list[dict[int, float]]:
    """Give for each face its neighbours with the length of the shared border, in degrees."""
    start, end, face = segments(faces)
    keys = np.concatenate([np.minimum.reduce([_key(start), _key(end)]), np.maximum.reduce([_key(start), _key(end)])])
    pairs = keys.reshape(2, -1).T
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    twin = (pairs[order][1:] == pairs[order][:-1]).all(axis=1)
    lengths = np.hypot(*(end - start).T)
    borders: list[dict[int, float]] = [defaultdict(float) for _ in range(len(faces))]
    for one, two in zip(order[:-1][twin], order[1:][twin], strict=True):
        a, b, length = int(face[one]), int(face[two]), float(lengths[one])
        borders[a][b] += length
        borders[b][a] += length
    return borders


def _key(points: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Give each vertex as one integer: both coordinates on the lattice, hashed into 64 bits."""
    steps = np.round(points / LATTICE).astype(np.int64)
    with np.errstate(over="ignore"):
        mixed: npt.NDArray[np.int64] = steps[:, 0] * np.int64(0x9E3779B97F4A7C1) ^ steps[:, 1] * np.int64(
            0xC2B2AE3D27D4EB5
        )
    return mixed
