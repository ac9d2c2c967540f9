"""Read a plate from its folder: `plate.toml`, `strings/en.toml`, `strings/zh-hans.toml`.

Every error names the file, the line and the key, and all are told at once.
"""

import re
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from cityloop.ground.kit.manifest import LANGUAGES, Manifest
from cityloop.ground.kit.refusal import Refusal

Loc = tuple[str | int, ...]


class Problem(NamedTuple):
    """What is wrong, and where. `line` is 0 where a whole file is meant."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


class PlateRefused(Refusal):
    """A plate that cannot be loaded, with all its problems."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("kit.plate.refused", "\n".join(map(str, problems)), "plate")


def load(folder: Path) -> Manifest:
    """Give the plate in `folder`, or raise `PlateRefused` with every problem found."""
    strings = {lang: _flat(_read(folder, f"strings/{lang}.toml", missing_ok=True)[0]) for lang in LANGUAGES}
    data, text = _read(folder, "plate.toml")
    return parse(data, text, strings)


def parse(data: dict[str, Any], text: str, strings: dict[str, dict[str, str]], file: str = "plate.toml") -> Manifest:
    """Give the plate declared in `data`, whose source `text` is used to name lines."""
    lines = line_numbers(text)
    problems = _unsaid(strings)
    spoken = _speak(data, (), strings, problems, lines, file)
    if problems:
        raise PlateRefused(problems)
    try:
        return Manifest.model_validate({**spoken, "words": _pairs(strings)} if strings else spoken)
    except ValidationError as error:
        raise PlateRefused(_innermost(error, file, lines)) from error


def line_numbers(text: str) -> dict[Loc, int]:
    """Give the line of each table and key of a TOML text, by its path (`("matters", 2, "limit")`)."""
    lines: dict[Loc, int] = {}
    counts: dict[Loc, int] = {}
    table: Loc = ()
    inside = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not inside and (header := _HEADER.match(line)):
            table = _resolve(_keys(header[2]), counts, bool(header[1]))
            lines.setdefault(table, number)
        elif not inside and (pair := _PAIR.match(line)):
            lines.setdefault(table + _keys(pair[1]), number)
        inside = _string_after(line, inside)
    return lines


_HEADER = re.compile(r"^\s*\[(\[)?\s*([^\[\]]+?)\s*\]")
_PAIR = re.compile(r"""^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_SYNTAX = re.compile(r"at line (\d+)")


def _read(folder: Path, name: str, missing_ok: bool = False) -> tuple[dict[str, Any], str]:
    try:
        text = (folder / name).read_text(encoding="utf-8")
        return tomllib.loads(text), text
    except FileNotFoundError:
        if missing_ok:
            return {}, ""
        raise PlateRefused([Problem(name, 0, "", "this file is missing")]) from None
    except UnicodeDecodeError as error:
        raise PlateRefused([Problem(name, 0, "", "write this file in UTF-8")]) from error
    except tomllib.TOMLDecodeError as error:
        line = _SYNTAX.search(str(error))
        number = int(line[1]) if line else len(text.splitlines())
        raise PlateRefused([Problem(name, number, "", str(error))]) from error


def _flat(table: dict[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in table.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": str(value)}
    return flat


def _pairs(strings: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    keys = {key for table in strings.values() for key in table}
    return {key: {lang: table[key] for lang, table in strings.items() if key in table} for key in sorted(keys)}


def _unsaid(strings: dict[str, dict[str, str]]) -> list[Problem]:
    """Name each key that one language has and another lacks."""
    keys = sorted({key for table in strings.values() for key in table})
    return [
        Problem(f"strings/{lang}.toml", 0, key, "say it in this language too")
        for lang, table in strings.items()
        for key in keys
        if not table.get(key, "").strip()
    ]


def _speak(
    value: Any, loc: Loc, strings: dict[str, dict[str, str]], problems: list[Problem], lines: dict[Loc, int], file: str
) -> Any:
    """Put the words of `strings` wherever `"@key"` stands."""
    if isinstance(value, dict):
        return {k: _speak(v, (*loc, k), strings, problems, lines, file) for k, v in value.items()}
    if isinstance(value, list):
        return [_speak(v, (*loc, i), strings, problems, lines, file) for i, v in enumerate(value)]
    if not (isinstance(value, str) and value.startswith("@")):
        return value
    if not any(value[1:] in table for table in strings.values()):
        problems.append(_problem(file, lines, loc, f"strings/ has no key {value[1:]}"))
    return {lang: table.get(value[1:], "") for lang, table in strings.items()}


def _problem(file: str, lines: dict[Loc, int], loc: Loc, message: str) -> Problem:
    line = next((lines[loc[:n]] for n in range(len(loc), 0, -1) if loc[:n] in lines), 0)
    return Problem(file, line, _path(loc), message.removeprefix("Value error, "))


def _innermost(error: ValidationError, file: str, lines: dict[Loc, int]) -> list[Problem]:
    """Leave out what is only said because something inside it is wrong."""
    details = error.errors()
    outer = {detail["loc"][:n] for detail in details for n in range(len(detail["loc"]))}
    return [_problem(file, lines, d["loc"], d["msg"]) for d in details if d["loc"] not in outer or len(details) == 1]


def _path(loc: Loc) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")


def _keys(dotted: str) -> Loc:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


def _resolve(keys: Loc, counts: dict[Loc, int], new: bool) -> Loc:
    """Give the path of a table header with the current index of each array of tables on the way."""
    path: Loc = ()
    for place, key in enumerate(keys):
        path = (*path, key)
        if new and place == len(keys) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _string_after(line: str, inside: str) -> str:
    """Tell which multi-line string is open after this line."""
    for mark in re.findall(r'"""|\'\'\'', line):
        if not inside:
            inside = mark
        elif mark == inside:
            inside = ""
    return inside
