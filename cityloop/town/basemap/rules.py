"""Cutting: shapes in world coordinates become the tiles of a pyramid, each from the shapes of the one above it."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from cityloop.ground.codes.tiles import EXTENT, Tile, world

MARGIN = 96 / EXTENT  # how far shapes reach beyond their tile, so that no seam shows where a line is wide
SHALLOWEST, DEEPEST = 7, 14  # a browser enlarges the deepest tiles for all closer views
FINE = 5  # steps that a simplified outline may differ: under a pixel
BEYOND = 0.002  # of the world, some 50 km at middle latitudes: as far as the sea goes on beyond its data
WIDE = 300  # times the strip looked at, that is 15 km: what is narrower is an inlet
NAMES_FROM = 12
# Which streets are drawn from which zoom on: the great ones first.
ROADS_FROM = {1: 7, 2: 10, 3: 12, 4: 13}
RANKS = {
    "motorway": 1, "trunk": 1, "highway": 1, "primary": 1, "secondary": 2, "major street": 2, "tertiary": 3,
}  # fmt: skip
PLAIN = 4


class Shape(msgspec.Struct, frozen=True):
    """Something drawn: which layer, what it is called, how great a street it is (0: no street), and its outline."""

    layer: str
    name: str
    rank: int
    geometry: Any

    def drawn_from(self) -> int:
        """Give the zoom from which on it is drawn."""
        return ROADS_FROM[self.rank] if self.rank else 0


def shape_of(layer: str, feature: dict[str, Any]) -> Shape:
    """Make a shape of a GeoJSON feature in degrees: in world coordinates, outlines valid."""
    told = feature.get("properties") or {}
    shape = shapely.transform(shapely.geometry.shape(feature["geometry"]), world)
    if layer != "road":
        shape = shapely.make_valid(shape)
    rank = RANKS.get(str(told.get("class", "")), PLAIN) if layer == "road" else 0
    return Shape(layer, str(told.get("name") or "") if rank else "", rank, shape)


def beyond(seas: list[Shape]) -> list[Shape]:
    """Let the sea go on where the data end: what touches their southern, northern, western or eastern edge.

    Without it a sea would end in a straight line within sight of the city.
    """
    if not seas:
        return []
    whole = shapely.union_all([s.geometry for s in seas])
    west, north, east, south = whole.bounds
    thin = BEYOND / 1000
    strips = (
        ((west, south - thin, east, south), (0, BEYOND)),
        ((west, north, east, north + thin), (0, -BEYOND)),
        ((east - thin, north, east, south), (BEYOND, 0)),
        ((west, north, west + thin, south), (-BEYOND, 0)),
    )
    found = [_stretched(shapely.clip_by_rect(whole, *strip), by, thin) for strip, by in strips]
    corner = shapely.box(east, south, east + BEYOND, south + BEYOND)
    if whole.covers(shapely.Point(east - thin, south - thin)):
        found.append(corner)
    return [Shape("sea", "", 0, shape) for shape in found if not shapely.is_empty(shape)]


def _stretched(strip: BaseGeometry, by: tuple[float, float], thin: float) -> BaseGeometry:
    """Draw a thin strip out in one direction, where it is open sea and not an inlet."""
    wide = [part.bounds for part in shapely.get_parts(strip) if part.length > WIDE * thin]
    dx, dy = by
    drawn = [shapely.box(min(w, w + dx), min(n, n + dy), max(e, e + dx), max(s, s + dy)) for w, n, e, s in wide]
    return shapely.union_all(drawn)


def pyramid(shapes: list[Shape]) -> Iterator[tuple[Tile, bytes]]:
    """Give all tiles that show something, from the whole world down, each encoded."""
    yield from _below((0, 0, 0), shapes)


def _below(tile: Tile, shapes: list[Shape]) -> Iterator[tuple[Tile, bytes]]:
    zoom, column, row = tile
    inside = _clipped(tile, shapes)
    if not inside:
        return
    if zoom >= SHALLOWEST:
        body = _encoded(tile, inside)
        if body:
            yield tile, body
    if zoom < DEEPEST:
        for down in range(2):
            for right in range(2):
                yield from _below((zoom + 1, 2 * column + right, 2 * row + down), inside)


def _clipped(tile: Tile, shapes: list[Shape]) -> list[Shape]:
    zoom, column, row = tile
    size = 1 / (1 << zoom)
    west, north, margin = column * size, row * size, MARGIN * size
    box = (west - margin, north - margin, west + size + margin, north + size + margin)
    cut = shapely.clip_by_rect(np.array([s.geometry for s in shapes], object), *box)
    kept = ~shapely.is_empty(cut)
    return [msgspec.structs.replace(shapes[i], geometry=cut[i]) for i in np.flatnonzero(kept)]


def _encoded(tile: Tile, shapes: list[Shape]) -> bytes:
    zoom, column, row = tile
    side = 1 << zoom
    drawn = [s for s in shapes if s.drawn_from() <= zoom]
    if not drawn:
        return b""
    scaled = shapely.transform(
        np.array([s.geometry for s in drawn], object),
        lambda points: (points * side - (column, row)) * EXTENT,
    )
    simple = shapely.simplify(scaled, FINE, preserve_topology=True)
    layers: dict[str, list[dict[str, Any]]] = {}
    for shape, geometry in zip(drawn, simple, strict=True):
        layers.setdefault(shape.layer, []).extend(_features(shape, geometry, zoom))
    kept = [{"name": name, "features": found} for name, found in layers.items() if found]
    options = {"extents": EXTENT, "y_coord_down": True}
    import mapbox_vector_tile  # only now: 4 MB of every process that cuts no tile

    return bytes(mapbox_vector_tile.encode(kept, default_options=options)) if kept else b""


def _features(shape: Shape, geometry: BaseGeometry, zoom: int) -> Iterable[dict[str, Any]]:
    """Give what a shape becomes in a tile: areas of less than a pixel and scraps of other kinds are left out."""
    told: dict[str, Any] = {"rank": shape.rank} if shape.rank else {}
    if shape.name and zoom >= NAMES_FROM:
        told["name"] = shape.name
    wanted = 1 if shape.rank else 2
    for part in shapely.get_parts(geometry):
        if shapely.get_dimensions(part) != wanted or (wanted == 2 and part.area < 64):
            continue
        yield {"geometry": part, "properties": told}
