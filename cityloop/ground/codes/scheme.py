"""Unit codes: segments of declared widths, each level's code a prefix of the next.

"Everything under X" is the half-open range `[X, after X)` under byte-wise comparison, on any B-tree.

Two segments are reserved, so that an upper unit is always exactly the sum of the lower ones:
- a segment of the alphabet's first character only (`000`) is the *rest* of its parent: known to lie in the
  parent, and no finer. GB/T 2260 uses all-zero segments in the same sense ("the whole of the upper level");
- under the city only, a segment of the alphabet's last character (`99`) is *unplaced*: the place is unknown or
  outside the city's boundary.
Both are leaves whose code ends at their own level; both lie in the range of their parent. Numbering starts at 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Any

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural

DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class Level:
    """A level of the tree: its name, and how many characters it adds to the code."""

    name: str
    width: int


@dataclass(frozen=True)
class CodeScheme:
    """Segment widths and alphabet of a city's codes. Level 0 is the city, the last one the finest (the grid)."""

    levels: tuple[Level, ...]
    alphabet: str = DIGITS

    def __post_init__(self) -> None:
        if len(self.levels) < 2 or any(level.width < 1 for level in self.levels):
            raise Refusal("codes.levels", "Declare at least two levels, each at least one character wide.", "levels")
        if len({level.name for level in self.levels}) != len(self.levels):
            raise Refusal("codes.levels.names", "Two levels have the same name.", "levels")
        text = self.alphabet
        if (
            len(text) < 3
            or any(a >= b for a, b in zip(text, text[1:], strict=False))
            or not (text.isascii() and text.isalnum())
        ):
            raise Refusal(
                "codes.alphabet",
                "Give three or more different ASCII letters or digits, in ascending order.",
                "alphabet",
            )

    @cached_property
    def lengths(self) -> tuple[int, ...]:
        """Give the code length of each level: 4, 6, 9, 12, 15 by default."""
        return tuple(accumulate(level.width for level in self.levels))

    @property
    def depth(self) -> int:
        """Give the number of the finest level."""
        return len(self.levels) - 1

    def level_named(self, name: str) -> int:
        """Give the number of the level called `name`."""
        for number, level in enumerate(self.levels):
            if level.name == name:
                return number
        levels = ", ".join(level.name for level in self.levels)
        raise Refusal(
            "codes.level.unknown", "There is no level {name!r}; there are {levels}.", "level", name=name, levels=levels
        )

    def level_told(self, text: str) -> int:
        """Give the number of a level told by its number or its name."""
        number = natural(text)
        if number is None:
            return self.level_named(text)
        if number > self.depth:
            raise Refusal("codes.level.range", "The city has the levels 0 to {depth}.", "level", depth=self.depth)
        return number

    def validate(self, code: str, field: str = "code") -> str:
        """Give `code` back when it is well formed, else refuse, naming `field`."""
        if not isinstance(code, str) or len(code) not in self.lengths:
            raise Refusal(
                "codes.length",
                "A unit code has {lengths} characters; {given!r} has not.",
                field,
                lengths=", ".join(map(str, self.lengths)),
                given=code,
            )
        if code.strip(self.alphabet):
            raise Refusal(
                "codes.character", "A unit code has only the characters {alphabet}.", field, alphabet=self.alphabet
            )
        inner = self.parse(code)[:-1]
        if any(map(self._is_rest, inner)) or (len(inner) > 1 and self._is_unplaced(1, inner[1])):
            raise Refusal("codes.reserved", "Nothing lies under a rest or unplaced code: {given!r}.", field, given=code)
        return code

    def parse(self, code: str) -> tuple[str, ...]:
        """Give the segments of `code`, city first."""
        ends = self.lengths[: self.level_of(code) + 1]
        return tuple(code[start:end] for start, end in zip((0, *ends), ends, strict=False))

    def level_of(self, code: str) -> int:
        """Give the level of `code` by its length; refuse a length that no level has."""
        try:
            return self.lengths.index(len(code))
        except ValueError:
            raise Refusal("codes.length", "No level has codes of {n} characters.", "code", n=len(code)) from None

    def parent_of(self, code: str) -> str:
        """Give the code one level up; the city's parent is `""`."""
        level = self.level_of(code)
        return code[: self.lengths[level - 1]] if level else ""

    def at_level(self, code: str, level: int) -> str:
        """Give the ancestor of `code` at `level`, or `code` itself where it is known no finer."""
        return code[: self.lengths[level]]

    def path(self, code: str) -> tuple[str, ...]:
        """Give the codes from the city down to `code` itself."""
        return tuple(code[:length] for length in self.lengths[: self.level_of(code) + 1])

    def children_range(self, code: str) -> tuple[str, str]:
        """Give the half-open range of all codes below `code` (rest included, `code` itself not)."""
        return code + self.alphabet[0], code[:-1] + chr(ord(code[-1]) + 1)

    def rest_code(self, code: str) -> str:
        """Give the code of the rest of an inner unit."""
        return code + self.alphabet[0] * self._child_width(code)

    def unplaced_code(self, city: str) -> str:
        """Give the code for what has no place, directly under the city's code."""
        if len(city) != self.lengths[0]:
            raise Refusal("codes.unplaced", "Only the city has an unplaced unit.", "code")
        return city + self.alphabet[-1] * self._child_width(city)

    def is_rest(self, code: str) -> bool:
        """Tell whether `code` stands for the rest of its parent."""
        return self.level_of(code) > 0 and self._is_rest(self.parse(code)[-1])

    def is_unplaced(self, code: str) -> bool:
        """Tell whether `code` stands for what has no place."""
        return self._is_unplaced(self.level_of(code), self.parse(code)[-1])

    def filing_code(self, code: str) -> str:
        """Give the code to file under when no more than `code` is known: an inner unit's rest, else itself."""
        inner = self.level_of(code) < self.depth and not self.is_rest(code) and not self.is_unplaced(code)
        return self.rest_code(code) if inner else code

    def child_code(self, parent: str, segment: str) -> str:
        """Give the code of the child `segment`, padded to its width; refuse a reserved or unfit segment."""
        width, level = self._child_width(parent), self.level_of(parent) + 1
        padded = segment.rjust(width, self.alphabet[0])
        if len(padded) > width or padded.strip(self.alphabet):
            raise Refusal(
                "codes.segment", "{segment!r} does not fit {width} characters.", "code", segment=segment, width=width
            )
        if self._is_rest(padded) or self._is_unplaced(level, padded):
            raise Refusal("codes.reserved", "The segment {segment!r} is reserved.", "code", segment=padded)
        return parent + padded

    def numbered(self, parent: str, number: int) -> str:
        """Give the code of the child numbered `number`, from 1, in the alphabet's base."""
        base, digits, left = len(self.alphabet), "", number
        while left:
            left, digit = divmod(left, base)
            digits = self.alphabet[digit] + digits
        return self.child_code(parent, digits)

    def number_of(self, code: str) -> int:
        """Give the number in the last segment of `code`, read in the alphabet's base; the inverse of `numbered`."""
        number = 0
        for character in self.parse(code)[-1]:
            number = number * len(self.alphabet) + self.alphabet.index(character)
        return number

    def _child_width(self, code: str) -> int:
        level = self.level_of(code)
        if level == self.depth:
            raise Refusal("codes.finest", "A unit of the finest level has none below it.", "code")
        return self.levels[level + 1].width

    def _is_rest(self, segment: str) -> bool:
        return not segment.strip(self.alphabet[0])

    def _is_unplaced(self, level: int, segment: str) -> bool:
        return level == 1 and not segment.strip(self.alphabet[-1])


DEFAULT_SCHEME = CodeScheme(
    (Level("city", 4), Level("district", 2), Level("street", 3), Level("community", 3), Level("grid", 3))
)


def scheme_of(data: Mapping[str, Any]) -> CodeScheme:
    """Read a scheme from data: `{"levels": [["city", 4], ["district", 2], ...], "alphabet": "0123456789"}`."""
    try:
        levels = tuple((str(name), int(width)) for name, width in data["levels"])
    except (KeyError, TypeError, ValueError) as error:
        raise Refusal("codes.levels", "Write levels as [name, width] pairs, the city first.", "levels") from error
    return _scheme(levels, str(data.get("alphabet", DIGITS)))


def scheme_data(scheme: CodeScheme) -> dict[str, Any]:
    """Give a scheme as the data `scheme_of` reads."""
    return {"levels": [[level.name, level.width] for level in scheme.levels], "alphabet": scheme.alphabet}


@lru_cache(maxsize=64)
def _scheme(levels: tuple[tuple[str, int], ...], alphabet: str) -> CodeScheme:
    return CodeScheme(tuple(Level(name, width) for name, width in levels), alphabet)


def roots(codes: Iterable[str]) -> list[str]:
    """Drop every code that lies under another one of `codes`; sorted."""
    kept: list[str] = []
    for code in sorted(set(codes)):
        if not (kept and code[: len(kept[-1])] == kept[-1]):
            kept.append(code)
    return kept
