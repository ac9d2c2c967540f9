"""Reads of the register: which layers somebody may look at, which two show a place before and after, one tile."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings

from cityloop.ground.codes.tiles import Tile, box_of
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.remembered import Remembered
from cityloop.town.imagery import pictures, rules
from cityloop.town.imagery.models import COG, Layer
from cityloop.town.orgs.authority import Scope
from cityloop.town.units import queries as units

TOLD = (
    "key", "names", "kind", "address", "attribution", "licence", "shallowest", "deepest", "public", "level",
)  # fmt: skip


class Pair(NamedTuple):
    """Two pictures of a place: the one before something happened, and the one after."""

    before: Layer
    after: Layer


def every() -> list[Layer]:
    """Give all layers, the newest first: to who sets the city up. Kept per process."""
    return _register()


def shown(scope: Scope) -> list[Layer]:
    """Give the layers that somebody may look at and this installation can draw, the newest first. Kept per process."""
    can = pictures.readable()
    return [one for one in every() if may_look(scope, one) and (can or one.kind != COG)]


def may_look(scope: Scope, layer: Layer) -> bool:
    """Tell whether somebody may look at a layer: everybody at a public one, else posts that see cases, by level."""
    return layer.public or any(grant.sees != "nothing" and layer.level <= grant.level for grant in scope.grants)


def one(key: str) -> Layer:
    """Give a layer of the register. Kept per process."""
    found = next((layer for layer in every() if layer.key == key), None)
    if found is None:
        raise unknown()
    return found


def looked_at(scope: Scope, key: str) -> Layer:
    """Give a layer that somebody may look at; to others it does not exist. Kept per process."""
    found = one(key)
    if not may_look(scope, found):
        raise unknown()
    return found


def unknown() -> Refusal:
    """Say that there is no such layer, or none for these eyes."""
    return Refusal("imagery.unknown", "There is no such layer.", "key")


def pair(layers: Iterable[Layer], lon: float, lat: float, since: date) -> Pair | None:
    """Give the last picture of a place from before a day and the newest from after it; None without both."""
    here = [layer for layer in layers if layer.covers(lon, lat)]
    before = [layer for layer in here if layer.taken_to < since]
    after = [layer for layer in here if layer.taken_from > since]
    if not before or not after:
        return None
    last = max(before, key=lambda layer: (layer.taken_to, layer.deepest))
    newest = max(after, key=lambda layer: (layer.taken_to, layer.deepest))
    return Pair(last, newest)


def told(layer: Layer) -> dict[str, Any]:
    """Give what doors for programs say of a layer."""
    told = {name: getattr(layer, name) for name in TOLD}
    days = {"taken_from": str(layer.taken_from), "taken_to": str(layer.taken_to)}
    return {**told, **days, "bounds": list(layer.box)}


def hosts(layers: Iterable[Layer]) -> list[str]:
    """Give the origins that browsers ask for tiles of these layers; none for pictures of our own."""
    return sorted({rules.origin(layer.address) for layer in layers if layer.kind != COG})


# --- pictures of our own


def folder() -> Path:
    """Give the folder in which GeoTIFFs of our own lie."""
    return Path(settings.IMAGERY)


def files() -> Sequence[str]:
    """Name the files that lie in the folder of imagery."""
    return sorted(p.name for p in folder().glob("*.tif*") if p.is_file()) if folder().is_dir() else []


def path_of(name: str) -> Path:
    """Give the place of a picture in the folder of imagery; refuse a name that leads elsewhere."""
    if not name or name != Path(name).name or name.startswith("."):
        raise Refusal("imagery.cog.name", "Name a file that lies in the folder of imagery.", "cog")
    return folder() / name


def version(layer: Layer) -> str:
    """Give what changes when the tiles of a picture of our own do."""
    return pictures.version(path_of(layer.address))


def tile(layer: Layer, wanted: Tile) -> bytes | None:
    """Give a tile of a picture of our own as WebP, None where it has nothing."""
    zoom = wanted[0]
    west, south, east, north = box_of(wanted)
    apart = east <= layer.west or west >= layer.east or north <= layer.south or south >= layer.north
    if layer.kind != COG or apart or not layer.shallowest <= zoom <= layer.deepest:
        return None
    path = path_of(layer.address)
    return pictures.tile(path, pictures.version(path), wanted)


# --- kept per process


def forget() -> None:
    """Look at the register again at the next question."""
    _register.forget()


def _load() -> list[Layer]:
    return list(Layer.objects.filter(active=True).order_by("-taken_to", "-taken_from", "key"))


def _revised() -> int | None:
    return Layer.objects.order_by("-revised").values_list("revised", flat=True).first()


_register: Remembered[list[Layer]] = Remembered(_load, _revised, units.cache_seconds)
