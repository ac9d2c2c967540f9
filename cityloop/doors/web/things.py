"""Components on maps, for everybody: tiles of single ones and of counts, and the switch that shows them."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityloop.doors.web.guards import city_page, scope_of
from cityloop.doors.web.show.things import CHIPS, state_name, type_name
from cityloop.doors.web.tiles import OPTIONS, TILE, points
from cityloop.ground.codes.tiles import Tile, tile_of
from cityloop.town.components import onmap
from cityloop.town.components import queries as components

SHALLOWEST, DEEPEST = 8, 18
ALL = "all"
SECONDS = 60


@require_safe
@city_page
def tile(request: HttpRequest, z: str, x: str, y: str) -> HttpResponse:
    """Give the components of a tile that the visitor may see, or their counts by squares where they are many."""
    wanted = tile_of(z, x, y)
    if wanted is None or not SHALLOWEST <= wanted[0] <= DEEPEST:
        raise Http404
    scope = scope_of(request)
    told = onmap.in_tile(wanted, components.seen_by(scope), components.ceiling(scope), chosen(request))
    layers = [_single(wanted, told.marks), _counted(wanted, told.heaps)]
    import mapbox_vector_tile  # only now: 4 MB of every process that draws no tile

    answer = HttpResponse(mapbox_vector_tile.encode(layers, default_options=OPTIONS), content_type=TILE)
    answer["Cache-Control"] = f"private, max-age={SECONDS}"
    patch_vary_headers(answer, ["Cookie", "Accept-Language"])
    return answer


def chosen(request: HttpRequest) -> str:
    """Give the type that is asked for, "" for all."""
    asked = request.GET.get("type", "")
    return "" if asked == ALL else asked[:60]


def _single(tile: Tile, marks: list[onmap.Mark]) -> dict[str, Any]:
    told = [
        {
            "code": mark.code,
            "status": CHIPS[mark.state][0],
            "name": _("{thing}: {state}").format(thing=type_name(mark.type), state=state_name(mark.state)),
            "at": f"{mark.lon:.6f},{mark.lat:.6f}",
        }
        for mark in marks
    ]
    return points("things", tile, [(mark.lon, mark.lat) for mark in marks], told)


def _counted(tile: Tile, heaps: list[onmap.Heap]) -> dict[str, Any]:
    return points("counts", tile, [(heap.lon, heap.lat) for heap in heaps], [{"n": heap.number} for heap in heaps])


def switch(request: HttpRequest, under: str, ceiling: int = 0) -> dict[str, Any]:
    """Give what the switch of a map offers: the types there are in a part of the city, and how many. One query."""
    counted = components.standing_by_type(under, ceiling)
    rows = [(code, type_name(code), number) for code, number in counted.items()]
    asked = request.GET.get("things", "")
    known = {code for code, _name, _number in rows} | {ALL}
    return {
        "things": sorted(rows, key=lambda row: (-row[2], row[1])),
        "things_total": sum(counted.values()),
        "things_on": asked if asked in known else ALL if asked else "",
    }
