"""Reading a city file: its parts as far as they have their shape, and every problem of shape with its line."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from cityloop.ground.kit.loader import innermost, line_numbers
from cityloop.ground.kit.plate import Loc, Problem, placed
from cityloop.town.founding.cityfile import OF_PEOPLE, OF_UNITS, PeoplePart
from cityloop.town.units.rules.unitsmap import UnitsMap

_SYNTAX = re.compile(r"at line (\d+)")
M = TypeVar("M", bound=BaseModel)


@dataclass
class Draft:
    """A city file as read. `units` and `people` are None where their shape is wrong; `problems` says why."""

    folder: Path
    name: str = "answers"
    data: Mapping[str, Any] = field(default_factory=dict)
    lines: dict[Loc, int] = field(default_factory=dict)
    units: UnitsMap | None = None
    people: PeoplePart | None = None
    problems: list[Problem] = field(default_factory=list)

    def tell(self, code: str, message: str, *loc: str | int) -> None:
        """Note what is wrong at a place of the file."""
        problem = placed(self.name, self.lines, loc, message, code)
        if problem not in self.problems:
            self.problems.append(problem)


def read(path: Path) -> Draft:
    """Read a city file; what is wrong with it stands in the draft."""
    draft = Draft(path.parent, path.name)
    try:
        text = path.read_text(encoding="utf-8-sig")
        draft.data, draft.lines = tomllib.loads(text), line_numbers(text)
    except UnicodeDecodeError:
        draft.tell("file.encoding", "write this file in UTF-8")
    except tomllib.TOMLDecodeError as error:
        line = _SYNTAX.search(str(error))
        draft.problems.append(Problem(path.name, int(line[1]) if line else 0, "", str(error), "file.syntax"))
    return draft if draft.problems else shaped(draft)


def answered(data: Mapping[str, Any], folder: Path) -> Draft:
    """Take what was answered at a terminal as a city file is taken."""
    return shaped(Draft(folder, data=data))


def shaped(draft: Draft) -> Draft:
    """Give the parts of the file their shape, each by itself, so that a fault in one hides none in the other."""
    for key in draft.data.keys() - OF_UNITS - OF_PEOPLE:
        draft.tell("shape.extra_forbidden", "nothing of this name belongs here", key)
    draft.units = _shape(draft, UnitsMap, OF_UNITS)
    draft.people = _shape(draft, PeoplePart, OF_PEOPLE)
    return draft


def _shape(draft: Draft, kind: type[M], keys: frozenset[str]) -> M | None:
    try:
        return kind.model_validate({key: value for key, value in draft.data.items() if key in keys})
    except ValidationError as error:
        draft.problems += innermost(error, draft.name, draft.lines)
        return None
