"""A catalogue as one TOML file: written out exactly, read whole with every fault named by line and key."""

import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from cityloop.ground.kit import toml
from cityloop.ground.kit.basics import Model
from cityloop.ground.kit.loader import innermost, line_numbers
from cityloop.ground.kit.manifest import Manifest, Organisation, Responsibility
from cityloop.ground.kit.plate import Loc, Problem, placed
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.catalog.content import Content, digest_of, text_of
from cityloop.town.catalog.drafts import left, remembering

FORMAT = "cityloop.catalogue/1"
MOST = 8_000_000
SHOWN = 40
HEAD = """# The catalogue of a city. `cityloop catalogue import FILE` takes it in, and so does the desk, under settings.
# plates: what is on; resting: what is switched off, as it was; lines: the city's own lines of responsibility;
# withdrawn: matters that no plate has any more, so that their cases keep their names;
# organisations: those that are named, made where a city lacks them and otherwise left as they are.
"""
_AT = re.compile(r"at line (\d+)")


class Source(Model):
    """Where a file comes from; told, never taken for true."""

    city: str = ""
    version: int = 0
    digest: str = ""
    published: str = ""


class CatalogueFile(Model):
    """A whole catalogue."""

    format: Literal["cityloop.catalogue/1"]
    source: Source = Source()
    organisations: tuple[Organisation, ...] = ()
    plates: tuple[Manifest, ...] = ()
    resting: tuple[Manifest, ...] = ()
    lines: tuple[Responsibility, ...] = ()
    withdrawn: tuple[Manifest, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A file that was read: its name, what stands in it, and on which lines."""

    name: str
    file: CatalogueFile
    numbers: dict[Loc, int]

    @property
    def digest(self) -> str:
        """Give the digest of what the file holds by itself: a city that has nothing else publishes the same."""
        file = self.file
        return digest_of(text_of(Content("", file.plates, file.resting, file.lines, file.withdrawn)))

    def content(self, now: Content) -> Content:
        """Give what a city's catalogue would hold; plates of its own that the file does not name are laid to rest."""
        named = {one.key for one in self.file.resting}
        kept = [one for one in left(now, self.file.plates) if one.key not in named]
        made = Content("", self.file.plates, (*self.file.resting, *kept), self.file.lines, self.file.withdrawn)
        return remembering(now, made)


class FileRefused(Refusal):
    """A file that cannot be taken in, with all its problems."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("catalog.file.refused", "\n".join(map(str, problems[:SHOWN])), "file")


def written(content: Content, organisations: Iterable[Organisation], source: Source) -> str:
    """Give the file of a content."""
    data = {
        "format": FORMAT,
        "source": source.model_dump(),
        "organisations": [one.plain() for one in organisations],
        "plates": [one.plain() for one in content.plates],
        "resting": [one.plain() for one in content.resting],
        "lines": [one.plain() for one in content.lines],
        "withdrawn": [one.plain() for one in content.withdrawn],
    }
    return toml.written({name: value for name, value in data.items() if value != []}, HEAD)


def read(text: str, name: str) -> Reading:
    """Read a file, or raise `FileRefused` with everything that is wrong with its shape."""
    if len(text) > MOST:
        raise Refusal("catalog.file.long", "This file is too large for a catalogue.", "file")
    numbers = line_numbers(text)
    try:
        return Reading(name, CatalogueFile.model_validate(tomllib.loads(text)), numbers)
    except tomllib.TOMLDecodeError as error:
        at = _AT.search(str(error))
        number = int(at[1]) if at else len(text.splitlines())
        raise FileRefused([Problem(name, number, "", str(error), "file.syntax")]) from error
    except ValidationError as error:
        raise FileRefused(innermost(error, name, numbers)) from error


def check(reading: Reading, known: Collection[str]) -> None:
    """Raise `FileRefused` with everything that does not hold together; `known` are the city's organisations."""
    problems = [
        placed(reading.name, reading.numbers, loc, message, code)
        for looked in (_twice, _unknown)
        for loc, message, code in looked(reading.file, known)
    ]
    if problems:
        raise FileRefused(problems)


Fault = tuple[Loc, str, str]


def _twice(file: CatalogueFile, _known: Collection[str]) -> Iterator[Fault]:
    """Find what may stand only once in a catalogue."""
    plates = [(("plates", n), one) for n, one in enumerate(file.plates)]
    every = [*plates, *((("resting", n), one) for n, one in enumerate(file.resting))]
    yield from _again([((*loc, "key"), one.key) for loc, one in every], "the plate {} stands here more than once")
    for part in ("matters", "components"):
        found = [((*loc, part, n, "code"), one.code) for loc, p in plates for n, one in enumerate(getattr(p, part))]
        yield from _again(found, "{} stands in two plates; keep one")
    lines = [(("lines", n), f"{one.matter} {one.unit}".strip()) for n, one in enumerate(file.lines)]
    yield from _again(lines, "there are two lines for {}; keep one")
    organisations = [(("organisations", n, "key"), one.key) for n, one in enumerate(file.organisations)]
    yield from _again(organisations, "the organisation {} stands here more than once")


def _again(found: Iterable[tuple[Loc, str]], words: str) -> Iterator[Fault]:
    seen = set[str]()
    for loc, key in found:
        if key in seen:
            yield loc, words.format(key), "file.twice"
        seen.add(key)


def _unknown(file: CatalogueFile, known: Collection[str]) -> Iterator[Fault]:
    """Find organisations that neither the city nor the file has."""
    have = {*known, *_made(file)}
    parents: list[tuple[Loc, Iterable[Organisation]]] = [(("organisations",), file.organisations)]
    lines: list[tuple[Loc, Iterable[Responsibility]]] = [(("lines",), file.lines)]
    for n, plate in enumerate(file.plates):
        parents.append((("plates", n, "organisations"), plate.organisations))
        lines.append((("plates", n, "responsibility"), plate.responsibility))
    wanted = [((*loc, n, "parent"), one.parent) for loc, many in parents for n, one in enumerate(many)]
    wanted += [((*loc, n, "lead"), one.lead) for loc, many in lines for n, one in enumerate(many)]
    wanted += [
        ((*loc, n, "assisting", h, "organisation"), helper.organisation)
        for loc, many in lines
        for n, one in enumerate(many)
        for h, helper in enumerate(one.assisting)
    ]
    for loc, key in wanted:
        if key is not None and key not in have:
            yield loc, f"there is no organisation {key}, neither in the city nor in this file", "file.organisation"


def _made(file: CatalogueFile) -> Iterator[str]:
    yield from (one.key for one in organisations(file))


def organisations(file: CatalogueFile) -> tuple[Organisation, ...]:
    """Give all organisations that a file brings, its own list first."""
    return (*file.organisations, *(one for plate in file.plates for one in plate.organisations))


def unplaced(file: CatalogueFile, has: Callable[[Collection[str]], Mapping[str, Any]]) -> list[str]:
    """Give the units that the city's own lines name and this city does not have: such a line never holds."""
    wanted = {line.unit for line in file.lines if line.unit}
    return sorted(wanted - has(wanted).keys())
