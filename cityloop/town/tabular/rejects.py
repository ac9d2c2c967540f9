"""The file of rows that could not be taken, for people to mend."""

import csv
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from cityloop.ground.kit.words import clean, harmless


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that cannot be taken: which, which field, and why."""

    number: int
    line: int
    field: str
    reason: str


class RejectFile:
    """A CSV of row, line, field and reason; put in its place when the run is over, whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._draft = path.with_name(f".{path.name}.{os.getpid()}")
        self._file: TextIO = self._draft.open("w", encoding="utf-8", newline="")
        self._csv = csv.writer(self._file)
        self._csv.writerow(["row", "line", "field", "reason"])

    def add(self, reject: Reject) -> None:
        """Note a row."""
        self._csv.writerow([reject.number, reject.line, _harmless(reject.field), _harmless(reject.reason)])

    def close(self) -> None:
        """Put the file in its place."""
        self._file.close()
        self._draft.replace(self.path)


def _harmless(text: str) -> str:
    """Keep a spreadsheet from taking a cell for a formula."""
    return harmless(clean(text)[:300])
