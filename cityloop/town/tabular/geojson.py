"""Reading a GeoJSON FeatureCollection as rows: its properties, and the point of its geometry as two columns more."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shapely

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.tabular.whole import read_json

LON, LAT = "geometry.lon", "geometry.lat"


WGS84 = ("CRS84", "4326", "WGS84", "4490")  # EPSG:4490 is CGCS2000, equal to WGS 84 within centimetres


def stranger(document: Any) -> str:
    """Name what else than WGS 84 a document says its coordinates are in; "" where it is that, or says nothing."""
    said = json.dumps(document.get("crs") or WGS84[0], ensure_ascii=False)
    return "" if any(name in said for name in WGS84) else said[:200]


class Found(NamedTuple):
    """The features of a file as rows, the names that any of them has, and what else than WGS 84 they stand in."""

    names: list[str]
    features: list[dict[str, Any]]
    crs: str = ""


def read(path: Path) -> Found:
    """Read a whole file; a feature without a readable geometry has no point."""
    document = read_json(path, _bad)
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or not all(isinstance(one, dict) for one in features):
        raise _bad(path, "it holds no feature collection with features")
    points = _points([one.get("geometry") for one in features])
    rows = [_row(one.get("properties"), point) for one, point in zip(features, points, strict=True)]
    names = list(dict.fromkeys([LON, LAT, *(name for row in rows for name in row)]))
    return Found(names, rows, stranger(document))


def _row(properties: Any, point: tuple[float, float] | None) -> dict[str, Any]:
    own = {str(name): value for name, value in properties.items()} if isinstance(properties, dict) else {}
    return {**own, LON: point[0], LAT: point[1]} if point else {**own, LON: None, LAT: None}


def _points(geometries: list[Any]) -> list[tuple[float, float] | None]:
    """Give a point of each geometry: its own, or one on the line or in the area."""
    plain = [_plain(one) for one in geometries]
    rest = [i for i, (one, point) in enumerate(zip(geometries, plain, strict=True)) if point is None and one]
    shapes = shapely.from_geojson([json.dumps(geometries[i]) for i in rest], on_invalid="ignore")
    inside = shapely.point_on_surface(shapes)
    for i, x, y in zip(rest, shapely.get_x(inside), shapely.get_y(inside), strict=True):
        plain[i] = (float(x), float(y)) if np.isfinite(x) and np.isfinite(y) else None
    return plain


def _plain(geometry: Any) -> tuple[float, float] | None:
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        return None
    place = geometry.get("coordinates")
    if not isinstance(place, list) or len(place) < 2 or any(type(value) not in (int, float) for value in place[:2]):
        return None
    return place[0], place[1]


def _bad(path: Path, why: str) -> Refusal:
    return Refusal("import.geojson", "{file} is no readable GeoJSON: {why}.", "file", file=path.name, why=why)
