"""The boundaries of a city file: planned as they will be loaded, each fault told at the key it comes from."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.founding.reading import Draft
from cityloop.town.units.planning import Plan, Planner
from cityloop.town.units.rules.coverage import Finding, Shaped, check_units
from cityloop.town.units.rules.unitsmap import Names, SourceMap, UnitsMap
from cityloop.town.units.sources import read_crosswalk

Loc = tuple[str | int, ...]
_SLOT = re.compile(r"\{(\w+)")


@dataclass
class Grounds:
    """What the boundaries come to: units by level, their codes, and what is worth a look."""

    counts: dict[str, int] = field(default_factory=dict)
    codes: frozenset[str] = frozenset()
    notes: list[Finding] = field(default_factory=list)


def survey(draft: Draft, units_map: UnitsMap) -> Grounds:
    """Read every file that is named and plan the units; where a file is wrong, the plan waits for its mending."""
    before = len(draft.problems)
    try:
        planner = Planner(units_map, draft.folder)
    except Refusal as refusal:
        draft.tell(refusal.code, str(refusal), "codes", refusal.field or "levels")
        return Grounds()
    for loc, source in _sources(units_map):
        _source(draft, planner, source, loc)
    _tables(draft, units_map)
    if len(draft.problems) > before:
        return Grounds()
    _titles(draft, planner, units_map)
    try:
        return _grounds(planner.plan())
    except Refusal as refusal:
        draft.tell(refusal.code, str(refusal), *_place(refusal, planner))
        return Grounds()


def _grounds(plan: Plan) -> Grounds:
    counts = {name: len(level) for (name, _), level in zip(plan.map.codes.levels, plan.levels, strict=True)}
    leaves = [Shaped(unit.code, unit.shape) for unit in plan.levels[-1] if unit.shape is not None]
    codes = frozenset(unit.code for level in plan.levels for unit in level)
    return Grounds(counts, codes, plan.findings + check_units(leaves))


def _sources(units_map: UnitsMap) -> Iterator[tuple[Loc, SourceMap]]:
    for part in ("levels", "layers"):
        for place, row in enumerate(getattr(units_map, part)):
            if row.source is not None:
                yield (part, place, "source"), row.source


def _source(draft: Draft, planner: Planner, source: SourceMap, loc: Loc) -> None:
    try:
        planner.features(source)
    except Refusal as refusal:
        draft.tell(refusal.code, str(refusal), *loc, refusal.field or "file")


def _tables(draft: Draft, units_map: UnitsMap) -> None:
    """Read the tables that are named: crosswalks and inhabitants."""
    wanted: list[tuple[Loc, str, str, str]] = [
        (("levels", place, "up"), level.up.crosswalk, level.up.on, level.up.column)
        for place, level in enumerate(units_map.levels)
        if level.up is not None and level.up.crosswalk
    ]
    if told := units_map.population:
        wanted.append((("population",), told.file, told.on, told.column))
    for loc, file, on, column in wanted:
        try:
            read_crosswalk(draft.folder / file, on, column)
        except Refusal as refusal:
            named = "crosswalk" if loc[0] == "levels" else "file"
            draft.tell(refusal.code, str(refusal), *loc, "column" if refusal.field == "column" else named)


def _titles(draft: Draft, planner: Planner, units_map: UnitsMap) -> None:
    """Want every property that a name is made of; one that is missing would leave nothing, and say nothing."""
    for place, level in enumerate(units_map.levels):
        if level.source is not None:
            _title(draft, planner, level.source, level.title, ("levels", place, "title"))
    for place, layer in enumerate(units_map.layers):
        _title(draft, planner, layer.source, layer.title, ("layers", place, "title"))


def _title(draft: Draft, planner: Planner, source: SourceMap, title: Names, loc: Loc) -> None:
    known = {"key"}.union(*planner.features(source).properties)
    for template in [title] if isinstance(title, str) else title.values():
        for name in _SLOT.findall(template):
            if name not in known:
                said = f"{source.file} has no property {name}; there are {', '.join(sorted(known))}"
                draft.tell("founding.title", said, *loc)


def _place(refusal: Refusal, planner: Planner) -> Loc:
    """Give the key that a refusal of the plan is about."""
    path = tuple((refusal.field or "levels").split("."))
    if path[0] != "levels":
        return path
    names = [level.name for level in planner.map.levels]
    named = refusal.params.get("level") or refusal.params.get("name")
    if named in names:
        return ("levels", names.index(named), *path[1:])
    by_segment = (place for place, level in enumerate(planner.map.levels) if level.segment)
    place = next(by_segment, None) if path[1:] == ("segment",) else None
    return ("levels", place, *path[1:]) if place is not None else path
