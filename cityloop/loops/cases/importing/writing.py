"""Writing a plate down as TOML, to be edited by people."""

from pathlib import Path

from cityloop.ground.kit import toml
from cityloop.ground.kit.manifest import Manifest


def write_plate(plate: Manifest, folder: Path) -> Path:
    """Write `plate.toml` into a folder; give its path."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "plate.toml"
    target.write_text(toml.written(plate.plain()), encoding="utf-8")
    return target
