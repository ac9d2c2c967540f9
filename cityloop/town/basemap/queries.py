"""Reading the base map: where it is, what it holds, one tile of it."""

import functools
import gzip
import json
import mmap
from pathlib import Path
from typing import Any

import msgspec
from pmtiles.tile import (
    Compression,
    Entry,
    MagicNumberNotFound,
    SpecVersionUnsupported,
    TileType,
    deserialize_directory,
    deserialize_header,
    find_tile,
    zxy_to_tileid,
)

from cityloop.ground.codes.tiles import Box, Tile
from cityloop.ground.kit.refusal import Refusal

DEEP = 4  # directories above a tile, at most


class About(msgspec.Struct, frozen=True):
    """What a base map holds: its zooms, its edges in degrees, its layers, whom to credit, and its version."""

    version: str
    shallowest: int
    deepest: int
    box: Box
    layers: tuple[str, ...]
    credit: str


class Opened:
    """An open PMTiles file. Its directories are kept as they are met."""

    def __init__(self, path: Path, version: str) -> None:
        with path.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        try:
            self._header: dict[str, Any] = dict(deserialize_header(self._bytes[:127]))
        except (MagicNumberNotFound, SpecVersionUnsupported, ValueError, IndexError) as error:
            raise _unreadable(path) from error
        if self._header["tile_type"] != TileType.MVT:
            raise _unreadable(path)
        self._directory = functools.lru_cache(maxsize=256)(self._read_directory)
        self.zipped = self._header["tile_compression"] == Compression.GZIP
        self.about = self._about(version)

    def tile(self, tile: Tile) -> bytes | None:
        """Give a tile as it is kept, None where nothing is drawn."""
        wanted = zxy_to_tileid(*tile)
        place = (self._header["root_offset"], self._header["root_length"])
        for _ in range(DEEP):
            found = find_tile(self._directory(*place), wanted)
            if found is None:
                return None
            if found.run_length:
                return self._part(self._header["tile_data_offset"] + found.offset, found.length)
            place = (self._header["leaf_directory_offset"] + found.offset, found.length)
        return None

    def _read_directory(self, offset: int, length: int) -> list[Entry]:
        entries: list[Entry] = deserialize_directory(self._part(offset, length))
        return entries

    def _part(self, offset: int, length: int) -> bytes:
        return self._bytes[offset : offset + length]

    def _about(self, version: str) -> About:
        head = self._header
        raw = self._part(head["metadata_offset"], head["metadata_length"])
        told = json.loads(gzip.decompress(raw) if head["internal_compression"] == Compression.GZIP else raw)
        box = (head["min_lon_e7"] / 1e7, head["min_lat_e7"] / 1e7, head["max_lon_e7"] / 1e7, head["max_lat_e7"] / 1e7)
        layers = tuple(str(layer["id"]) for layer in told.get("vector_layers", []))
        return About(version, head["min_zoom"], head["max_zoom"], box, layers, str(told.get("attribution") or ""))


def opened(path: Path) -> Opened | None:
    """Give the base map of a file, kept open until the file changes; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return _opened(path, f"{found.st_mtime_ns:x}-{found.st_size:x}") if found.st_size else None


@functools.lru_cache(maxsize=2)
def _opened(path: Path, version: str) -> Opened:
    return Opened(path, version)


def _unreadable(path: Path) -> Refusal:
    return Refusal("basemap.unreadable", "{file} is not a PMTiles file of vector tiles.", file=path.name)
