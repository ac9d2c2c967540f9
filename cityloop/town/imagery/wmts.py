"""WMTS 1.0.0: what a capabilities document says of a layer becomes the address of its tiles, in the web's own grid."""

import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn
from urllib.parse import urlencode, urlsplit
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

import msgspec

from cityloop.ground.codes.tiles import DEEPEST, Box
from cityloop.ground.kit.refusal import Refusal

LARGEST = 20_000_000  # bytes: a national service with thousands of layers has some megabytes
WHOLE = 559_082_264.0287178  # the scale of the one tile that holds the world, 256 pixels wide
EDGE = 20_037_508.342789244
SIDE = 256
FORMATS = ("image/webp", "image/jpeg", "image/png")
_WMTS, _OWS = "{http://www.opengis.net/wmts/1.0}", "{http://www.opengis.net/ows/1.1}"
_HREF = "{http://www.w3.org/1999/xlink}href"


class Found(msgspec.Struct, frozen=True):
    """A layer of a service: its title, the template of its tiles, its edges where it names them, its zooms."""

    title: str
    template: str
    box: Box | None
    shallowest: int
    deepest: int
    provider: str


class _Plain(TreeBuilder):
    """A document without a document type: nothing in it stands for anything else."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> NoReturn:
        raise Refusal("imagery.wmts", "A capabilities document with a document type is not taken.", "capabilities")


def read(body: bytes, layer: str = "", time: str = "") -> Found:
    """Give what a capabilities document says of a layer; of the only one where none is named.

    `time` fills the dimension of that name, else each dimension has its default.
    """
    root = _parsed(body)
    one = _layer(root, layer)
    matrices, limits = _grid(root, one)
    prefix, shallowest, deepest = _numbered(matrices, limits)
    template = _template(root, one, time)
    filled = template.replace("{TileMatrixSet}", _said(matrices, "Identifier"))
    for name, ours in (("TileMatrix", f"{prefix}{{z}}"), ("TileCol", "{x}"), ("TileRow", "{y}")):
        filled = re.sub(rf"\{{{name}\}}", ours, filled, flags=re.IGNORECASE)
    provider = root.find(f".//{_OWS}ProviderName")
    return Found(
        _said(one, "Title") or _said(one, "Identifier"), filled, _box(one), shallowest, deepest,
        (provider.text or "").strip()[:200] if provider is not None else "",
    )  # fmt: skip


def source(
    body: bytes, layer: str, time: str, *, box: Box | None, zooms: tuple[int | None, int | None], attribution: str
) -> dict[str, Any]:
    """Give what `actions.About` takes of a capabilities document; what is said beside it comes first."""
    found = read(body, layer, time)
    low, high = zooms
    return {
        "address": found.template,
        "box": box or found.box,
        "attribution": attribution or found.provider,
        "shallowest": found.shallowest if low is None else low,
        "deepest": found.deepest if high is None else high,
    }


def _parsed(body: bytes) -> Element:
    if len(body) > LARGEST:
        raise Refusal("imagery.wmts", "A capabilities document has at most 20 MB.", "capabilities")
    parser = XMLParser(target=_Plain())  # noqa: S314 - refuses a document type, so that no entity is declared
    try:
        parser.feed(body)
        root: Element = parser.close()
    except (ParseError, LookupError, ValueError) as error:
        raise _wrong() from error
    if root.tag != f"{_WMTS}Capabilities":
        raise _wrong()
    return root


def _layer(root: Element, wanted: str) -> Element:
    known = {_said(one, "Identifier"): one for one in root.iter(f"{_WMTS}Layer")}
    if wanted in known:
        return known[wanted]
    if len(known) == 1 and not wanted:
        return next(iter(known.values()))
    raise Refusal(
        "imagery.wmts.layer", "Name one of the layers of this service: {known}.", "layer",
        known=", ".join(sorted(known))[:500] or "–",
    )  # fmt: skip


def _grid(root: Element, layer: Element) -> tuple[Element, set[str] | None]:
    """Give the first set of the layer that lies in the web's own grid, with the matrices that it has tiles of."""
    sets = {_said(one, "Identifier"): one for one in root.findall(f"{_WMTS}Contents/{_WMTS}TileMatrixSet")}
    for link in layer.iter(f"{_WMTS}TileMatrixSetLink"):
        found = sets.get((link.findtext(f"{_WMTS}TileMatrixSet") or "").strip())
        if found is not None and re.search(r"(3857|900913)$", _said(found, "SupportedCRS")):
            named = {(one.text or "").strip() for one in link.iter(f"{_WMTS}TileMatrix")}
            return found, named or None
    raise Refusal(
        "imagery.wmts.grid",
        "This layer has no tiles in the grid of web maps (WebMercatorQuad, EPSG:3857); ask its service for them.",
        "layer",
    )


def _numbered(matrices: Element, limits: set[str] | None) -> tuple[str, int, int]:
    """Give what stands before the zoom in the names of the matrices, and the zooms, without a gap from the first."""
    known: dict[int, str] = {}
    for one in matrices.findall(f"{_WMTS}TileMatrix"):
        name, zoom = _said(one, "Identifier"), _zoom(one)
        if zoom is not None and (limits is None or name in limits):
            known[zoom] = name
    first = min(known, default=0)
    last = first
    while last + 1 in known:
        last += 1
    prefix = known.get(first, "").removesuffix(str(first))
    if not known or any(known[zoom] != f"{prefix}{zoom}" for zoom in range(first, last + 1)):
        raise Refusal(
            "imagery.wmts.matrices", "The matrices of this layer are not named by their zoom; give it as xyz.", "layer"
        )
    return prefix, first, last


def _zoom(matrix: Element) -> int | None:
    """Give the zoom of a matrix of the web's own grid; None for one that lies or is cut otherwise."""
    try:
        scale = float(matrix.findtext(f"{_WMTS}ScaleDenominator") or "")
        left, top = map(float, (matrix.findtext(f"{_WMTS}TopLeftCorner") or "").split())
        sides = {int(matrix.findtext(f"{_WMTS}Tile{name}") or "") for name in ("Width", "Height")}
    except ValueError:
        return None
    if scale <= 0 or abs(left + EDGE) > 1 or abs(top - EDGE) > 1 or sides != {SIDE}:
        return None
    exact = math.log2(WHOLE / scale)
    zoom = round(exact)
    return zoom if abs(exact - zoom) < 0.001 and 0 <= zoom <= DEEPEST else None


def _template(root: Element, layer: Element, time: str) -> str:
    """Give the address of a tile: the template of the layer, else a query by key and value."""
    style, values = _style(layer), dict(_dimensions(layer, time))
    offered = {
        one.get("format", ""): one.get("template", "") for one in layer.iter(f"{_WMTS}ResourceURL")
        if one.get("resourceType") == "tile"
    }  # fmt: skip
    if offered:
        found = offered[_format(list(offered))]
        for name, value in {"style": style, "Layer": _said(layer, "Identifier"), **values}.items():
            found = value.join(re.split(rf"\{{{re.escape(name)}\}}", found, flags=re.IGNORECASE))
        return found
    door = next((one.get(_HREF, "") for one in _doors(root)), "")
    if not door:
        raise Refusal("imagery.wmts.door", "This document says nowhere how a tile is asked for.", "capabilities")
    kept = {
        "SERVICE": "WMTS", "REQUEST": "GetTile", "VERSION": "1.0.0", "LAYER": _said(layer, "Identifier"),
        "STYLE": style, "FORMAT": _format([_text(one) for one in layer.findall(f"{_WMTS}Format")]), **values,
    }  # fmt: skip
    places = "&TILEMATRIXSET={TileMatrixSet}&TILEMATRIX={TileMatrix}&TILEROW={TileRow}&TILECOL={TileCol}"
    joint = "" if door.endswith(("?", "&")) else "&" if urlsplit(door).query else "?"
    return f"{door}{joint}{urlencode(kept)}{places}"


def _doors(root: Element) -> Iterator[Element]:
    """Give the doors at which a tile is asked for by key and value, others aside."""
    for one in root.iter(f"{_OWS}Operation"):
        if one.get("name") == "GetTile":
            for get in one.iter(f"{_OWS}Get"):
                allowed = [_text(value) for value in get.iter(f"{_OWS}Value")]
                if not allowed or "KVP" in allowed:
                    yield get


def _style(layer: Element) -> str:
    styles = layer.findall(f"{_WMTS}Style")
    chosen = next((one for one in styles if one.get("isDefault") == "true"), styles[0] if styles else None)
    return _said(chosen, "Identifier") if chosen is not None else "default"


def _dimensions(layer: Element, time: str) -> Iterator[tuple[str, str]]:
    for one in layer.iter(f"{_WMTS}Dimension"):
        name = _said(one, "Identifier")
        values = [_text(value) for value in one.findall(f"{_WMTS}Value")]
        if time and name.lower() == "time":
            if values and time not in values and not any("/" in value for value in values):
                raise Refusal(
                    "imagery.wmts.time", "This layer has no {time}; it has {known}.", "time",
                    time=time, known=", ".join(values)[:300],
                )  # fmt: skip
            yield name, time
        else:
            yield name, (one.findtext(f"{_WMTS}Default") or "").strip()


def _format(offered: list[str]) -> str:
    plain = {one.partition(";")[0].strip(): one for one in reversed(offered)}
    found = next((plain[one] for one in FORMATS if one in plain), None)
    if found is None:
        raise Refusal("imagery.wmts.format", "This layer comes neither as WebP nor as JPEG nor as PNG.", "layer")
    return found


def _box(layer: Element) -> Box | None:
    corners = layer.find(f"{_OWS}WGS84BoundingBox")
    if corners is None:
        return None
    try:
        west, south = map(float, _said(corners, "LowerCorner").split())
        east, north = map(float, _said(corners, "UpperCorner").split())
    except ValueError:
        return None
    return west, south, east, north


def _said(of: Element, name: str) -> str:
    return (of.findtext(f"{_OWS}{name}") or "").strip()


def _text(of: Element) -> str:
    return (of.text or "").strip()


def _wrong() -> Refusal:
    return Refusal("imagery.wmts", "This is not the capabilities document of a WMTS 1.0.0.", "capabilities")
