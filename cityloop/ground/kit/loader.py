"""Read a plate from its folder: `plate.toml`, `strings/en.toml`, `strings/zh-hans.toml`.

Every error names the file, the line and the key, and all are told at once.
"""

import re
import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cityloop.ground.kit.basics import KEY, LANGUAGES, LIMIT, SPAN
from cityloop.ground.kit.manifest import Manifest
from cityloop.ground.kit.plate import MANIFEST, Loc, Plate, Problem, Told, placed
from cityloop.ground.kit.quality import Quality
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.stories import StoryFile

__all__ = ["PlateRefused", "Problem", "innermost", "line_numbers", "load", "open_plate", "parse"]


class PlateRefused(Refusal):
    """A plate that cannot be loaded, with all its problems."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("kit.plate.refused", "\n".join(map(str, problems)), "plate")


def load(folder: Path) -> Manifest:
    """Give the plate in `folder`, or raise `PlateRefused` with every problem found."""
    return parse(*_read(folder, MANIFEST), _strings(folder))


def _strings(folder: Path) -> dict[str, dict[str, str]]:
    found, problems = dict[str, dict[str, str]](), list[Problem]()
    for lang in LANGUAGES:
        table, text = _read(folder, _spoken_in(lang), missing_ok=True)
        flat, lines = _flat(table), line_numbers(text)
        where = {".".join(map(str, loc)): number for loc, number in lines.items()}
        problems += [
            Problem(_spoken_in(lang), where.get(key, 0), key, FILLED["string"], "words.text")
            for key, value in flat.items()
            if not isinstance(value, str)
        ]
        found[lang] = flat
    if problems:
        raise PlateRefused(problems)
    return found


def _spoken_in(lang: str) -> str:
    return f"strings/{lang}.toml"


def _string_lines(folder: Path) -> dict[str, dict[Loc, int]]:
    """Give the lines of the words of each language, by their dotted keys."""
    texts = {_spoken_in(lang): _read(folder, _spoken_in(lang), missing_ok=True)[1] for lang in LANGUAGES}
    return {
        name: {(".".join(map(str, loc)),): number for loc, number in line_numbers(text).items()}
        for name, text in texts.items()
    }


def open_plate(folder: Path) -> tuple[Plate, Quality]:
    """Give the whole plate in `folder`, stories and quality file included, or raise `PlateRefused` with all problems.

    Where the manifest cannot be read, what is wrong with the other files is told all the same.
    """
    problems: list[Problem] = []
    lines: dict[str, dict[Loc, int]] = {}
    raw = _gather(problems, lambda: _read(folder, MANIFEST))
    strings = _gather(problems, lambda: _strings(folder))
    manifest = _gather(problems, lambda: parse(*raw, strings)) if raw and strings else None
    told: list[Told] = []
    for path in sorted(folder.glob("stories/*.toml")):
        name = f"stories/{path.name}"
        found = _gather(problems, partial(_model, folder, name, StoryFile, lines))
        told += [Told(story, name, number) for number, story in enumerate(found.stories)] if found else []
    quality = _gather(problems, lambda: _model(folder, "quality.toml", Quality, lines))
    if not (folder / "README.md").is_file():
        problems.append(Problem("README.md", 0, "", "this file is missing", "file.missing"))
    if manifest is None or quality is None or problems:
        raise PlateRefused(problems)
    if raw:
        lines |= {MANIFEST: line_numbers(raw[1]), **_string_lines(folder)}
    return Plate(folder, manifest, tuple(told), lines, frozenset(_said(raw))), quality


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
        raise PlateRefused(innermost(error, file, lines)) from error


def line_numbers(text: str) -> dict[Loc, int]:
    """Give the line of each table and key of a TOML text, by its path (`("matters", 2, "limit")`).

    Elements of an array that stand on lines of their own have theirs too.
    """
    lines: dict[Loc, int] = {}
    counts: dict[Loc, int] = {}
    table: Loc = ()
    array: tuple[Loc, int] | None = None
    inside = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not inside and array is not None:
            array = _element(line, number, array, lines)
        elif not inside and (header := _HEADER.match(line)):
            table = _resolve(_keys(header[2]), counts, bool(header[1]))
            lines.setdefault(table, number)
        elif not inside and (pair := _PAIR.match(line)):
            loc = table + _keys(pair[1])
            lines.setdefault(loc, number)
            array = (loc, 0) if line[pair.end() :].strip() == "[" else None
        inside = _string_after(line, inside)
    return lines


def _element(line: str, number: int, array: tuple[Loc, int], lines: dict[Loc, int]) -> tuple[Loc, int] | None:
    """Note where an element of an array stands; give the array with the next index, None at its end.

    After an element that seems to go on in the next line the index is -1: nothing more is said of the array.
    """
    (loc, index), text = array, line.strip()
    if text.startswith("]"):
        return None
    if text.startswith("#") or not text or index < 0:
        return array
    lines.setdefault((*loc, index), number)
    whole = sum(map(text.count, "[{")) == sum(map(text.count, "]}"))
    return loc, index + 1 if whole else -1


_HEADER = re.compile(r"^\s*\[(\[)?\s*([^\[\]]+?)\s*\]")
_PAIR = re.compile(r"""^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_SYNTAX = re.compile(r"at line (\d+)")


T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


def _gather(problems: list[Problem], read: Callable[[], T]) -> T | None:
    try:
        return read()
    except PlateRefused as refused:
        problems += refused.problems
        return None


def _model(folder: Path, name: str, kind: type[M], lines: dict[str, dict[Loc, int]]) -> M:
    """Read one of the smaller files of a plate."""
    data, text = _read(folder, name)
    lines[name] = line_numbers(text)
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise PlateRefused(innermost(error, name, lines[name])) from error


def _said(value: Any) -> Iterator[str]:
    """Give every key of strings that a manifest uses."""
    if isinstance(value, dict | list | tuple):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _said(inner)
    elif isinstance(value, str) and value.startswith("@"):
        yield value[1:]


def _read(folder: Path, name: str, missing_ok: bool = False) -> tuple[dict[str, Any], str]:
    try:
        text = (folder / name).read_text(encoding="utf-8-sig")  # editors on Windows put a mark before the text
        return tomllib.loads(text), text
    except FileNotFoundError:
        if missing_ok:
            return {}, ""
        raise PlateRefused([Problem(name, 0, "", "this file is missing", "file.missing")]) from None
    except UnicodeDecodeError as error:
        raise PlateRefused([Problem(name, 0, "", "write this file in UTF-8", "file.encoding")]) from error
    except tomllib.TOMLDecodeError as error:
        line = _SYNTAX.search(str(error))
        number = int(line[1]) if line else len(text.splitlines())
        raise PlateRefused([Problem(name, number, "", str(error), "file.syntax")]) from error


def _flat(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in table.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


def _pairs(strings: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    keys = {key for table in strings.values() for key in table}
    return {key: {lang: table[key] for lang, table in strings.items() if key in table} for key in sorted(keys)}


def _unsaid(strings: dict[str, dict[str, str]]) -> list[Problem]:
    """Name each key that one language has and another lacks."""
    keys = sorted({key for table in strings.values() for key in table})
    return [
        Problem(_spoken_in(lang), 0, key, "say it in this language too", "words.missing")
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
        problems.append(placed(file, lines, loc, f"strings/ has no key {value[1:]}", "words.unknown"))
    return {lang: table.get(value[1:], "") for lang, table in strings.items()}


def innermost(error: ValidationError, file: str, lines: dict[Loc, int]) -> list[Problem]:
    """Leave out what is only said because something inside it is wrong."""
    details = error.errors()
    outer = {detail["loc"][:n] for detail in details for n in range(len(detail["loc"]))}
    kept = [d for d in details if d["loc"] not in outer or len(details) == 1]
    return [placed(file, lines, d["loc"], _plain(d), f"shape.{d['type']}") for d in kept]


# What pydantic says in words of its own, said plainly.
PLAINLY = {
    "missing": "this is needed",
    "extra_forbidden": "nothing of this name belongs here",
    LIMIT: 'write a limit as "4 wh": a number and one of um, uh, wh, wd, d',
    SPAN: 'an instrument knows no working hours: give um, uh or d, such as "15 um"',
    KEY: "a key is of small letters, digits and . _ -",
}


# What it says with a value of its own; by the beginning of its name for the kind of fault.
FILLED = {
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "literal_error": "write {expected}",
    "string_too_short": "write at least {min_length} letters",
    "string_too_long": "write at most {max_length} letters",
    "too_short": "at least {min_length} are needed",
    "too_long": "at most {max_length} are taken",
    "string_pattern_mismatch": "it must have the form {pattern}",
    "string": "write a text, in quotes",
    "bool": "write true or false, without quotes",
    "datetime": "write a day and time, such as 2026-03-02T09:00:00, without quotes",
    "int": "write a whole number, without quotes",
    "float": "write a number, without quotes",
    "finite_number": "write a number that is finite",
    "tuple": 'write a list, such as ["a", "b"]',
    "list": 'write a list, such as ["a", "b"]',
    "dict": "write a table: keys with values",
    "model": "write a table: keys with values",
}


_KEYS = ("^[a-z0-9][a-z0-9_.-]", "^([a-z0-9][a-z0-9_.-]")  # a key, however long it may be


def _plain(detail: ErrorDetails) -> str:
    kind, values = detail["type"], detail.get("ctx", {})
    pattern = str(values.get("pattern", ""))
    known = PLAINLY.get(kind) or PLAINLY.get(pattern) or (PLAINLY[KEY] if pattern.startswith(_KEYS) else "")
    filled = next((words for name, words in FILLED.items() if kind.startswith(name)), "")
    return known or filled.format(**values) or detail["msg"].removeprefix("Value error, ")


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
