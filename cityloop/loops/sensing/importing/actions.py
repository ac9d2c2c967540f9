"""Importing a file of readings: each cell a reading of the datastream of its column and of its row's thing.

Runs may be cut off at any moment and begun again: what is there already is a repetition. Every cell is accounted for:
readings = accepted + repeated + quarantined, and what was skipped because the map says so.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean
from cityloop.ground.loop.actor import Actor
from cityloop.loops.sensing.actions.batches import NOT_NUMBERS, Batch
from cityloop.loops.sensing.actions.ingesting import ingest
from cityloop.loops.sensing.importing.known import Known
from cityloop.loops.sensing.importing.mapping import SensingMap, StreamMap
from cityloop.loops.sensing.models import SUBJECT
from cityloop.loops.sensing.rules import reasons
from cityloop.loops.sensing.rules.times import instant
from cityloop.town.ledger.actions import record
from cityloop.town.tabular.ahead import ahead
from cityloop.town.tabular.rejects import Reject, RejectFile
from cityloop.town.tabular.tables import Raw, Table
from cityloop.town.tabular.writing import bulk, checkpoint

ROWS = 2_000  # of one chunk
NO_TIME = -(2**62)
TRUTHS = {"true": 1.0, "1": 1.0, "yes": 1.0, "false": 0.0, "0": 0.0, "no": 0.0}


@dataclass
class Tally:
    """What became of the cells: readings = accepted + repeated + quarantined; `why` counts the last by reason."""

    rows: int = 0
    readings: int = 0
    accepted: int = 0
    repeated: int = 0
    quarantined: int = 0
    why: dict[str, int] = field(default_factory=dict)
    skipped: int = 0
    reject_file: str = ""

    def told(self) -> dict[str, Any]:
        """Give it as plain data."""
        return asdict(self)


def import_readings(
    *,
    path: Path,
    rules: SensingMap,
    reject_file: Path,
    by: Actor,
    at: int,
    progress: Callable[[float, Tally], None] | None = None,
) -> Tally:
    """Import a file by its map; `at` is the present of the city."""
    importer, table = Importer(rules, path.name, by=by, at=at), Table(path, rules.source, rules.wanted(), rules.numbers)
    importer.tally.reject_file, rejects = str(reject_file), RejectFile(reject_file)
    with bulk():
        for chunk in ahead(_chunks(table.rows())):
            importer.take(chunk, rejects)
            checkpoint()
            if progress:
                progress(table.share(), importer.tally)
    rejects.close()
    told = {name: value for name, value in importer.tally.told().items() if isinstance(value, int)}
    record(subject=SUBJECT, kind="sensing", what="imported", by=by, at=at, data={"file": path.name[:120],
           "source": rules.source.name, **told})  # fmt: skip
    return importer.tally


def _chunks(rows: Iterator[Raw]) -> Iterator[list[Raw]]:
    while chunk := list(islice(rows, ROWS)):
        yield chunk


class Importer:
    """Takes readings in, a chunk of rows at a time."""

    def __init__(self, rules: SensingMap, file: str, *, by: Actor, at: int) -> None:
        self.rules, self.file, self.by, self.at = rules, file, by, at
        self.tally, self.known, names = Tally(), Known(rules, by=by, at=at), list(rules.wanted())
        self.time = names.index(rules.readings.time)
        self.thing = names.index(rules.readings.thing) if rules.readings.thing else -1
        self.columns = [names.index(one.column) for one in rules.streams]
        self.empty = {"", *rules.readings.empty}
        self.zone = ZoneInfo(rules.readings.zone) if rules.readings.zone else None

    def take(self, rows: list[Raw], rejects: RejectFile) -> None:
        """Take a chunk in: column after column, for each thing that it tells of."""
        origin: list[tuple[Raw, str]] = []
        batch = Batch(lambda row: {"file": self.file, "row": origin[row][0].number, "column": origin[row][1],
                                   "values": origin[row][0].values})  # fmt: skip
        groups: dict[str, list[tuple[Raw, int]]] = {}
        for raw in rows:
            name = self._thing(raw)
            if raw.reason or not name:
                rejects.add(Reject(raw.number, raw.line, raw.field or "thing", raw.reason or "it names no thing"))
                origin.append((raw, ""))
                batch.add(0, 0, None)
                batch.faults[len(origin) - 1] = reasons.ROW
            else:
                groups.setdefault(name, []).append((raw, self._when(raw.values[self.time])))
        for name, group in groups.items():
            streams = self.known.streams(name)
            for stream, one, column in zip(streams, self.rules.streams, self.columns, strict=True):
                self._column(batch, origin, stream, one, column, group)
        self._taken(batch, len(rows))

    def _taken(self, batch: Batch, rows: int) -> None:
        became = ingest(batch=batch, source=f"file {self.file}", by=self.by, at=self.at, aside=True)
        taken, tally = became.tally, self.tally
        tally.rows += rows
        tally.readings += taken.received
        tally.accepted += taken.accepted
        tally.repeated += taken.repeated
        tally.quarantined += taken.quarantined
        tally.why = dict(sorted((Counter(tally.why) + Counter(became.reasons.values())).items()))

    def _thing(self, raw: Raw) -> str:
        if self.thing < 0 or raw.reason:
            return self.rules.readings.one or self.rules.source.name
        return clean(raw.values[self.thing]).strip()[:200]

    def _when(self, text: str) -> int:
        """Read a time; one that is none is far outside all times, and is found when its readings are judged."""
        try:
            return instant(text, zone=self.zone)
        except Refusal:
            return NO_TIME

    def _column(
        self, batch: Batch, origin: list[tuple[Raw, str]], stream: int, one: StreamMap, column: int,
        group: list[tuple[Raw, int]],
    ) -> None:  # fmt: skip
        said = [raw.values[column].strip() for raw, _time in group]
        if self.rules.readings.blank == "skip":
            kept = [n for n, text in enumerate(said) if text not in self.empty]
            self.tally.skipped += len(said) - len(kept)
            group, said = [group[n] for n in kept], [said[n] for n in kept]
        start = len(batch)
        origin += [(raw, one.column) for raw, _time in group]
        times = [time for _raw, time in group]
        values = [self._value(one.kind, text) for text in said]
        batch.extend(stream, times, [kind for kind, _number in values], [number for _kind, number in values])
        for n, (text, (kind, _number)) in enumerate(zip(said, values, strict=True), start):
            if kind == reasons.OTHER:
                batch.more[n] = {"value": clean(text)[:1000]}
        if NO_TIME in times:
            batch.faults |= {start + n: reasons.TIME for n, time in enumerate(times) if time == NO_TIME}

    def _value(self, kind: str, text: str) -> tuple[int, float]:
        if text in self.empty:
            return reasons.NOTHING, math.nan
        if kind == "category":
            return reasons.OTHER, math.nan
        if kind == "truth":
            number = TRUTHS.get(text.lower())
            return (reasons.OTHER, math.nan) if number is None else (reasons.TRUTH, number)
        try:
            return reasons.NUMBER, float(text)
        except ValueError:
            return (reasons.NUMBER if text.lower() in NOT_NUMBERS else reasons.OTHER), math.nan
