"""How many live in each unit: told for the leaves, or for other areas and spread by area; summed upwards."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.units.models import Unit
from cityloop.town.units.planning import Planner
from cityloop.town.units.rules.shapes import Shapes
from cityloop.town.units.rules.unitsmap import LayerMap, PopulationMap, UnitsMap
from cityloop.town.units.sources import read_crosswalk
from cityloop.town.units.store import BATCH


def people(units_map: UnitsMap, planner: Planner, folder: Path, leaves: Sequence[Unit], shapes: Shapes) -> None:
    """Keep how many live in each unit, where that is told: `leaves` are those just inserted, `shapes` theirs."""
    layer = next((layer for layer in units_map.layers if layer.population), None)
    if layer is not None:
        told: Sequence[float | None] = spread(planner, layer, shapes)
    elif units_map.population is not None:
        told = listed(units_map.population, folder, leaves)
    else:
        return
    for leaf, count in zip(leaves, told, strict=True):
        leaf.population = count
    Unit.objects.bulk_update(leaves, ["population"], batch_size=BATCH)
    sum_up()


def sum_up() -> None:
    """Let every inner unit have the inhabitants of the units below it; none is known where one of theirs is not."""
    rows = list(Unit.objects.filter(valid_to__isnull=True, kind=Unit.NORMAL).order_by("-level"))
    if all(row.population is None for row in rows):
        return
    below: dict[int, list[float | None]] = {}
    changed = []
    for row in rows:
        if row.pk in below:
            known = [count for count in below[row.pk] if count is not None]
            total = sum(known) if len(known) == len(below[row.pk]) else None
            if total != row.population:
                row.population = total
                changed.append(row)
        if row.parent_id:
            below.setdefault(row.parent_id, []).append(row.population)
    Unit.objects.bulk_update(changed, ["population"], batch_size=BATCH)


def shared(parts: Sequence[Unit], whole: Sequence[Unit]) -> None:
    """Share the inhabitants of units that end among those in their place, by area."""
    known = [unit.population for unit in whole if unit.population is not None]
    if len(known) != len(whole):
        return
    area = sum(part.area_m2 for part in parts)
    for part in parts:
        part.population = sum(known) * part.area_m2 / area if area else 0.0
    Unit.objects.bulk_update(parts, ["population"])


def spread(planner: Planner, layer: LayerMap, leaves: Shapes) -> list[float]:
    """Give each leaf its share of the inhabitants of the areas it lies in, by area."""
    features = planner.features(layer.source)
    counts = np.array([_number(row.get(layer.population), layer.key) for row in features.properties], float)
    leaf, area = shapely.STRtree(features.shapes).query(leaves, predicate="intersects")
    common = shapely.area(shapely.intersection(leaves[leaf], features.shapes[area]))
    # Shares are of what of an area lies in any leaf: who lives there lives on land of the city.
    whole = np.bincount(area, weights=common, minlength=len(counts))
    parts = np.divide(common, whole[area], out=np.zeros_like(common), where=whole[area] > 0) * counts[area]
    found: list[float] = np.bincount(leaf, weights=parts, minlength=len(leaves)).tolist()
    return found


def listed(told: PopulationMap, folder: Path, leaves: Sequence[Unit]) -> list[float | None]:
    """Give each leaf what a table says of its key; None of one it does not name."""
    table = read_crosswalk(folder / told.file, told.on, told.column)
    return [_number(table[leaf.source_key], told.file) if leaf.source_key in table else None for leaf in leaves]


def _number(value: Any, where: str) -> float:
    try:
        number = float(value or 0)
        if not 0 <= number < 1e10:
            raise ValueError
    except (TypeError, ValueError):
        raise Refusal(
            "units.population", "In {where} a number of inhabitants is {given}.", "population", where=where,
            given=str(value)[:40],
        ) from None  # fmt: skip
    return number
