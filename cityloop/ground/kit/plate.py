"""A plate as it was read: its manifest, its stories and where in which file each thing stands."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from cityloop.ground.kit.manifest import Manifest
from cityloop.ground.kit.stories import Story

Loc = tuple[str | int, ...]
MANIFEST = "plate.toml"


class Problem(NamedTuple):
    """What is wrong, and where. `line` is 0 where a whole file is meant; `code` is for machines."""

    file: str
    line: int
    key: str
    message: str
    code: str = "shape"

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


class Told(NamedTuple):
    """A story, the file it stands in and its place there."""

    story: Story
    file: str
    number: int


@dataclass(frozen=True, slots=True)
class Plate:
    """A whole plate. `lines` gives, by file, the line of each key; `said` the keys of strings that are used."""

    folder: Path
    manifest: Manifest
    stories: tuple[Told, ...] = ()
    lines: dict[str, dict[Loc, int]] = field(default_factory=dict)
    said: frozenset[str] = frozenset()

    def problem(self, code: str, message: str, *loc: str | int, file: str = MANIFEST) -> Problem:
        """Say what is wrong at a place of one of the files."""
        return placed(file, self.lines.get(file, {}), loc, message, code)


def placed(file: str, lines: dict[Loc, int], loc: Loc, message: str, code: str) -> Problem:
    """Say what is wrong, with the line of the innermost thing around it that has one."""
    line = next((lines[loc[:n]] for n in range(len(loc), 0, -1) if loc[:n] in lines), 0)
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")
    return Problem(file, line, path, message, code)
