"""Tiles: the base map for everybody, single cases for those whose posts show them."""

import gzip
import json
from typing import Any

import shapely
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

from cityloop.doors.web.guards import desk_page, scope_of
from cityloop.doors.web.show import names
from cityloop.ground.codes.tiles import EXTENT, Tile, box_of, steps, tile_of
from cityloop.loops.cases import numbers, onmap
from cityloop.town.basemap import queries as basemap
from cityloop.town.calendar.clock import city_clock
from cityloop.town.orgs.authority import Scope

SHALLOWEST = 11  # further off, units are shaded by their counts instead
WIDE = 12  # down to here a tile spans ten kilometres
TILE = "application/vnd.mapbox-vector-tile"
OPTIONS = {"extents": EXTENT, "y_coord_down": True}
Layer = dict[str, Any]
ADDRESS = "{z}/{x}/{y}.pbf"


@require_safe
def base(request: HttpRequest) -> HttpResponse:
    """Describe the base map as TileJSON, or name the style of another server; `{}` where there is neither."""
    told: dict[str, Any] = {"style": settings.MAP_STYLE} if settings.MAP_STYLE else {}
    found = None if told else basemap.opened(settings.MAP_FILE)
    if found:
        about = found.about
        root = reverse("base-tile", args=["0", "0", "0"]).removesuffix("0/0/0.pbf")
        told = {
            "tilejson": "3.0.0",
            "tiles": [f"{root}{ADDRESS}?v={about.version}"],
            "minzoom": about.shallowest,
            "maxzoom": about.deepest,
            "bounds": about.box,
            "attribution": about.credit,
            "vector_layers": [{"id": name, "fields": {}} for name in about.layers],
        }
    answer = HttpResponse(json.dumps(told, ensure_ascii=False), content_type="application/json")
    answer["Cache-Control"] = "public, max-age=60"
    return answer


@require_safe
def base_tile(request: HttpRequest, z: str, x: str, y: str) -> HttpResponse:
    """Give a tile of the base map; its address holds the version, so it is kept for ever."""
    tile, found = tile_of(z, x, y), basemap.opened(settings.MAP_FILE)
    if tile is None or found is None:
        raise Http404
    tag = f'"{found.about.version}"'
    if tag in parse_etags(request.headers.get("If-None-Match", "")):
        return _kept(HttpResponse(status=304), tag)
    body = found.tile(tile)
    if body is None:
        return _kept(HttpResponse(status=204), tag)
    zipped = found.zipped and "gzip" in request.headers.get("Accept-Encoding", "")
    answer = HttpResponse(gzip.decompress(body) if found.zipped and not zipped else body, content_type=TILE)
    if zipped:
        answer["Content-Encoding"] = "gzip"
    return _kept(answer, tag)


def _kept(answer: HttpResponse, tag: str) -> HttpResponse:
    answer["ETag"] = tag
    answer["Cache-Control"] = "public, max-age=31536000, immutable"
    patch_vary_headers(answer, ["Accept-Encoding"])
    return answer


@require_safe
@desk_page
def case_tile(request: HttpRequest, z: str, x: str, y: str) -> HttpResponse:
    """Give the open cases of a tile that someone may see, or their counts by squares where they are many.

    At most two queries besides those that say who it is.
    """
    tile = tile_of(z, x, y)
    if tile is None or tile[0] < SHALLOWEST:
        raise Http404
    scope, now = scope_of(request), city_clock.now()
    layers = [_layer(tile, scope, now)]
    import mapbox_vector_tile  # only now: 4 MB of every process that draws no tile

    return HttpResponse(mapbox_vector_tile.encode(layers, default_options=OPTIONS), content_type=TILE)


def _layer(tile: Tile, scope: Scope, now: int) -> Layer:
    """Give single cases or, where they are too many, counts. Of a wide tile they mostly are: it is counted first."""
    wide = tile[0] <= WIDE
    heaps = onmap.heaps_in(tile, scope, now) if wide else []
    many = sum(heap.open for heap in heaps) > onmap.MOST
    marks = None if many else onmap.marks_in(tile, scope)
    if marks is not None:
        return _marks(tile, marks, now)
    return _heaps(tile, heaps if wide else onmap.heaps_in(tile, scope, now))


def _marks(tile: Tile, marks: list[onmap.Mark], now: int) -> Layer:
    places = [(mark.lon, mark.lat) for mark in marks]
    told = [
        {
            "number": numbers.number_of(mark.id, mark.created),
            "status": status(mark, now),
            "name": names.matter(mark.matter),
        }
        for mark in marks
    ]
    return points("cases", tile, places, told)


def _heaps(tile: Tile, heaps: list[onmap.Heap]) -> Layer:
    places = [(heap.lon, heap.lat) for heap in heaps]
    return points("heaps", tile, places, [{"open": heap.open, "over": heap.over} for heap in heaps])


def points(name: str, tile: Tile, places: list[tuple[float, float]], told: list[dict[str, Any]]) -> Layer:
    """Put points into a tile; those beyond its edges belong to its neighbours."""
    west, south, east, north = box_of(tile)
    kept = [i for i, (lon, lat) in enumerate(places) if west <= lon < east and south <= lat < north]
    drawn = shapely.points(steps(tile, [places[i] for i in kept])) if kept else []
    return {
        "name": name,
        "features": [{"geometry": point, "properties": told[i]} for point, i in zip(drawn, kept, strict=True)],
    }


def status(mark: onmap.Mark, now: int) -> str:
    """Give the status a mark is drawn in, from the limit of its case alone, as the list of cases does."""
    if mark.due is None:
        return "wait"
    if now > mark.due:
        return "over"
    return "due" if 5 * (now - mark.created) >= 4 * (mark.due - mark.created) else "ontime"
