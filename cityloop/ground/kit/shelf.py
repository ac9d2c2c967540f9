"""Plates kept open in the process: read again only when one of their files has changed."""

from functools import lru_cache
from pathlib import Path

from cityloop.ground.kit.loader import open_plate
from cityloop.ground.kit.plate import Plate
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.registry import plates

Stamp = tuple[tuple[str, int, int], ...]
MOST = 64


def take(name: str) -> Plate:
    """Give the installed plate of this name; refuse one that is not there or cannot be read."""
    folder = plates().get(name)
    if folder is None:
        raise Refusal("kit.plate.unknown", "There is no plate {name}.", "plate", name=name)
    return taken(folder)


def taken(folder: Path) -> Plate:
    """Give the plate in a folder, or raise `PlateRefused` with every problem found."""
    return _opened(folder, _stamp(folder))


def _stamp(folder: Path) -> Stamp:
    looked = [(path, path.stat()) for path in sorted(folder.glob("**/*.toml"))]
    return tuple((str(path.relative_to(folder)), seen.st_mtime_ns, seen.st_size) for path, seen in looked)


@lru_cache(maxsize=MOST)
def _opened(folder: Path, stamp: Stamp) -> Plate:
    return open_plate(folder)[0]
