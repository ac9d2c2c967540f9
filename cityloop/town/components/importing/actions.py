"""Importing a file: each row a component, known again by its source and key.

Runs may be cut off at any moment and begun again: chunks are written whole; a row that says what it said before changes
nothing, also where the city has changed the component since; one that says something new brings it up to date.
New rows are one step of their source on the ledger, a chunk a step, with a digest of what came (see ADR 0015); a change
is a step of the component itself.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

from django.db import IntegrityError, connection, transaction

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.town.columns import of_source
from cityloop.town.components.actions import keeping, numbering
from cityloop.town.components.actions.writing import Row, insert
from cityloop.town.components.importing.mapping import ComponentsMap
from cityloop.town.components.importing.records import Reader, Taken
from cityloop.town.components.models import REGISTER, SUBJECT, Component
from cityloop.town.ledger.actions import record
from cityloop.town.tabular.ahead import ahead
from cityloop.town.tabular.rejects import Reject, RejectFile
from cityloop.town.tabular.tables import Table
from cityloop.town.tabular.writing import Pace, bulk, checkpoint

RETRIES = 5
LARGE = 20_000  # rows a chunk on PostgreSQL, where writing hinders nobody
Progress = Callable[[float, "Tally"], None]


@dataclass
class Tally:
    """What became of the rows: rows = created + updated + unchanged + rejected."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    reject_file: str = ""

    def told(self) -> dict[str, Any]:
        """Give it as plain data."""
        return asdict(self)


def import_components(
    *, path: Path, rules: ComponentsMap, reject_file: Path, by: Actor, at: int, progress: Progress | None = None
) -> Tally:
    """Import a file by its map; `at` is the present of the city."""
    importer = Importer(rules, path.name, by=by, at=at)
    table = Table(path, rules.source, rules.wanted(), importer.reader.numbers)
    rejects = RejectFile(reject_file)
    importer.tally.reject_file = str(reject_file)
    with bulk():
        for chunk in ahead(_chunks(table.rows(), importer, LARGE if connection.vendor == "postgresql" else 0)):
            importer.take(chunk, rejects)
            checkpoint()
            if progress:
                progress(table.share(), importer.tally)
    rejects.close()
    return importer.tally


def _chunks(rows: Iterator[Any], importer: "Importer", large: int) -> Iterator[list[Taken | Reject]]:
    """Read rows in chunks of one size, or else of that which the pace has come to."""
    while chunk := list(islice(rows, large or importer.pace.size)):
        yield importer.reader.read(chunk)


class Importer:
    """Writes components, a chunk at a time."""

    def __init__(self, rules: ComponentsMap, file: str, *, by: Actor, at: int) -> None:
        self.source, self.file, self.by, self.at = rules.source.name, file[:120], by, at
        self.reader, self.tally, self.pace = Reader(rules, at), Tally(), Pace()
        self.columns, self.spoken, self.attributes = rules.columns, rules.spoken, rules.attributes.keys()
        self.fresh = not Component.objects.filter(source=self.source).exists()

    def take(self, rows: Iterable[Taken | Reject], rejects: RejectFile) -> None:
        """Take one chunk: new components in bulk, known ones where a row says something new."""
        taken: list[Taken] = []
        for row in rows:
            self.tally.rows += 1
            if isinstance(row, Reject):
                self._reject(row, rejects)
            else:
                taken.append(row)
        first: dict[str, Taken] = {}
        for one in taken:
            first.setdefault(one.row.source_key, one)
        there, bad = self._insert_new(first)
        for one in taken:
            if one.row.source_key in bad:
                self._reject(Reject(one.number, one.line, self.columns.code, bad[one.row.source_key]), rejects)
        known = [one for one in taken if one.row.source_key not in bad]
        again = [one for one in known if one.row.source_key in there or first[one.row.source_key] is not one]
        if again:
            self._bring_up(again, rejects)

    def _reject(self, reject: Reject, rejects: RejectFile) -> None:
        self.tally.rejected += 1
        rejects.add(reject)

    # --- what is new

    def _insert_new(self, first: dict[str, Taken]) -> tuple[set[str], dict[str, str]]:
        """Insert what is not there; give the keys that were, and why others cannot be.

        Another run may be at work on the same file.
        """
        for _ in range(RETRIES):
            there = set() if self.fresh else set(_seen(self.source, list(first)))
            new = [one for key, one in first.items() if key not in there]
            bad = _taken_codes(new) if any(one.given for one in new) else {}
            try:
                self._insert([one for one in new if one.row.source_key not in bad])
            except IntegrityError:
                self.fresh = False
                continue
            return there, bad
        raise Refusal("import.busy", "Another import of this source is at work; wait until it is done.", "file")

    def _insert(self, new: Sequence[Taken]) -> None:
        if not new:
            return
        identity = self.reader.known.identity
        # Codes are taken for good, in transactions of their own: nobody waits for them while rows are written.
        with transaction.atomic():
            numbering.note(_highest(new, identity.split))
        with transaction.atomic():
            firsts = numbering.take(identity, Counter(one.prefix for one in new if not one.given))
        for one in new:
            one.row.code = one.given
            if not one.given:
                one.row.code = identity.code(one.prefix, firsts[one.prefix])
                firsts[one.prefix] += 1
        started = perf_counter()
        with transaction.atomic():
            _hasten()
            batch = record(
                subject=f"{REGISTER}:{self.source}", kind=SUBJECT, what="imported", by=self.by, at=self.at,
                data={"digest": _digest(new), "file": self.file, "rows": len(new)},
            )  # fmt: skip
            for one in new:
                one.row.batch = batch
            insert([one.row for one in new])
        self.pace.note(len(new), perf_counter() - started)
        self.tally.created += len(new)

    # --- what was there

    def _bring_up(self, again: Sequence[Taken], rejects: RejectFile) -> None:
        """Bring up to date what a row says something new of; the last row of a key counts."""
        seen = _seen(self.source, [one.row.source_key for one in again])
        told: dict[str, Taken] = {}
        for one in again:
            key = one.row.source_key
            if one.row.seen == (told[key].row.seen if key in told else seen[key]):
                self.tally.unchanged += 1
                continue
            self.tally.updated += 1
            told[key] = one
        if told:
            self._update(told, rejects)

    @transaction.atomic
    def _update(self, told: dict[str, Taken], rejects: RejectFile) -> None:
        _hasten()
        rows = Component.objects.select_for_update().filter(of_source(self.source, list(told)))
        changes = []
        for one in rows.order_by("pk"):
            new = told[str(one.source_key)]
            wrong = _unlike(one, new, self.columns)
            if wrong:
                self.tally.updated -= 1
                self._reject(Reject(new.number, new.line, *wrong), rejects)
            else:
                changes.append((one, self._values(one, new.row)))
        keeping.apply(changes, by=self.by, at=self.at)

    def _values(self, one: Component, row: Row) -> dict[str, Any]:
        """Give what a row says anew of a component; what its map has no column for stays as the city has it."""
        own = {key: value for key, value in one.attributes.items() if key not in self.attributes}
        found = {name: getattr(row, name) for name in self.spoken}
        return {**found, "attributes": {**own, **json.loads(row.attributes)}}


def _hasten() -> None:
    """Let the disk be a little behind: a chunk lost by a power cut is written again by the next run."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")


def _unlike(one: Component, new: Taken, columns: Any) -> tuple[str, str] | None:
    """Say why a row cannot be of the component that has its key: which field, and the reason."""
    if one.type != new.row.type:
        return columns.type or "type", f"it was of type {one.type}; discard it, and bring this one under another key"
    if new.given and one.code != new.given:
        return columns.code, f"its code is {one.code}, which stays"
    return None


def _seen(source: str, keys: Sequence[str]) -> dict[str, int]:
    """Give what was said last of each key that is there. One query for ten thousand keys."""
    found: dict[str, int] = {}
    for start in range(0, len(keys), 10_000):
        rows = Component.objects.filter(of_source(source, keys[start : start + 10_000]))
        found |= dict(rows.values_list("source_key", "seen"))
    return found


def _taken_codes(new: Sequence[Taken]) -> dict[str, str]:
    """Give by key why a code that came with a row cannot be given: another has it, here or in the register."""
    given = [one for one in new if one.given]
    others = set(Component.objects.filter(code__in=[one.given for one in given]).values_list("code", flat=True))
    found: dict[str, str] = {}
    for one in given:
        if one.given in others:
            found[one.row.source_key] = "another component has this code"
        others.add(one.given)
    return found


def _highest(new: Sequence[Taken], split: Callable[[str], tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in new:
        if one.given:
            prefix, serial = split(one.given)
            found[prefix] = max(serial, found.get(prefix, 0))
    return found


def _digest(new: Sequence[Taken]) -> str:
    """Give a digest of what came: each code with that of what was said of it, in order."""
    lines = "".join(f"{one.row.code} {one.row.seen}\n" for one in new)
    return sha256(lines.encode()).hexdigest()
