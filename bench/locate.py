"""Points per second into 5,000 polygons of ~300 vertices, against Shapely's best bare query on the same data.

Shapely's best is the quicker of its two ways round: a tree of the polygons queried with the points, and a tree of
the points queried with the polygons; building the points and, in the second case, their tree is part of it.
"""

import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import shapely

from cityloop.ground.codes import cells
from cityloop.town.units.rules.locator import Locator

SIDE, EDGE = 71, 75  # 71 × 71 = 5,041 polygons, four edges of 75 segments each
POINTS = 1_000_000
ROUNDS = 3


def wiggly_city(side: int = SIDE, edge: int = EDGE, seed: int = 7) -> np.ndarray:
    """Give side² polygons of 4 × edge vertices that tile a square of 0.5 degree, as ragged as real borders."""
    rng = np.random.default_rng(seed)
    size = 0.5 / side
    corners = np.stack(np.meshgrid(np.arange(side + 1), np.arange(side + 1), indexing="ij"), -1) * size
    corners = corners + rng.uniform(-0.2, 0.2, corners.shape) * size
    rows = _ragged(corners[:-1], corners[1:], edge, rng)
    columns = _ragged(corners[:, :-1], corners[:, 1:], edge, rng)
    out = np.empty(side * side, object)
    for i in range(side):
        for j in range(side):
            ring = [rows[i, j], columns[i + 1, j], rows[i, j + 1][::-1], columns[i, j][::-1]]
            out[i * side + j] = shapely.make_valid(shapely.Polygon(np.concatenate([part[:-1] for part in ring])))
    return out


def _ragged(start: np.ndarray, end: np.ndarray, edge: int, rng: np.random.Generator) -> np.ndarray:
    """Join corners by lines of `edge` segments that wander up to a few percent of their length."""
    t = np.linspace(0, 1, edge + 1)[:, None]
    along = (end - start)[..., None, :]
    walk = np.cumsum(rng.normal(0, 0.012, (*start.shape[:-1], edge + 1, 1)), axis=-2)
    walk = (walk - walk[..., :1, :] * (1 - t) - walk[..., -1:, :] * t) * np.sin(np.pi * t)
    return start[..., None, :] + along * t + np.stack([-along[..., 1], along[..., 0]], -1) * walk


def run() -> list[dict[str, Any]]:
    """Measure; give name, value, unit, goal and whether it holds."""
    polygons = wiggly_city()
    rng = np.random.default_rng(1)
    lons, lats = rng.uniform(0, 0.5, (2, POINTS))
    locator = Locator([f"{n:06}" for n in range(len(polygons))], polygons)
    first = _timed(lambda: locator.indexes(lons, lats))
    ours, bare = _alternately(lambda: locator.indexes(lons, lats), lambda: _points_tree(polygons, lons, lats))
    other = _polygon_tree(shapely.STRtree(polygons), lons[:100_000], lats[:100_000]) * POINTS / 100_000
    best = min(bare, other)
    single = _single(locator, lons[:2000], lats[:2000])
    keys = min(_timed(lambda: cells(lons, lats)) for _ in range(ROUNDS))
    vertices = float(shapely.get_num_coordinates(polygons).mean())
    return [
        _row("locate: points per second", POINTS / ours, "1/s", 700_000, POINTS / ours >= 700_000),
        _row("locate: time against Shapely's best bare query", ours / best, "ratio", 1.3, ours / best <= 1.3),
        _row("locate: points per second at the first call", POINTS / first, "1/s", 0, True),
        _row("locate: one point", single * 1e6, "µs", 50, single * 1e6 <= 50),
        _row("locate: quadkey cells per second", POINTS / keys, "1/s", 20_000_000, POINTS / keys >= 20_000_000),
        _row("locate: vertices per polygon", vertices, "", 300, vertices >= 290),
    ]


def _alternately(ours: Callable[[], Any], bare: Callable[[], Any]) -> tuple[float, float]:
    """Give the best of some rounds of each, taken in turns, so that a busy machine disturbs both alike."""
    times = [(_timed(ours), _timed(bare)) for _ in range(ROUNDS)]
    return min(one for one, _ in times), min(two for _, two in times)


def _timed(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _points_tree(polygons: np.ndarray, lons: np.ndarray, lats: np.ndarray) -> np.ndarray:
    return shapely.STRtree(shapely.points(lons, lats)).query(polygons, predicate="intersects")


def _polygon_tree(tree: shapely.STRtree, lons: np.ndarray, lats: np.ndarray) -> float:
    return _timed(lambda: tree.query(shapely.points(lons, lats), predicate="intersects"))


def _single(locator: Locator, lons: np.ndarray, lats: np.ndarray) -> float:
    points = list(zip(lons.tolist(), lats.tolist(), strict=True))
    start = time.perf_counter()
    for lon, lat in points:
        locator.locate(lon, lat)
    return (time.perf_counter() - start) / len(points)


def _row(name: str, value: float, unit: str, goal: float, holds: bool) -> dict[str, Any]:
    return {"name": name, "value": round(value, 3), "unit": unit, "goal": goal, "holds": bool(holds)}


if __name__ == "__main__":
    print(json.dumps(run(), indent=2, ensure_ascii=False))
