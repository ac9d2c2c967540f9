"""Writing units and their shapes, for this room's actions only."""

import secrets
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import shapely
from django.db import transaction
from shapely.geometry.base import BaseGeometry

from cityloop.ground.codes import CodeScheme
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.units import queries
from cityloop.town.units.models import City, CodeHistory, Unit, UnitName, UnitShape
from cityloop.town.units.rules.names import normal
from cityloop.town.units.rules.shapes import Shapes, area_m2, dissolve, label_points, outlines

BATCH = 2000


def touch(city: City) -> None:
    """Tell every process that the units have changed."""
    city.units_version = secrets.token_hex(8)
    City.objects.filter(pk=city.pk).update(units_version=city.units_version)
    queries.forget()
    transaction.on_commit(queries.forget)


def measured(units: Sequence[Unit], shapes: Shapes) -> None:
    """Set area, box and label point of units from their shapes."""
    areas, boxes, points = area_m2(shapes), shapely.bounds(shapes), label_points(shapes)
    for unit, area, box, point in zip(units, areas.tolist(), boxes.tolist(), points.tolist(), strict=True):
        unit.area_m2 = round(area, 1)
        unit.west, unit.south, unit.east, unit.north = box
        unit.lon, unit.lat = point


def add_units(units: Sequence[Unit], shapes: Shapes) -> None:
    """Insert units of one level with their shapes, outlines and first codes."""
    measured(units, shapes)
    Unit.objects.bulk_create(units, batch_size=BATCH)
    thin = outlines(shapes)
    UnitShape.objects.bulk_create(
        [
            UnitShape(unit=unit, wkb=shape, outline=outline)
            for unit, shape, outline in zip(units, wkb(shapes), wkb(thin), strict=True)
        ],
        batch_size=BATCH,
    )
    add_codes(units)


def add_shapeless(units: Sequence[Unit]) -> None:
    """Insert rest and unplaced units with their first codes."""
    Unit.objects.bulk_create(units, batch_size=BATCH)
    add_codes(units)


def add_codes(units: Iterable[Unit]) -> None:
    """Open a code's time for units just inserted."""
    CodeHistory.objects.bulk_create(
        [CodeHistory(unit=unit, code=unit.code, valid_from=unit.valid_from) for unit in units], batch_size=BATCH
    )


def add_names(names: Iterable[tuple[Unit, Iterable[str]]]) -> None:
    """Let units be found under names already normalised."""
    rows = [UnitName(unit=unit, level=unit.level, normal=text) for unit, texts in names for text in sorted(set(texts))]
    UnitName.objects.bulk_create(rows, batch_size=BATCH)


def normal_names(names: Mapping[str, str]) -> set[str]:
    """Give a unit's names in the form look-up uses."""
    return {found for text in names.values() if (found := normal(text))}


def rest_of(unit: Unit, scheme: CodeScheme, at: int) -> Unit:
    """Make the implicit child of an inner unit: what is known to lie in it, and no finer."""
    names = {lang: _REST.get(lang, _REST["en"]).format(text) for lang, text in unit.names.items()}
    return Unit(
        code=scheme.rest_code(unit.code),
        level=unit.level + 1,
        kind=Unit.REST,
        names=names,
        parent=unit,
        valid_from=at,
    )


def unplaced_of(city: Unit, scheme: CodeScheme, at: int) -> Unit:
    """Make the unit for what has no place."""
    return Unit(
        code=scheme.unplaced_code(city.code),
        level=1,
        kind=Unit.UNPLACED,
        names=dict(_UNPLACED),
        parent=city,
        valid_from=at,
    )


def close(units: Iterable[Unit], at: int) -> None:
    """End units and their codes."""
    ended = [unit.pk for unit in units]
    Unit.objects.filter(pk__in=ended).update(valid_to=at)
    CodeHistory.objects.filter(unit__in=ended, valid_to__isnull=True).update(valid_to=at)


def recode(codes: Mapping[int, str], at: int) -> dict[str, str]:
    """Give units (by id) new codes; gives old code to new. Codes may be swapped: they pass through a neutral one."""
    units = list(Unit.objects.filter(pk__in=list(codes)))
    old = {unit.pk: unit.code for unit in units}
    for neutral in (True, False):
        for unit in units:
            unit.code = f"~{unit.pk}" if neutral else codes[unit.pk]
        Unit.objects.bulk_update(units, ["code"], batch_size=BATCH)
    CodeHistory.objects.filter(unit__in=list(codes), valid_to__isnull=True).update(valid_to=at)
    CodeHistory.objects.bulk_create(
        [CodeHistory(unit=unit, code=unit.code, valid_from=at) for unit in units], batch_size=BATCH
    )
    return {old[pk]: code for pk, code in codes.items()}


def reshape_upwards(units: Iterable[Unit]) -> None:
    """Make inner units, and all above them, the dissolve of their children again, the lowest first."""
    waiting = {unit.pk: unit for unit in units}
    while waiting:
        unit = max(waiting.values(), key=lambda found: found.level)
        del waiting[unit.pk]
        below = list(Unit.objects.filter(parent=unit, kind=Unit.NORMAL, valid_to__isnull=True))
        if not below:
            raise Refusal("units.empty", "This would leave {given} without units below it.", "codes", given=unit.code)
        reshape([unit], [dissolve(shapes_of(below))])
        if unit.parent is not None:
            waiting[unit.parent.pk] = unit.parent


def wkb(shapes: Shapes) -> list[bytes]:
    """Give shapes as WKB."""
    return [bytes(found) for found in shapely.to_wkb(shapes)]


def shapes_of(units: Sequence[Unit]) -> Shapes:
    """Read the exact shapes of units, in their order."""
    stored = dict(UnitShape.objects.filter(unit__in=[unit.pk for unit in units]).values_list("unit_id", "wkb"))
    shapes = np.empty(len(units), object)
    shapes[:] = [shapely.from_wkb(bytes(stored[unit.pk])) for unit in units]
    return shapes


def reshape(units: Sequence[Unit], shapes: Sequence[BaseGeometry]) -> None:
    """Replace the shapes of units already stored."""
    array = np.empty(len(shapes), object)
    array[:] = list(shapes)
    measured(units, array)
    Unit.objects.bulk_update(units, ["area_m2", "west", "south", "east", "north", "lon", "lat"], batch_size=BATCH)
    thin = np.asarray(shapely.simplify(array, 0.0003), object)
    for unit, exact, outline in zip(units, wkb(array), wkb(thin), strict=True):
        UnitShape.objects.filter(unit=unit).update(wkb=exact, outline=outline)


_REST = {"en": "{} (no finer)", "zh-hans": "{}（未细分）"}
_UNPLACED = {"en": "Unplaced", "zh-hans": "未定位"}
