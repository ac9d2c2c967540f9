"""Reading polygons and crosswalks from files."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import shapely

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.tabular.geojson import stranger
from cityloop.town.tabular.whole import read_json, read_text
from cityloop.town.units.rules.gcj02 import shapes_to_wgs84
from cityloop.town.units.rules.shapes import Shapes, polygonal


@dataclass(frozen=True)
class Features:
    """Polygons in WGS 84 degrees with their properties and keys, in file order."""

    keys: list[str]
    properties: list[dict[str, Any]]
    shapes: Shapes

    def by_key(self) -> dict[str, dict[str, Any]]:
        """Give each key's properties."""
        return dict(zip(self.keys, self.properties, strict=True))


def read_features(path: Path, key: str, datum: Literal["wgs84", "gcj02"] = "wgs84") -> Features:
    """Read a GeoJSON FeatureCollection (plain or gzip) of polygons; `key` names the property that tells them apart.

    GCJ-02 coordinates are turned into WGS 84. Features with the same key are joined. Refuses what is no such file.
    """
    document = read_json(path, _bad)
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or not features:
        raise _bad(path, "it holds no feature collection with features")
    _check_datum(path, document)
    shapes = _shapes(path, features)
    if datum == "gcj02":
        shapes = shapes_to_wgs84(shapes)
    properties = [dict(feature.get("properties") or {}) for feature in features]
    return _joined(path, key, properties, shapes)


def properties_of(path: Path) -> list[str]:
    """Give the names of the properties that the first feature of a file has; refuse what is no such file."""
    document = read_json(path, _bad)
    features = document.get("features") if isinstance(document, dict) else None
    first = features[0] if isinstance(features, list) and features else None
    named = list((first.get("properties") or {}) if isinstance(first, dict) else {})
    if not named:
        raise _bad(path, "its first feature has no properties")
    return named


def read_crosswalk(path: Path, on: str, column: str) -> dict[str, str]:
    """Read a CSV (UTF-8, plain or gzip) as a mapping from column `on` to column `column`."""
    try:
        rows = csv.DictReader(io.StringIO(read_text(path, _bad)))
        found = {row[on]: row[column] for row in rows}
    except (KeyError, csv.Error) as error:
        raise _bad(path, f"it has no column {error}", "column") from error
    return found


def _check_datum(path: Path, document: dict[str, Any]) -> None:
    if crs := stranger(document):
        raise _bad(path, f"its coordinates are in {crs}; convert them to WGS 84, or declare datum = 'gcj02'", "datum")


def _shapes(path: Path, features: list[Any]) -> Shapes:
    try:
        shapes = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in features])
    except (TypeError, KeyError, AttributeError, shapely.GEOSException) as error:
        raise _bad(path, f"a feature has no readable geometry ({error})") from error
    whole = np.array([polygonal(shape) if shape is not None else shapely.Polygon() for shape in shapes], object)
    empty = np.flatnonzero(shapely.is_empty(whole))
    if len(empty):
        raise _bad(path, f"feature {int(empty[0]) + 1} is no polygon")
    west, south, east, north = shapely.total_bounds(whole)
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise _bad(path, "its coordinates are not longitude and latitude in degrees")
    return whole


def _joined(path: Path, key: str, properties: list[dict[str, Any]], shapes: Shapes) -> Features:
    groups: dict[str, list[int]] = {}
    for index, row in enumerate(properties):
        if row.get(key) in (None, ""):
            raise _bad(path, f"feature {index + 1} has no property {key!r}; {_names(row)}", "key")
        groups.setdefault(str(row[key]), []).append(index)
    joined = np.empty(len(groups), object)
    joined[:] = [shapes[i[0]] if len(i) == 1 else shapely.union_all(shapes[i]) for i in groups.values()]
    return Features(list(groups), [properties[i[0]] for i in groups.values()], joined)


def _names(row: Mapping[str, Any]) -> str:
    """Say which properties a feature has."""
    return f"it has {', '.join(map(str, list(row)[:40]))}" if row else "it has none"


def _bad(path: Path, why: str, field: str = "file") -> Refusal:
    return Refusal("units.source", "{file} cannot be used: {why}.", field, file=path.name, why=why)
