"""In which leaf does a point lie? Many points at once, or one quickly."""

import threading
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from cityloop.ground.codes import check_point
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.units.rules.raster import ASK, NOWHERE, Raster

Indexes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_FEW = 64  # up to here, point by point is quicker than building a tree
_MANY = 50_000  # from here on a raster is worth building


class Locator:
    """The leaves of a city, ready to be asked. A point on a shared border belongs to the lowest code.

    Many points: most are placed by a raster's look-up, the rest by a tree of the *points* queried with the
    polygons, which keeps its speed with polygons of hundreds of vertices. One point: a table of bins names the
    few leaves whose box touches the bin.

    Threads ask one at a time: GEOS builds what it needs of a prepared polygon when it is asked, and two that ask at
    once spoil the memory of the process (libgeos issue 825; GEOS 3.14).
    """

    def __init__(self, codes: Sequence[str], shapes: npt.NDArray[np.object_]) -> None:
        if len(codes) != len(shapes):
            raise Refusal("units.locator.length", "Give one shape for each code.", "shapes")
        order = sorted(range(len(codes)), key=lambda i: codes[i])
        self.codes: tuple[str, ...] = tuple(codes[i] for i in order)
        self.shapes = np.asarray(shapes, object)[order]
        shapely.prepare(self.shapes)
        self._asking = threading.Lock()
        self._codes = np.array([*self.codes, None], object)
        self._raster: Raster | None = None
        self._bins()

    def __len__(self) -> int:
        return len(self.codes)

    def indexes(self, lons: npt.ArrayLike, lats: npt.ArrayLike) -> Indexes:
        """Give for points in degrees, two arrays of shape (n,), the index of the leaf in `codes`, or -1; int64 (n,).

        A coordinate that is no number lies nowhere.
        """
        xs, ys = np.asarray(lons, np.float64), np.asarray(lats, np.float64)
        if xs.ndim != 1 or xs.shape != ys.shape:
            raise Refusal("units.locate.shape", "Give as many longitudes as latitudes, in one dimension each.", "lat")
        if len(xs) <= _FEW:
            pairs = zip(xs.tolist(), ys.tolist(), strict=True)
            return np.array([self._index(x, y) for x, y in pairs], np.int64)
        found = np.full(len(xs), NOWHERE, np.int64)
        known = np.isfinite(xs) & np.isfinite(ys)
        if known.all():
            return self._many(xs, ys)
        found[known] = self._many(xs[known], ys[known])
        return found

    def locate_many(self, lons: npt.ArrayLike, lats: npt.ArrayLike) -> npt.NDArray[np.object_]:
        """Give for points in degrees the code of the leaf, or None; object array (n,)."""
        found: npt.NDArray[np.object_] = self._codes[self.indexes(lons, lats)]
        return found

    def locate(self, lon: float, lat: float) -> str | None:
        """Give the code of the leaf that holds one point, or None; refuses what is no point."""
        x, y = check_point(lon, lat, box=self.box)
        index = self._index(x, y)
        return None if index == NOWHERE else self.codes[index]

    def _many(self, xs: Floats, ys: Floats) -> Indexes:
        """Place finite points: by the raster where it can tell, by the polygons where it cannot."""
        if self._raster is None:
            if len(xs) < _MANY or not len(self):
                return self._by_tree(xs, ys)
            self._raster = Raster(self.shapes, self._by_tree)
        found = self._raster.look_up(xs, ys).astype(np.int64)
        open_ = np.flatnonzero(found == ASK)
        found[open_] = self._by_tree(xs[open_], ys[open_])
        return found

    def _by_tree(self, xs: Floats, ys: Floats) -> Indexes:
        """Place finite points by a tree of the points, queried with the polygons."""
        found = np.full(len(xs), NOWHERE, np.int64)
        tree = shapely.STRtree(shapely.points(xs, ys))
        with self._asking:
            leaf, point = tree.query(self.shapes, predicate="intersects")
        found[point[::-1]] = leaf[::-1]  # leaves come in code order: the lowest is written last and stays
        return found

    def _index(self, x: float, y: float) -> int:
        if not (self._west <= x <= self._east and self._south <= y <= self._north):
            return NOWHERE
        bin_ = int((x - self._west) * self._per_x), int((y - self._south) * self._per_y)
        with self._asking:
            return next((i for i in self._table.get(bin_, ()) if shapely.intersects_xy(self.shapes[i], x, y)), NOWHERE)

    def _bins(self) -> None:
        """Make the table of bins: about four bins to a leaf, each with its candidates in code order."""
        west, south, east, north = shapely.total_bounds(self.shapes) if len(self) else (0.0, 0.0, 0.0, 0.0)
        self.box: Any = (float(west), float(south), float(east), float(north)) if len(self) else None
        self._west, self._south, self._east, self._north = float(west), float(south), float(east), float(north)
        side = max(1, int(2 * len(self) ** 0.5))
        self._per_x, self._per_y = side / max(east - west, 1e-9), side / max(north - south, 1e-9)
        lists: dict[tuple[int, int], list[int]] = defaultdict(list)
        offset, scale = np.array([west, south] * 2), np.array([self._per_x, self._per_y] * 2)
        spans = ((shapely.bounds(self.shapes) - offset) * scale).astype(int) if len(self) else []
        for index, (left, bottom, right, top) in enumerate(spans):
            for column in range(left, right + 1):
                for row in range(bottom, top + 1):
                    lists[column, row].append(index)
        self._table = {key: tuple(value) for key, value in lists.items()}
