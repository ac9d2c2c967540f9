"""Reads of units. They never write."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from django.conf import settings
from django.db.models import Q, QuerySet
from shapely.geometry.base import BaseGeometry

from cityloop.ground.codes import CodeScheme, neighbourhood
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.remembered import Remembered
from cityloop.town.columns import under
from cityloop.town.units.models import City, CodeHistory, ReferenceLayer, ReferenceName, Unit, UnitName, UnitShape
from cityloop.town.units.rules.coverage import Finding, Shaped, check_units
from cityloop.town.units.rules.locator import Locator
from cityloop.town.units.rules.names import normal


def cache_seconds() -> float:
    """Give for how long a process may go without asking whether the units have changed."""
    return float(getattr(settings, "CITYLOOP_CACHE_SECONDS", 1.0))


def forget() -> None:
    """Make this process look again at its next question."""
    _city.forget()
    _locator.forget()


# --- the city


def city() -> City:
    """Give the city, kept per process; refuses when none has been loaded."""
    found = _city()
    if found is None:
        raise Refusal("units.none", "No city has been loaded yet; load its units first.")
    return found


def has_city() -> bool:
    """Tell whether a city has been loaded."""
    return _city() is not None


def scheme() -> CodeScheme:
    """Give the city's code scheme."""
    return city().scheme


# --- the tree


def valid() -> "QuerySet[Unit]":
    """Give the units of today, without their shapes."""
    return Unit.objects.filter(valid_to__isnull=True)


def root() -> Unit:
    """Give the city's own unit."""
    return valid().get(level=0)


def count() -> int:
    """Give how many units the city has today, rest and unplaced included. One query."""
    return valid().count()


def level_name(number: int) -> dict[str, str] | str:
    """Give what the city calls a level, 0 the city itself, in the languages it is named in."""
    here = city()
    key = here.scheme.levels[number].name
    found: dict[str, str] | str = here.level_names.get(key) or key.replace("_", " ")
    return found


def unit_of(code: str, field: str = "unit") -> Unit:
    """Give the unit that now bears `code`; refuse an unknown one, naming `field`."""
    found = valid().filter(code=code).first()
    if found is None:
        raise Refusal("units.code.unknown", "There is no unit with the code {given!r}.", field, given=code)
    return found


def unit_at(code: str, at: int) -> Unit | None:
    """Give the unit that bore `code` at the instant `at`."""
    row = CodeHistory.objects.filter(code=code, valid_from__lte=at).filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=at)
    )
    found = row.select_related("unit").first()
    return found.unit if found else None


def children(code: str) -> list[Unit]:
    """Give the units directly under `code` in the order of their codes, rest and unplaced included."""
    return list(valid().filter(parent__code=code, parent__valid_to__isnull=True).order_by("code"))


def tree(code: str = "", depth: int | None = None) -> list[Unit]:
    """Give `code` and all below it (the whole city when empty), in the order of codes, `depth` levels deep."""
    found = valid().filter(under("code", code)).order_by("code")
    if depth is None:
        return list(found)
    top = scheme().level_of(code) if code else 0
    return list(found.filter(level__lte=top + depth))


def listed(code: str, level: int | None, *, after: str, most: int) -> list[Unit]:
    """Give units under `code` in the order of codes, those of one level if named, after a code. One query."""
    found = valid().filter(under("code", code), code__gt=after).order_by("code")
    return list((found if level is None else found.filter(level=level))[:most])


def of_codes(codes: Iterable[str]) -> list[Unit]:
    """Give the units that bear these codes now, in the order of codes. One query."""
    return list(valid().filter(code__in=set(codes)).order_by("code"))


def names_of(codes: Iterable[str]) -> dict[str, dict[str, str]]:
    """Give the names of units by code, in one query."""
    return dict(valid().filter(code__in=set(codes)).values_list("code", "names"))


def paths_of(codes: Iterable[str]) -> dict[str, list[tuple[str, dict[str, str]]]]:
    """Give for each code its path from under the city down, as (code, names) pairs; one query for all."""
    cut = scheme()
    wanted = {code: cut.path(code)[1:] for code in set(codes)}
    names = names_of(part for path in wanted.values() for part in path)
    return {code: [(part, names[part]) for part in path if part in names] for code, path in wanted.items()}


def near(field: str, lon: float, lat: float, radius_m: float) -> Q:
    """Select rows whose cell column `field` lies in the neighbourhood of a point: a few B-tree ranges.

    Holds everything within `radius_m`, and some things further off: sift by `codes.metres_between`.
    """
    found = Q()
    for low, high in neighbourhood(lon, lat, radius_m):
        found |= Q(**{f"{field}__gte": low, f"{field}__lt": high})
    return found


# --- names


def unit_named(level: int | str, text: str) -> Unit | None:
    """Give the one unit of `level` called `text` (case, accents, punctuation, leading zeros aside), or None.

    None also where several units bear the name: an answer must not be a guess.
    """
    return units_named(level, [text]).get(text)


def units_named(level: int | str, texts: Iterable[str]) -> dict[str, Unit]:
    """Give the units of `level` (number or name) for many texts at once; what names none or several is left out."""
    number = scheme().level_named(level) if isinstance(level, str) else level
    wanted = {text: normal(text) for text in set(texts)}
    found: dict[str, set[Unit]] = {}
    for some in _portions(wanted.values()):
        rows = UnitName.objects.filter(level=number, normal__in=some, unit__valid_to__isnull=True)
        for row in rows.select_related("unit"):
            found.setdefault(row.normal, set()).add(row.unit)
    single = {name: next(iter(units)) for name, units in found.items() if len(units) == 1}
    return {text: single[name] for text, name in wanted.items() if name in single}


def search(text: str, most: int = 12) -> list[Unit]:
    """Find units by a part of a name, the widest first, those whose name begins so before others. One query."""
    wanted = normal(text)
    if not wanted:
        return []
    rows = UnitName.objects.filter(normal__contains=wanted, unit__valid_to__isnull=True).select_related("unit")
    found = {row.unit_id: row.unit for row in sorted(rows[:2000], key=lambda r: _rank(r, wanted))}
    return list(found.values())[:most]


def _rank(row: UnitName, wanted: str) -> tuple[bool, int, str]:
    return not row.normal.startswith(wanted), row.level, row.unit.code


def check_layer(key: str, field: str = "layer") -> None:
    """Refuse a reference layer that there is not, naming `field`."""
    known = list(ReferenceLayer.objects.order_by("key").values_list("key", flat=True))
    if key not in known:
        raise Refusal(
            "units.layer.unknown", "There is no reference layer {name!r}; there are: {layers}.", field,
            name=key, layers=", ".join(known) or "-",
        )  # fmt: skip


def check_level(name: str, field: str = "level") -> None:
    """Refuse a level that there is not, naming `field`."""
    try:
        scheme().level_named(name)
    except Refusal as refusal:
        refusal.field = field
        raise


def areas_named(layer: str, texts: Iterable[str]) -> dict[str, Unit]:
    """Give for texts that name areas of a reference layer the finest unit that holds each; others are left out."""
    wanted = {text: normal(text) for text in set(texts)}
    found: dict[str, dict[int, Unit | None]] = {}
    for some in _portions(wanted.values()):
        rows = ReferenceName.objects.filter(layer__key=layer, normal__in=some).select_related("area__unit")
        for row in rows.defer("area__wkb"):
            found.setdefault(row.normal, {})[row.area_id] = row.area.unit
    single = {name: next(iter(areas.values())) for name, areas in found.items() if len(areas) == 1}
    return {
        text: unit for text, name in wanted.items() if (unit := single.get(name)) is not None and unit.valid_to is None
    }


def _portions(names: Iterable[str], size: int = 2000) -> Iterable[list[str]]:
    kept = sorted(set(names) - {""})
    return (kept[start : start + size] for start in range(0, len(kept), size))


# --- places


def locator() -> Locator:
    """Give the locator over the leaves of today, kept per process and version of the units."""
    return _locator()


def locate(lon: float, lat: float) -> str | None:
    """Give the code of the leaf that holds the point, None outside the city; refuses what is no point."""
    return _locator().locate(lon, lat)


def locate_many(lons: npt.ArrayLike, lats: npt.ArrayLike) -> npt.NDArray[np.object_]:
    """Give the leaf codes of many points, None where outside or no number; arrays of shape (n,)."""
    return _locator().locate_many(lons, lats)


def unplaced_code() -> str:
    """Give the code for what has no place."""
    cut = scheme()
    return cut.unplaced_code(root().code)


def filing_code(lon: float | None, lat: float | None, known: str = "") -> str:
    """Give the code to file under: the leaf of the point; else what is `known`, as its rest; else unplaced."""
    leaf = locate(lon, lat) if lon is not None and lat is not None else None
    if leaf:
        return leaf
    return scheme().filing_code(known) if known else unplaced_code()


# --- shapes


def geometry_of(codes: Sequence[str]) -> BaseGeometry:
    """Give the exact union of units."""
    rows = UnitShape.objects.filter(unit__code__in=list(codes), unit__valid_to__isnull=True)
    return shapely.union_all([shapely.from_wkb(bytes(row.wkb)) for row in rows])


def findings() -> list[Finding]:
    """Check the units as they are stored: gaps, overlaps, nesting; what `cityloop check` reports of them."""
    rows = UnitShape.objects.filter(unit__valid_to__isnull=True).order_by("unit__code")
    told = rows.values_list("unit__code", "wkb", "unit__parent__code")
    return check_units(Shaped(code, shapely.from_wkb(bytes(wkb)), parent or "") for code, wkb, parent in told)


def outlines(code: str, level: int) -> list[UnitShape]:
    """Give the outlines of the units of a level under `code`, each with its unit, in the order of codes. One query."""
    return list(_drawn(code, level).select_related("unit").order_by("unit__code").defer("wkb"))


def number_drawn(code: str, level: int) -> int:
    """Count the units of a level under `code` that have an outline. One query."""
    return _drawn(code, level).count()


def _drawn(code: str, level: int) -> "QuerySet[UnitShape]":
    return UnitShape.objects.filter(under("unit__code", code), unit__level=level, unit__valid_to__isnull=True)


def geojson(rows: Iterable[UnitShape], digits: int = 5) -> dict[str, Any]:
    """Give outlines as a FeatureCollection with code, names, level and label point, `digits` decimals."""
    kept = list(rows)
    shapes = shapely.from_wkb([bytes(row.outline) for row in kept])
    texts = shapely.to_geojson(shapely.transform(shapes, lambda points: np.round(points, digits)))
    return {
        "type": "FeatureCollection",
        "features": [_feature(row.unit, text) for row, text in zip(kept, np.atleast_1d(texts), strict=True)],
    }


def _feature(unit: Unit, text: str) -> dict[str, Any]:
    properties = {"code": unit.code, "names": unit.names, "level": unit.level, "label": [unit.lon, unit.lat]}
    return {"type": "Feature", "id": unit.pk, "geometry": json.loads(text), "properties": properties}


# --- kept per process


def _load_city() -> City | None:
    return City.objects.filter(pk=1).first()


def _load_locator() -> Locator:
    rows = UnitShape.objects.filter(unit__is_leaf=True, unit__valid_to__isnull=True).order_by("unit__code")
    pairs = list(rows.values_list("unit__code", "wkb"))
    shapes = np.empty(len(pairs), object)
    shapes[:] = [shapely.from_wkb(bytes(wkb)) for _, wkb in pairs]
    return Locator([code for code, _ in pairs], shapes)


def _version() -> str | None:
    return City.objects.filter(pk=1).values_list("units_version", flat=True).first()


_city = Remembered(_load_city, _version, cache_seconds)
_locator = Remembered(_load_locator, _version, cache_seconds)
