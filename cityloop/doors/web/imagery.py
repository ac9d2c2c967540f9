"""Pictures from above on maps: what a map may choose from, whose servers it may ask, and tiles of our own."""

import json
from datetime import date
from typing import Any, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityloop.doors.web.guards import city_page, scope_of
from cityloop.doors.web.show import names
from cityloop.doors.web.show.times import day, local
from cityloop.ground.codes.tiles import Tile, tile_at, tile_of
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.imagery import queries as imagery
from cityloop.town.orgs.authority import Scope

DAY = 86_400
NEAR = 17  # the zoom of the one tile that stands for a place where no script runs


@require_safe
@city_page
def tile(request: HttpRequest, key: str, z: str, x: str, y: str) -> HttpResponse:
    """Give a tile of a picture of our own to who may look at it: asked each time, sent again only when it changed.

    No query of its own while the register stays as it is.
    """
    wanted, layer = tile_of(z, x, y), imagery.looked_at(scope_of(request), key)
    version = imagery.version(layer) if layer.kind == "cog" else ""
    if wanted is None or not version:
        raise Http404
    tag = f'"{version}-{layer.at:x}"'
    if tag in parse_etags(request.headers.get("If-None-Match", "")):
        return _kept(HttpResponse(status=304), tag, layer)
    try:
        body = imagery.tile(layer, wanted)
    except Refusal as refusal:
        raise Http404 from refusal  # the file is gone or broken, or this machine cannot read it
    answer = HttpResponse(status=204) if body is None else HttpResponse(body, content_type="image/webp")
    return _kept(answer, tag, layer)


def _kept(answer: HttpResponse, tag: str, layer: Any) -> HttpResponse:
    answer["ETag"] = tag
    answer["Cache-Control"] = f"public, max-age={DAY}" if layer.public else "private, no-cache"
    if not layer.public:
        patch_vary_headers(answer, ["Cookie"])
    return answer


class Shown(NamedTuple):
    """What a map may show from above: the layers, and them as its island reads them."""

    layers: list[Any]
    told: str

    def choices(self) -> list[dict[str, Any]]:
        """Give the layers as a menu names them."""
        return [told(one) for one in self.layers]


def shown(scope: Scope) -> Shown:
    """Give the layers that somebody may look at, the newest first."""
    layers = imagery.shown(scope)
    return Shown(layers, listing(layers))


def listing(layers: list[Any]) -> str:
    """Give layers as the island of a map reads them."""
    return json.dumps([told(one) for one in layers], ensure_ascii=False) if layers else ""


def told(layer: Any) -> dict[str, Any]:
    """Say of a layer what a map needs."""
    return {
        "key": layer.key, "name": names.words(layer.names), "taken": taken(layer), "day": str(layer.taken_to),
        "tiles": address(layer), "bounds": layer.box, "minzoom": layer.shallowest, "maxzoom": layer.deepest,
        "credit": layer.attribution,
    }  # fmt: skip


def address(layer: Any) -> str:
    """Give the address of its tiles: of our own with the version of the file, so that a new one is asked for."""
    if layer.kind != "cog":
        return str(layer.address)
    root = reverse("imagery-tile", args=[layer.key, "0", "0", "0"]).removesuffix("0/0/0.webp")
    return f"{root}{{z}}/{{x}}/{{y}}.webp?v={imagery.version(layer)}"


def taken(layer: Any) -> str:
    """Say when it was taken."""
    first, last = day(str(layer.taken_from)), day(str(layer.taken_to))
    return first if first == last else _("{first} to {last}").format(first=first, last=last)


def allow(answer: HttpResponse, layers: list[Any]) -> HttpResponse:
    """Let the page's content policy take tiles from the servers of these layers, and from no others."""
    if hosts := imagery.hosts(layers):
        answer._csp_update = {"img-src": hosts, "connect-src": hosts}  # type: ignore[attr-defined]
    return answer


# --- a place before and after


class Side(NamedTuple):
    """A picture of a place: its layer, when it was taken, and the one tile that shows it without a script."""

    key: str
    taken: str
    name: str
    tile: str


class Above(NamedTuple):
    """A place from above, before and after."""

    before: Side
    after: Side
    layers: list[Any]
    told: str


def around(scope: Scope, lon: float | None, lat: float | None, since: int) -> Above | None:
    """Give the last picture of a place from before the day of an instant and the newest from after it."""
    if lon is None or lat is None:
        return None
    found = imagery.pair(imagery.shown(scope), lon, lat, _day(since))
    if found is None:
        return None
    sides = [_side(layer, lon, lat) for layer in found]
    return Above(sides[0], sides[1], list(found), listing(list(found)))


def _day(at: int) -> date:
    return local(at).date()


def _side(layer: Any, lon: float, lat: float) -> Side:
    zoom, column, row = _tile(layer, lon, lat)
    places = {"{z}": str(zoom), "{x}": str(column), "{y}": str(row)}
    filled = address(layer)
    for place, number in places.items():
        filled = filled.replace(place, number)
    return Side(layer.key, taken(layer), names.words(layer.names), filled)


def _tile(layer: Any, lon: float, lat: float) -> Tile:
    return tile_at(lon, lat, max(layer.shallowest, min(NEAR, layer.deepest)))
