"""Make a new plate that passes the judge, to begin from."""

import re
from pathlib import Path

from cityloop.ground.kit.basics import FUNCTION
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.registry import plates

TEMPLATE, PLACEHOLDER = Path(__file__).parent / "template", "my_plate"


def scaffold(name: str, home: Path) -> Path:
    """Write the plate `name` into a new folder of `home` and give it."""
    if not re.fullmatch(FUNCTION, name):
        raise Refusal("kit.plate.name", "Name a plate in small letters, digits and _, such as lost_property.", "name")
    if name in (installed := plates()):
        raise Refusal(
            "kit.plate.taken", "A plate that is installed is called {name} ({folder}); take another name.", "name",
            name=name, folder=str(installed[name]),
        )  # fmt: skip
    folder = home / name
    if folder.exists():
        raise Refusal("kit.plate.exists", "{folder} is there already.", "name", folder=str(folder))
    for source in sorted(path for path in TEMPLATE.rglob("*") if path.suffix in (".toml", ".md")):
        target = folder / source.relative_to(TEMPLATE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(source.read_text(encoding="utf-8").replace(PLACEHOLDER, name), encoding="utf-8")
    return folder
