"""The judge of plates: the same for ours and for anybody's, and without a database."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from cityloop.ground.kit import purity, quality, references
from cityloop.ground.kit.loader import PlateRefused, open_plate
from cityloop.ground.kit.plate import Plate, Problem
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.rehearse import Stage
from cityloop.ground.loop.definition import Definition, definition_file, shipped
from cityloop.ground.loop.verify import verify_text


def judge(folder: Path, name: str = "") -> list[Problem]:
    """Give all that is wrong with the plate in `folder`, registered as `name`; nothing where it passes."""
    try:
        plate, said = open_plate(folder)
    except PlateRefused as refused:
        return refused.problems
    loop = shipped("case")
    return [
        *loop_problems(),
        *_identity(plate, name),
        *_words(plate),
        *purity.check(plate),
        *references.check(plate, loop),
        *_stories(plate, loop),
        *quality.check(plate, said),
    ]


@cache
def loop_problems() -> tuple[Problem, ...]:
    """Verify the loop that the plates' matters go through, once a process."""
    file = definition_file("case")
    return tuple(Problem(file.name, 0, f.where, f.message, f"loop.{f.code}") for f in verify_text(file.read_bytes()))


def _identity(plate: Plate, name: str) -> Iterator[Problem]:
    if name and plate.manifest.key != name:
        yield plate.problem("identity.key", f"it is registered as {name}; the key must be the same", "key")


def _words(plate: Plate) -> Iterator[Problem]:
    for key in sorted(plate.manifest.words.keys() - plate.said):
        yield plate.problem("words.unused", "nothing says this; take it out", key, file="strings/en.toml")


def _stories(plate: Plate, loop: Definition) -> Iterator[Problem]:
    try:
        stage = Stage(plate, loop)
    except Refusal as refusal:
        yield plate.problem("reference.responsibility", str(refusal), "responsibility")
        return
    yield from stage.check()
