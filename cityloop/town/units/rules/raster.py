"""A raster over the leaves: most points are placed by looking up their bin, only those near a border are tested.

A bin touched by no border lies wholly in one leaf, or in none. Bins are assigned by a monotone function of the
coordinate, and every bin between the assigned bins of a segment's two ends counts as touched; so an untouched
bin holds no point of any border, and the look-up gives exactly what the polygon test would give.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import shapely

from cityloop.town.units.rules.shapes import Shapes, segments

NOWHERE, ASK = -1, -2
_PER_LEAF = 16  # bins per leaf and direction, on average
_MOST = 2048  # bins per direction
_SLACK = 1e-12  # degrees; covers the rounding of points put on long segments

Floats = npt.NDArray[np.float64]
Indexes = npt.NDArray[np.int64]


class Raster:
    """Bins over the common box of `shapes`; `ask(xs, ys)` places points exactly, and is used once per run of bins."""

    def __init__(self, shapes: Shapes, ask: Callable[[Floats, Floats], Indexes]) -> None:
        self._low = np.array(shapely.total_bounds(shapes)[:2])
        high = np.array(shapely.total_bounds(shapes)[2:])
        self._side = int(min(_MOST, max(8, _PER_LEAF * len(shapes) ** 0.5)))
        self._scale = self._side / np.maximum(high - self._low, 1e-9)
        touched = self._touched(shapes)
        bins = np.full(touched.shape, ASK, np.int32)
        bins[~touched] = self._runs(~touched, ask)
        self._bins = bins.ravel()

    def look_up(self, xs: Floats, ys: Floats) -> npt.NDArray[np.int32]:
        """Give for finite points the leaf's index, NOWHERE, or ASK where only the polygon test can tell."""
        column, row = self._bin(xs, 0), self._bin(ys, 1)
        inside = (column >= 0) & (column < self._side) & (row >= 0) & (row < self._side)
        if inside.all():
            return self._bins[row * self._side + column]
        found = np.full(len(xs), ASK, np.int32)
        found[inside] = self._bins[row[inside] * self._side + column[inside]]
        return found

    def _bin(self, values: Floats, axis: int) -> Indexes:
        scaled = np.clip((values - self._low[axis]) * self._scale[axis], -1, self._side)
        bins: Indexes = np.floor(scaled).astype(np.int64)
        return bins

    def _touched(self, shapes: Shapes) -> npt.NDArray[np.bool_]:
        short = shapely.segmentize(shapes, float(1 / self._scale.max()))
        start, end, _ = segments(short)
        low, high = np.minimum(start, end) - _SLACK, np.maximum(start, end) + _SLACK
        first = [np.clip(self._bin(low[:, axis], axis), 0, self._side - 1) for axis in (0, 1)]
        last = [np.clip(self._bin(high[:, axis], axis), 0, self._side - 1) for axis in (0, 1)]
        touched = np.zeros((self._side, self._side), bool)
        for dx in range(int((last[0] - first[0]).max(initial=0)) + 1):
            for dy in range(int((last[1] - first[1]).max(initial=0)) + 1):
                touched[np.minimum(first[1] + dy, last[1]), np.minimum(first[0] + dx, last[0])] = True
        return touched

    def _runs(self, free: npt.NDArray[np.bool_], ask: Callable[[Floats, Floats], Indexes]) -> Indexes:
        """Place one bin of each run of untouched bins along a row; the others of the run lie where it lies."""
        begins = free.copy()
        begins[:, 1:] &= ~free[:, :-1]
        row, column = np.nonzero(begins)
        xs = self._low[0] + (column + 0.5) / self._scale[0]
        ys = self._low[1] + (row + 0.5) / self._scale[1]
        return ask(xs, ys)[np.cumsum(begins[free]) - 1]
