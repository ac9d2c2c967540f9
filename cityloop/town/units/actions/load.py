"""Loading a city's units from its map, once; reforms come afterwards, with lineage."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from django.db import transaction

from cityloop.ground.codes import scheme_data
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.ground.worktime import check_zone
from cityloop.town.ledger.actions import record
from cityloop.town.units import peopling, store
from cityloop.town.units.events import UnitsLoaded
from cityloop.town.units.models import City, ReferenceArea, ReferenceLayer, ReferenceName, Unit
from cityloop.town.units.planning import Keys, Plan, Planned, Planner, aliases, titles
from cityloop.town.units.rules.coverage import Finding, Shaped, check_units
from cityloop.town.units.rules.names import filled, normal
from cityloop.town.units.rules.shapes import Shapes
from cityloop.town.units.rules.unitsmap import LayerMap, UnitsMap, read_map


@dataclass(frozen=True)
class LoadReport:
    """What was loaded: units by level name, areas by layer, and what should be looked at."""

    city: str
    units: dict[str, int]
    layers: dict[str, int]
    findings: list[Finding] = field(default_factory=list)
    event: UnitsLoaded | None = None


@transaction.atomic
def load_units(map: Mapping[str, Any], folder: Path, *, by: Actor, at: int, check: bool = True) -> LoadReport:
    """Make the city and its units, rest and unplaced included, from a units map and the files in `folder`.

    Refuses a second load, and a map or file that is wrong, naming the field. `check` looks for gaps and overlaps
    among the leaves and reports them; it never changes what is loaded.
    """
    if City.objects.exists():
        raise Refusal("units.loaded", "This city has its units; change them by split, merge or renumber.", "map")
    units_map = read_map(dict(map))
    check_zone(units_map.city.zone, "city.zone")
    planner = Planner(units_map, folder)
    plan = planner.plan()
    city = _keep_city(plan)
    made = _keep_units(plan, at)
    leaves = [made[planned.keys] for planned in plan.levels[-1]]
    peopling.people(units_map, planner, folder, leaves, _shapes(plan.levels[-1]))
    layers = {layer.key: _keep_layer(planner, layer, made) for layer in units_map.layers}
    counts = {name: len(level) for (name, _), level in zip(units_map.codes.levels, plan.levels, strict=True)}
    _record(city, plan, counts, by, at)
    store.touch(city)
    findings = plan.findings + (_checked(plan) if check else [])
    return LoadReport(city.key, counts, layers, findings, UnitsLoaded(city.key, sum(counts.values()), at))


def _keep_city(plan: Plan) -> City:
    given = plan.map.city
    levels: dict[str, Any] = {plan.map.codes.levels[0][0]: filled(plan.map.city_level_names, {})}
    levels |= {level.name: filled(level.names or level.name.capitalize(), {}) for level in plan.map.levels}
    return City.objects.create(
        key=given.key,
        names=given.names,
        country=given.country,
        zone=given.zone,
        code_scheme=scheme_data(plan.scheme),
        level_names=levels,
        case_prefix=given.case_prefix,
        loop_profile=given.loop_profile,
        kind=given.kind,
        languages=list(given.languages),
        map_view=given.map_view or _view(plan),
    )


def _view(plan: Plan) -> dict[str, float]:
    west, south, east, north = plan.levels[0][0].shape.bounds  # type: ignore[union-attr]
    zoom = np.log2(360 / max(east - west, north - south, 1e-6))
    return {"lon": round((west + east) / 2, 5), "lat": round((south + north) / 2, 5), "zoom": round(float(zoom), 1)}


def _keep_units(plan: Plan, at: int) -> dict[Keys, Unit]:
    """Insert level by level, each followed by the rests of the level above."""
    made: dict[Keys, Unit] = {}
    for number, level in enumerate(plan.levels):
        units = [_unit(plan, planned, made, at) for planned in level]
        store.add_units(units, _shapes(level))
        made |= {planned.keys: unit for planned, unit in zip(level, units, strict=True)}
        store.add_names((unit, aliases(plan, planned)) for planned, unit in zip(level, units, strict=True))
        if number < plan.scheme.depth:
            store.add_shapeless([store.rest_of(unit, plan.scheme, at) for unit in units])
    store.add_shapeless([store.unplaced_of(made[()], plan.scheme, at)])
    return made


def _unit(plan: Plan, planned: Planned, made: Mapping[Keys, Unit], at: int) -> Unit:
    return Unit(
        code=planned.code,
        level=planned.level,
        names=titles(plan, planned),
        parent=made[planned.keys[:-1]] if planned.keys else None,
        source_key=(planned.keys[-1] if planned.keys else plan.map.city.key)[:60],
        is_leaf=planned.level == plan.scheme.depth,
        valid_from=at,
    )


def _shapes(level: list[Planned]) -> Shapes:
    shapes = np.empty(len(level), object)
    shapes[:] = [planned.shape for planned in level]
    return shapes


# --- reference layers


def _keep_layer(planner: Planner, layer: LayerMap, made: Mapping[Keys, Unit]) -> int:
    features = planner.features(layer.source)
    row = ReferenceLayer.objects.create(
        key=layer.key, names=filled(layer.names, {}), source=layer.origin, terms=layer.terms, postal=layer.postal
    )
    within = _finest_holding(list(made.values()), features.shapes, layer.within)
    properties = [{"key": key, **found} for key, found in zip(features.keys, features.properties, strict=True)]
    areas = [
        ReferenceArea(layer=row, key=key[:60], names=filled(layer.title, found), unit=unit, wkb=wkb)
        for key, found, unit, wkb in zip(features.keys, properties, within, store.wkb(features.shapes), strict=True)
    ]
    ReferenceArea.objects.bulk_create(areas, batch_size=store.BATCH)
    names = [
        ReferenceName(area=area, layer=row, normal=text)
        for area, found in zip(areas, properties, strict=True)
        for text in _layer_names(layer, area, found)
    ]
    ReferenceName.objects.bulk_create(names, batch_size=store.BATCH)
    return len(areas)


def _layer_names(layer: LayerMap, area: ReferenceArea, properties: Mapping[str, Any]) -> list[str]:
    texts = [area.key, *area.names.values()]
    for template in layer.aliases:
        for text in filled(template, properties).values():
            texts += [text, *text.split(",")]
    return sorted({found for text in texts if (found := normal(text))})


def _finest_holding(units: list[Unit], areas: Shapes, share: float) -> list[Unit | None]:
    """Give for each area the finest unit in which at least `share` of it lies: a unit is the sum of its leaves."""
    by_code = {unit.code: unit for unit in units}
    leaves = [unit for unit in units if unit.is_leaf]
    shapes = store.shapes_of(leaves)
    area, leaf = shapely.STRtree(shapes).query(areas, predicate="intersects")
    common = shapely.area(shapely.intersection(areas[area], shapes[leaf]))
    inside: dict[tuple[int, str], float] = defaultdict(float)
    for one, other, part in zip(area.tolist(), leaf.tolist(), common.tolist(), strict=True):
        code = leaves[other].code
        while code:
            inside[one, code] += part
            code = _parent(by_code, code)
    wanted = (share * shapely.area(areas)).tolist()
    best: dict[int, Unit] = {}
    for (one, code), part in inside.items():
        if part >= wanted[one] and (one not in best or by_code[code].level > best[one].level):
            best[one] = by_code[code]
    return [best.get(index) for index in range(len(areas))]


def _parent(by_code: Mapping[str, Unit], code: str) -> str:
    parent = by_code[code].parent
    return parent.code if parent else ""


# --- telling


def _record(city: City, plan: Plan, counts: Mapping[str, int], by: Actor, at: int) -> None:
    digest = hashlib.sha256()
    for level in plan.levels:
        for planned, wkb in zip(level, store.wkb(_shapes(level)), strict=True):
            digest.update(planned.code.encode() + wkb)
    data = {"city": city.key, "units": dict(counts), "digest": digest.hexdigest()}
    record(subject="units:city", kind="loaded", what=city.key[:40], by=by, at=at, data=data)


def _checked(plan: Plan) -> list[Finding]:
    leaves = [Shaped(planned.code, planned.shape) for planned in plan.levels[-1] if planned.shape is not None]
    return check_units(leaves)


def findings_by_kind(report: LoadReport) -> dict[str, int]:
    """Count what should be looked at, by kind."""
    return dict(Counter(found.code for found in report.findings))


__all__ = ["LoadReport", "UnitsMap", "findings_by_kind", "load_units"]
