"""Make a new plate that passes the judge, to begin from."""

import re
from pathlib import Path

from cityloop.ground.kit.basics import FUNCTION
from cityloop.ground.kit.refusal import Refusal

TEMPLATE, PLACEHOLDER = Path(__file__).parent / "template", "my_plate"


def scaffold(name: str, home: Path) -> Path:
    """Write the plate `name` into a new folder of `home` and give it."""
    if not re.fullmatch(FUNCTION, name):
        raise Refusal("kit.plate.name", "Name a plate in small letters, digits and _, such as elder_care.", "name")
    folder = home / name
    if folder.exists():
        raise Refusal("kit.plate.exists", "{folder} is there already.", "name", folder=str(folder))
    for source in sorted(path for path in TEMPLATE.rglob("*") if path.suffix in (".toml", ".md")):
        target = folder / source.relative_to(TEMPLATE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(source.read_text(encoding="utf-8").replace(PLACEHOLDER, name), encoding="utf-8")
    return folder
