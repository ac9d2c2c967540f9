"""The ground of Tinglan: a bent lattice of grids, gathered into communities, street offices and districts by a river.

Neighbouring grids share their corners exactly, so there is no gap and no overlap between them.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from cityloop.demo.tinglan import names

LON, LAT = 124.0, 30.0  # open sea
ACROSS, UP, METRES = 34, 26, 300.0
BANK = 10  # the lattice line that the river follows
STREETS, COMMUNITIES = 4, 5  # in each district, in each street office
RIVER_M = 110.0
EAST = METRES / (111_320 * math.cos(math.radians(LAT)))
NORTH = METRES / 110_574
Cell = tuple[int, int]
Points = npt.NDArray[np.float64]


def node(i: float, j: float) -> tuple[float, float]:
    """Give the degrees of a corner of the lattice; the bend never folds it."""
    x = i + 1.4 * math.sin(j / 5.5) + 0.35 * math.sin(i / 2.3 + j / 3.1)
    y = j + 1.8 * math.sin(i / 6.5) + 0.30 * math.sin(j / 2.1 - i / 4.0)
    return round(LON + x * EAST, 7), round(LAT + y * NORTH, 7)


@dataclass
class Ground:
    """All of it: which grids there are, and to which units each belongs."""

    cells: list[Cell] = field(default_factory=list)
    home: dict[Cell, tuple[int, int, int]] = field(default_factory=dict)

    @cached_property
    def shapes(self) -> dict[Cell, BaseGeometry]:
        """Give the polygon of each grid."""
        corners = ((0, 0), (1, 0), (1, 1), (0, 1))
        return {(i, j): shapely.Polygon([node(i + a, j + b) for a, b in corners]) for i, j in self.cells}

    @cached_property
    def land(self) -> BaseGeometry:
        """Give the whole of the town."""
        return shapely.union_all(list(self.shapes.values()))

    @cached_property
    def river(self) -> BaseGeometry:
        """Give the river, from beyond one end of the town to beyond the other."""
        line = shapely.LineString([node(i / 2, BANK) for i in range(-6, 2 * ACROSS + 12)])
        return line.buffer(RIVER_M / 2 / 111_000 * 1.5)


@lru_cache(maxsize=1)
def ground() -> Ground:
    """Make the town; the same each time."""
    made = Ground([(i, j) for i in range(ACROSS) for j in range(UP) if _inside(i, j)])
    middle = ACROSS / 2
    sides = {cell: 0 if cell[1] >= BANK else 1 if cell[0] < middle else 2 for cell in made.cells}
    for district in range(3):
        cells = [cell for cell in made.cells if sides[cell] == district]
        for street, part in enumerate(_parts(cells, STREETS)):
            for community, few in enumerate(_parts(part, COMMUNITIES)):
                made.home |= dict.fromkeys(few, (district, street, community))
    return made


def _inside(i: int, j: int) -> bool:
    """Whether a cell belongs to the town: its edge is no circle."""
    x, y = (i + 0.5) / ACROSS * 2 - 1, (j + 0.5) / UP * 2 - 1
    angle = math.atan2(y, x)
    edge = 0.92 + 0.07 * math.sin(3 * angle + 0.7) + 0.05 * math.sin(5 * angle)
    return math.hypot(x, y) < edge


def _parts(cells: list[Cell], number: int) -> list[list[Cell]]:
    """Part cells into heaps that lie together: each goes to the nearest of as many middles, which then move."""
    points: Points = np.array(cells, float)
    middles = points[np.linspace(0, len(points) - 1, number).astype(int)]
    for _ in range(25):
        nearest = np.argmin(((points[:, None] - middles[None]) ** 2).sum(axis=2), axis=1)
        middles = np.array([points[nearest == n].mean(axis=0) for n in range(number)])
    return [[cells[k] for k in np.flatnonzero(nearest == n)] for n in range(number)]


# --- files


def write(folder: Path) -> None:
    """Write the units of every level."""
    _write(folder, _units(ground()))


def draw(folder: Path) -> None:
    """Write what is drawn under the units, in a layer each."""
    made = ground()
    land, river = made.land.buffer(NORTH / 2), made.river
    drawn = {"land": [_feature(land)], "park": _parks(made), "water": [_feature(river)], "road": roads(made)}
    _write(folder, drawn)


def _units(made: Ground) -> dict[str, list[dict[str, Any]]]:
    named = {"street": names.streets(), "community": names.communities()}
    known: dict[tuple[int, ...], names.Name] = {}
    heaps: dict[tuple[int, ...], list[BaseGeometry]] = {}
    for cell in made.cells:
        for depth in (1, 2, 3):
            heaps.setdefault(made.home[cell][:depth], []).append(made.shapes[cell])
    found: dict[str, list[dict[str, Any]]] = {"district": [], "street": [], "community": [], "grid": []}
    for path in sorted(heaps):
        level = list(found)[len(path) - 1]
        known[path] = names.DISTRICTS[path[0]] if level == "district" else next(named[level])
        told = {"key": _key(path), "zh": known[path][0], "en": known[path][1]}
        found[level].append(_feature(shapely.union_all(heaps[path]), **told))
    numbers: Counter[tuple[int, ...]] = Counter()
    for cell in sorted(made.cells, key=lambda cell: (-cell[1], cell[0])):
        path = made.home[cell]
        numbers[path] += 1
        told = {"district": _key(path[:1]), "street": _key(path[:2]), "community": _key(path)}
        told |= {"key": f"{_key(path)}-{numbers[path]}", "n": str(numbers[path]), "zh": known[path][0]}
        found["grid"].append(_feature(made.shapes[cell], **told, en=known[path][1].removesuffix(" Community")))
    return found


def _key(path: Iterable[int]) -> str:
    return "-".join(map(str, path))


def roads(made: Ground) -> list[dict[str, Any]]:
    """Give the streets: the lines of the lattice; only the greater ones cross the river."""
    along = zip(count(), names.roads("路", "Road"), strict=False)
    across = zip(count(), names.roads("街", "Street"), strict=False)
    lines = [(j, name, [node(i / 2, j) for i in range(2 * ACROSS + 1)]) for j, name in along if j <= UP]
    lines += [(i, name, [node(i, j / 2) for j in range(2 * UP + 1)]) for i, name in across if i <= ACROSS]
    found = []
    for number, (chinese, english), points in lines:
        kind = "primary" if number % 8 == 4 else "secondary" if number % 4 == 2 else "residential"
        shape = shapely.LineString(points).intersection(made.land)
        shape = shape if kind == "primary" else shape.difference(made.river)
        if not shape.is_empty:
            found.append(_feature(shape, name=chinese, name_en=english, name_zh=chinese, **{"class": kind}))
    return found


def _parks(made: Ground) -> list[dict[str, Any]]:
    cells = [cell for n, cell in enumerate(made.cells) if n % 41 == 17]
    called = zip(cells, names.FIRST, strict=False)
    return [
        _feature(
            made.shapes[cell].buffer(-EAST / 12).difference(made.river),
            name=f"{chinese}公园", name_en=f"{english} Park", name_zh=f"{chinese}公园",
        )
        for cell, (chinese, english) in called
    ]  # fmt: skip


def _feature(shape: BaseGeometry, **told: str) -> dict[str, Any]:
    return {"type": "Feature", "properties": told, "geometry": shapely.geometry.mapping(shape)}


def _write(folder: Path, files: Mapping[str, list[dict[str, Any]]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, features in files.items():
        text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
        (folder / f"{name}.geojson").write_text(text, encoding="utf-8")
