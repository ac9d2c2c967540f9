"""Making the base map of a city from GeoJSON files."""

import gzip
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import shapely
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from cityloop.ground.codes.tiles import latitude
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.basemap import rules

LAYERS = ("sea", "land", "park", "water", "road")
Feature = dict[str, Any]
T = TypeVar("T")


class Source(msgspec.Struct, frozen=True):
    """A GeoJSON file (.geojson or .geojson.gz, WGS 84 degrees) and the layer its features belong to."""

    layer: str
    path: Path
    keep: Callable[[Feature], bool] = lambda _feature: True


def build(sources: Iterable[Source], to: Path, credit: str = "") -> int:
    """Cut the sources into vector tiles and write them as one PMTiles file, in place of one there before.

    Gives the number of tiles. Refuses a file that is not GeoJSON, naming it. `credit` is shown on the map.
    """
    shapes = [shape for source in sources for shape in _shapes(source)]
    shapes += rules.beyond([shape for shape in shapes if shape.layer == "sea"])
    if not shapes:
        raise Refusal("basemap.empty", "There is nothing to draw in these files.")
    # PMTiles wants the tiles along its own curve; they are small, so they wait in memory.
    tiles = sorted((zxy_to_tileid(*tile), gzip.compress(body, 6, mtime=0)) for tile, body in rules.pyramid(shapes))
    new = to.with_name(to.name + ".new")
    with new.open("wb") as file:
        writer = Writer(file)
        for number, body in tiles:
            writer.write_tile(number, body)
        writer.finalize(_header(shapes), {"attribution": credit, "vector_layers": [{"id": name} for name in LAYERS]})
    os.replace(new, to)
    return len(tiles)


def features(source: Source) -> list[Feature]:
    """Give the features of a source that have a shape. Refuses a file that is not GeoJSON, naming it."""
    return _read(source, lambda feature: feature)


def _shapes(source: Source) -> list[rules.Shape]:
    if source.layer not in LAYERS:
        known = ", ".join(LAYERS)
        raise Refusal(
            "basemap.layer", "There is no layer {layer}; there are: {known}.", layer=source.layer, known=known
        )
    return _read(source, lambda feature: rules.shape_of(source.layer, feature))


def _read(source: Source, made: Callable[[Feature], T]) -> list[T]:
    try:
        raw = source.path.read_bytes()
        told = json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
        kept = [f for f in told["features"] if f.get("geometry") and source.keep(f.get("properties") or {})]
        return [made(feature) for feature in kept]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, shapely.errors.ShapelyError) as error:
        raise Refusal(
            "basemap.file", "{file} cannot be read as GeoJSON ({why}).", file=source.path.name, why=str(error)[:200]
        ) from error


def _header(shapes: list[rules.Shape]) -> dict[str, Any]:
    """Say what is in the file; its edges are those of the streets and areas, never more than the world."""
    west, north, east, south = shapely.total_bounds([s.geometry for s in shapes])
    degrees = [(x * 360 - 180, latitude(y)) for x, y in ((west, south), (east, north))]
    (low_lon, low_lat), (high_lon, high_lat) = ((int(lon * 1e7), int(lat * 1e7)) for lon, lat in degrees)
    return {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_zoom": rules.SHALLOWEST,
        "max_zoom": rules.DEEPEST,
        "min_lon_e7": low_lon,
        "min_lat_e7": low_lat,
        "max_lon_e7": high_lon,
        "max_lat_e7": high_lat,
        "center_zoom": rules.SHALLOWEST,
        "center_lon_e7": (low_lon + high_lon) // 2,
        "center_lat_e7": (low_lat + high_lat) // 2,
    }
