"""From a units map and its files to a plan: which units there are, with which codes, names and shapes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from cityloop.ground.codes import CodeScheme, scheme_of
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.units.rules import mosaic
from cityloop.town.units.rules.coverage import Finding
from cityloop.town.units.rules.names import filled, normal
from cityloop.town.units.rules.numbering import reading_order
from cityloop.town.units.rules.shapes import Shapes, dissolve
from cityloop.town.units.rules.unitsmap import LevelMap, SourceMap, UnitsMap
from cityloop.town.units.sources import Features, read_crosswalk, read_features

Keys = tuple[str, ...]
MOST_OF_IT = 0.9  # a leaf of which less lies in its unit is named: borders drawn one by one differ by a little


@dataclass
class Planned:
    """One unit to be: its path of source keys, level, properties, children, and what planning adds."""

    keys: Keys
    properties: dict[str, Any]
    children: list["Planned"] = field(default_factory=list)
    shape: BaseGeometry | None = None
    code: str = ""

    @property
    def level(self) -> int:
        """Give the level; the city's is 0."""
        return len(self.keys)


@dataclass
class Plan:
    """All units of a city, by level, the city first; and what was noticed on the way."""

    map: UnitsMap
    scheme: CodeScheme
    levels: list[list[Planned]]
    findings: list[Finding]


@dataclass(frozen=True)
class _Base:
    """The polygons that everything is built of: the leaves, or what a grid is cut from."""

    keys: list[Keys]
    properties: list[dict[str, Any]]
    shapes: Shapes


class Planner:
    """Reads each file of a map once, and makes the plan."""

    def __init__(self, units_map: UnitsMap, folder: Path) -> None:
        self.map, self.folder = units_map, folder
        self.scheme = scheme_of(units_map.codes.model_dump())
        self.findings: list[Finding] = []
        self._read: dict[SourceMap, Features] = {}

    def plan(self) -> Plan:
        """Read, group, fit, cut, name and number."""
        base = self._base()
        if self.map.levels[-1].grid:
            base = self._cut(base)
        city = self._tree(base)
        _dissolve(city)
        self._number(city, self._city_code())
        levels: list[list[Planned]] = [[city]]
        while levels[-1] and len(levels) <= self.scheme.depth:
            levels.append([child for unit in levels[-1] for child in unit.children])
        return Plan(self.map, self.scheme, levels, self.findings)

    def features(self, source: SourceMap) -> Features:
        """Give the polygons of `source`."""
        if source not in self._read:
            self._read[source] = read_features(self.folder / source.file, source.key, source.datum)
        return self._read[source]

    def _city_code(self) -> str:
        code = self.map.city.code
        if len(code) != self.scheme.lengths[0] or code.strip(self.scheme.alphabet):
            raise Refusal("units.map", "The city's code does not fit [codes].", "city.code")
        return code

    # --- grouping

    def _base(self) -> _Base:
        """Give the base polygons with their path of keys, cut along another level's borders where asked."""
        depth = len(self.map.levels) if self.map.levels[-1].source else len(self.map.levels) - 1
        level = self.map.levels[depth - 1]
        if level.source is None:
            raise Refusal(
                "units.map",
                "Level {name} needs polygons: give it a source or, if it is a grid, put a level above it that has one; "
                "one polygon of the whole city is enough.",
                "levels",
                name=level.name,
            )
        features = self.features(level.source)
        columns = [self._up(upper, features) for upper in self.map.levels[: depth - 1]]
        if not (self.map.levels[-1].grid and depth == len(self.map.levels)):
            columns.append(features.keys)
        shapes = self._fitted(level, features, columns) if level.fit_to else features.shapes
        if level.mend_gaps_m:
            shapes = mosaic.mended(shapes, level.mend_gaps_m)
        paths: list[Keys] = [tuple(column[i] for column in columns) for i in range(len(shapes))]
        return _Base(paths, features.properties, shapes)

    def _up(self, level: LevelMap, leaves: Features) -> list[str]:
        """Give for each leaf the key of its unit of `level`."""
        up = level.up
        if up is None:
            raise Refusal("units.map", "Level {name} needs 'up'.", "levels.up", name=level.name)
        if up.overlap:
            return self._by_overlap(level, leaves)
        if up.crosswalk:
            table = read_crosswalk(self.folder / up.crosswalk, up.on, up.column)
            keys = [_key(table.get(key)) for key in leaves.keys]
        elif up.via:
            via = self.map.levels[self.scheme.level_named(up.via) - 1]
            rows = self._properties(via)
            keys = [_key(rows.get(key, {}).get(up.property)) for key in self._up(via, leaves)]
        else:
            keys = [_key(row.get(up.property)) for row in leaves.properties]
        return self._all_found(level, leaves, keys)

    def _all_found(self, level: LevelMap, leaves: Features, keys: Sequence[str | None]) -> list[str]:
        lost = [leaf for leaf, key in zip(leaves.keys, keys, strict=True) if key is None]
        if lost:
            raise Refusal(
                "units.map.orphans",
                "{n} units find no {level}, the first is {first}.",
                "levels.up",
                n=len(lost),
                level=level.name,
                first=lost[0],
            )
        return [key for key in keys if key is not None]

    def _by_overlap(self, level: LevelMap, leaves: Features) -> list[str]:
        if level.source is None:
            raise Refusal("units.map", "Overlap needs a source at level {name}.", "levels.up", name=level.name)
        areas = self.features(level.source)
        leaf, area = shapely.STRtree(areas.shapes).query(leaves.shapes, predicate="intersects")
        shares = shapely.area(shapely.intersection(leaves.shapes[leaf], areas.shapes[area]))
        best: dict[int, tuple[float, int]] = {}
        for one, other, share in zip(leaf.tolist(), area.tolist(), shares.tolist(), strict=True):
            if share > 0:
                best[one] = max(best.get(one, (0.0, -1)), (share, other))
        keys = [areas.keys[best[i][1]] if i in best else None for i in range(len(leaves.keys))]
        shares_of = {i: share / shapely.area(leaves.shapes[i]) for i, (share, _area) in best.items()}
        self.findings += [
            Finding("units.leaf.partly", (leaves.keys[i], str(keys[i])), f"Only {share:.0%} of the first lies in it.")
            for i, share in sorted(shares_of.items(), key=lambda one: one[1])
            if share < MOST_OF_IT
        ]
        return self._all_found(level, leaves, keys)

    def _fitted(self, level: LevelMap, leaves: Features, columns: list[list[str]]) -> Shapes:
        """Cut the leaves along the borders of the level they are fitted to."""
        number = self.scheme.level_named(level.fit_to)
        upper = self.map.levels[number - 1]
        if upper.source is None or not 0 < number <= len(columns):
            raise Refusal("units.map", "fit_to names an upper level with a source.", "levels.fit_to")
        areas = self.features(upper.source)
        place = {key: index for index, key in enumerate(areas.keys)}
        home = [place.get(key, mosaic.NOBODY) for key in columns[number - 1]]
        shapes, strays = mosaic.fit_to(leaves.shapes, home, areas.shapes)
        self.findings += [
            Finding("units.fit.astray", (leaves.keys[i],), f"Part of it lies in another {upper.name} and stayed.")
            for i in strays
        ]
        return shapes

    def _cut(self, base: _Base) -> _Base:
        """Cut the base polygons into grid cells."""
        grid = self.map.levels[-1].grid
        if grid is None:
            return base
        cells, owner, places = mosaic.grid(
            base.shapes, cell_m=grid.cell_m, target_area_m2=grid.target_area_m2, sliver=grid.sliver
        )
        paths = [(*base.keys[parent], f"cell{n}") for n, parent in enumerate(owner.tolist())]
        return _Base(paths, [{"row": row, "column": column} for row, column in places.tolist()], cells)

    # --- tree, codes

    def _tree(self, base: _Base) -> Planned:
        city = Planned((), {"key": self.map.city.key})
        known: dict[Keys, Planned] = {(): city}
        tables = [self._properties(level) for level in self.map.levels]
        for path, row, shape in zip(base.keys, base.properties, base.shapes, strict=True):
            if shapely.is_empty(shape):
                self.findings.append(Finding("units.leaf.empty", path, "It has no area of its own and is left out."))
                continue
            for depth in range(1, len(path) + 1):
                if path[:depth] not in known:
                    key = path[depth - 1]
                    unit = Planned(path[:depth], {"key": key, **tables[depth - 1].get(key, {})})
                    known[path[:depth]] = unit
                    known[path[: depth - 1]].children.append(unit)
            leaf = known[path]
            leaf.properties |= row
            leaf.shape = shape
        return city

    def _properties(self, level: LevelMap) -> dict[str, dict[str, Any]]:
        return self.features(level.source).by_key() if level.source else {}

    def _number(self, unit: Planned, code: str) -> None:
        unit.code = code
        if not unit.children:
            return
        level = self.map.levels[unit.level]
        if level.segment:
            segments = [self._segment(level, child) for child in unit.children]
            codes = [self.scheme.child_code(code, segment) for segment in segments]
        else:
            unit.children = _in_order(unit.children, bool(level.grid))
            codes = [self._numbered(level, code, n) for n in range(1, len(unit.children) + 1)]
        twice = [found for found, times in Counter(codes).items() if times > 1]
        if twice:
            raise Refusal("units.map.code_twice", "Two units get the code {given}.", "levels.segment", given=twice[0])
        for child, child_code in zip(unit.children, codes, strict=True):
            self._number(child, child_code)

    def _numbered(self, level: LevelMap, code: str, number: int) -> str:
        try:
            return self.scheme.numbered(code, number)
        except Refusal as error:
            raise Refusal(
                "units.map.too_many",
                "{given} has more units of level {level} than its width allows; widen it.",
                "codes.levels",
                given=code,
                level=level.name,
            ) from error

    def _segment(self, level: LevelMap, unit: Planned) -> str:
        value = str(unit.properties.get(level.segment, ""))
        return value[-level.segment_last :] if level.segment_last else value


def _key(value: Any) -> str | None:
    """Give the key that a property holds; a blank names no unit."""
    text = "" if value is None else str(value)
    return text if text.strip() else None


def _in_order(units: list[Planned], cells: bool) -> list[Planned]:
    """Give units from west to east, row after row from the north; cells by their place in the lattice."""
    if cells:
        return sorted(units, key=lambda cell: (cell.properties["row"], cell.properties["column"]))
    order = reading_order(np.array([unit.shape for unit in units], object))
    return [units[i] for i in order]


def titles(plan: Plan, unit: Planned) -> dict[str, str]:
    """Give the unit's names."""
    if unit.level == 0:
        return dict(plan.map.city.names)
    return filled(plan.map.levels[unit.level - 1].title, unit.properties) or {"en": unit.keys[-1]}


def aliases(plan: Plan, unit: Planned) -> set[str]:
    """Give every text that names the unit, normalised: names, source key, declared aliases."""
    extra: Sequence[str] = plan.map.levels[unit.level - 1].aliases if unit.level else (plan.map.city.key,)
    texts = [*titles(plan, unit).values(), *unit.keys[-1:]]
    texts += [text for template in extra for text in filled(template, unit.properties).values()]
    return {found for text in texts if (found := normal(text))}


def _dissolve(unit: Planned) -> BaseGeometry:
    if unit.children:
        unit.shape = dissolve(np.array([_dissolve(child) for child in unit.children], object))
    if unit.shape is None:
        raise Refusal("units.map.empty", "The map yields no unit with a shape.", "levels")
    return unit.shape
