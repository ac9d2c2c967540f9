"""Where a row lies: by its point, else by the first area it names that is known, else nowhere."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cityloop.loops.cases.importing.mapping import AreaMap, PlaceMap
from cityloop.town.units import queries as units
from cityloop.town.units.rules.gcj02 import to_wgs84

OUTSIDE, UNREADABLE = "outside_city", "unreadable_place"
Floats = npt.NDArray[np.float64]


class Place:
    """The unit a row is filed under, its point if it lies in the city, and a mark."""

    __slots__ = ("lat", "lon", "mark", "unit")

    def __init__(self, unit: str, lon: float | None = None, lat: float | None = None, mark: str = "") -> None:
        self.unit, self.lon, self.lat, self.mark = unit, lon, lat, mark


def check(rules: PlaceMap) -> None:
    """Refuse a level or layer that the city has not, before its rows are quietly placed nowhere."""
    for number, area in enumerate(rules.areas):
        if area.level:
            units.check_level(area.level, f"place.areas.{number}.level")
        else:
            units.check_layer(area.layer, f"place.areas.{number}.layer")


class Placer:
    """Places many rows at once; area names already looked up are remembered."""

    def __init__(self, rules: PlaceMap) -> None:
        self.rules = rules
        self.scheme = units.scheme()
        self.unplaced = units.unplaced_code()
        self._areas: list[dict[str, str]] = [dict.fromkeys(("", *a.ignore), "") for a in rules.areas]

    def many(self, lons: Sequence[str], lats: Sequence[str], areas: Sequence[Sequence[str]]) -> list[Place]:
        """Give the places of rows, from their coordinates as written and the areas they name (one list an area)."""
        named = self._named(areas, len(lons))
        if not self.rules.lon:
            return [Place(unit) for unit in named]
        xs, ys, marks = self._points(lons, lats)
        found = units.locate_many(xs, ys).tolist()
        rows = zip(found, xs.tolist(), ys.tolist(), marks, named, strict=True)
        return [_place(unit, x, y, mark, known) for unit, x, y, mark, known in rows]

    def _points(self, lons: Sequence[str], lats: Sequence[str]) -> tuple[Floats, Floats, list[str]]:
        marks = [""] * len(lons)
        xs, ys = np.full(len(lons), np.nan), np.full(len(lons), np.nan)
        for row, (lon, lat) in enumerate(zip(lons, lats, strict=True)):
            if not lon.strip() and not lat.strip():
                continue
            point = _point(lon, lat)
            if point is None:
                marks[row] = UNREADABLE
            else:
                xs[row], ys[row] = point
        if self.rules.datum == "gcj02":
            xs, ys = to_wgs84(xs, ys)
        return xs, ys, marks

    def _named(self, areas: Sequence[Sequence[str]], count: int) -> list[str]:
        found = [""] * count
        for known, rule, texts in zip(self._areas, self.rules.areas, areas, strict=True):
            self._learn(known, rule, {text for text in texts if text not in known})
            found = [unit or known[text] for unit, text in zip(found, texts, strict=True)]
        return [unit or self.unplaced for unit in found]

    def _learn(self, known: dict[str, str], rule: AreaMap, texts: set[str]) -> None:
        if not texts:
            return
        found = units.units_named(rule.level, texts) if rule.level else units.areas_named(rule.layer, texts)
        for text in texts:
            unit = found.get(text)
            known[text] = self.scheme.filing_code(unit.code) if unit and unit.level else ""


def _point(lon: str, lat: str) -> tuple[float, float] | None:
    try:
        x, y = float(lon), float(lat)
    except ValueError:
        return None
    if not (math.isfinite(x) and math.isfinite(y)) or not (-180 <= x <= 180 and -90 <= y <= 90) or x == y == 0:
        return None
    return x, y


def _place(unit: str | None, x: float, y: float, mark: str, known: str) -> Place:
    if unit is not None:
        return Place(unit, round(x, 7), round(y, 7))
    if x == x:  # a point, but in no unit of the city
        return Place(known, mark=OUTSIDE)
    return Place(known, mark=mark)
