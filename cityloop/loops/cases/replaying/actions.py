"""Replaying a file into a database made for it, up to the present of the city."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.loops.cases.actions import bulk
from cityloop.loops.cases.actions.book import Book
from cityloop.loops.cases.actions.opening import book_of
from cityloop.loops.cases.actions.save import save
from cityloop.loops.cases.importing import known, places
from cityloop.loops.cases.importing.actions import RETRIES, Tally, chunks, fresh_books, hidden
from cityloop.loops.cases.importing.mapping import ImportMap
from cityloop.loops.cases.importing.records import Reader, Record
from cityloop.loops.cases.loop import keep_present
from cityloop.loops.cases.models import Case
from cityloop.loops.cases.replaying.cast import engage
from cityloop.loops.cases.replaying.plan import Director, Planned
from cityloop.loops.cases.replaying.policy import Policy
from cityloop.town.calendar.queries import calendars
from cityloop.town.catalog import queries as catalog
from cityloop.town.columns import of_source
from cityloop.town.tabular import writing
from cityloop.town.tabular.rejects import Reject, RejectFile
from cityloop.town.tabular.tables import Table
from cityloop.town.units.queries import city

ORIGIN = "replay"
NAMELESS = "Unspecified"


@dataclass
class ReplayTally(Tally):
    """What became of the rows: rows = cases + updated + rejected + later. `later`: created after the present."""

    later: int = 0
    steps: int = 0


def replay(
    *,
    path: Path,
    rules: ImportMap,
    policy: Policy,
    seed: int,
    reject_file: Path,
    by: Actor,
    at: int,
    progress: Callable[[float, Any], None] | None = None,
) -> ReplayTally:
    """Replay a file up to `at`, the present of the city. Run again, it goes on where it stopped."""
    check_city()
    check_map(rules)
    table, rejects = Table(path, rules.source, rules.wanted(), rules.numbers), RejectFile(reject_file)
    stage = set_stage(path=path, rules=rules, policy=policy, seed=seed, by=by, at=at)
    stage.tally.reject_file = str(reject_file)
    with writing.bulk():
        for chunk in chunks(table.rows(), stage.pace):
            stage.play(stage.reader.read(chunk), rejects)
            if progress:
                progress(table.share(), stage.tally)
    rejects.close()
    return stage.tally


def check_city() -> None:
    """Refuse a database that was not made as a replay."""
    if city().kind != "replay":
        raise Refusal(
            "replay.kind",
            "This city is no replay: a simulation may not be mixed with what happened. Make a database of kind replay.",
            "kind",
        )


def check_map(rules: ImportMap) -> None:
    """Refuse a map that no row can be replayed by, before anything is written."""
    if not rules.columns.matter:
        raise Refusal(
            "replay.matter", "A replay needs the kind of each request: name its column in the map.", "columns.matter"
        )
    places.check(rules.place)


def set_stage(*, path: Path, rules: ImportMap, policy: Policy, seed: int, by: Actor, at: int) -> "Stage":
    """Make ready what a replay needs: matters, agencies, posts."""
    found = known.pairs(path, rules)
    for matter, agency in [pair for pair in found if not pair[0]]:
        found[NAMELESS, agency] += found.pop((matter, agency))
    known.establish(rules, found, by=by, at=at)
    names = known.Known(rules, found)
    cast = engage({org.id for org in names.agencies.values()}, by=by, at=at)
    director = Director(
        definition=keep_present(),
        policy=policy,
        statuses=rules.statuses,
        cast=cast,
        source=rules.source.name,
        seed=seed,
        filing=filing(),
    )
    return Stage(rules, Reader(rules, names, at, simulated=True), director, at)


def filing() -> Callable[[str], dict[str, Any]]:
    """Give what filing fixes for a matter: its limits and the digest of the catalogue. Remembered by matter."""
    now, kept = catalog.current(), dict[str, dict[str, Any]]()

    def fixed(matter: str) -> dict[str, Any]:
        if matter not in kept:
            entry = now.matter(matter)
            kept[matter] = {
                "matter": matter,
                "milestones": [[str(n + 1), step.limit.text] for n, step in enumerate(entry.milestones)],
                "urgent": entry.urgent,
                "level": entry.level,
                "catalogue": now.digest,
            }
        return kept[matter]

    return fixed


class Stage:
    """Plays records: new cases in bulk, those begun earlier on from where they stand."""

    def __init__(self, rules: ImportMap, reader: Reader, director: Director, now: int) -> None:
        self.rules, self.reader, self.director, self.now = rules, reader, director, now
        self.source, self.worktime = rules.source.name, calendars()
        self.tally, self.pace = ReplayTally(), writing.Pace()
        self.nameless = reader.known.matters.get(NAMELESS, "")

    def play(self, rows: Iterable[Record | Reject], rejects: RejectFile) -> None:
        """Play one chunk up to the present."""
        records: dict[str, Record] = {}
        for row in rows:
            self.tally.rows += 1
            fault = row if isinstance(row, Reject) else self._fault(row)
            if fault is not None:
                self.tally.rejected += 1
                rejects.add(fault)
            elif isinstance(row, Record):
                self.tally.marked += bool(row.marks)
                self._sort(row, records)
        there = self._begin_new(records)
        self._resume([(r, there[key]) for key, r in records.items() if key in there])

    def _begin_new(self, records: dict[str, Record]) -> "dict[str, Standing]":
        """Begin what is not there, and give what was; another run may be at work on the same file."""
        for _ in range(RETRIES):
            there = standing(self.source, list(records))
            try:
                self.begin([r for key, r in records.items() if key not in there])
            except IntegrityError:
                continue
            return there
        raise Refusal("import.busy", "Another import of this source is at work; wait until it is done.", "file")

    def _sort(self, record: Record, records: dict[str, Record]) -> None:
        if record.created > self.now:
            self.tally.later += 1
        elif record.key in records:
            self.tally.updated += 1
            self.tally.unchanged += 1
        else:
            records[record.key] = record

    def _fault(self, record: Record) -> Reject | None:
        record.matter = record.matter or self.nameless
        if record.matter:
            return None
        return Reject(record.number, record.line, self.rules.columns.matter, "a replay needs a matter")

    def begin(self, records: Sequence[Record]) -> None:
        """Begin new cases and play them up to the present."""
        if not records:
            return
        books, words = fresh_books(records, self.director.definition, self.worktime, source=self.source, origin=ORIGIN)
        for book, record in zip(books, records, strict=True):
            self.tally.steps += advance(book, record, self.due(record))
        self.pace.note(len(books), bulk.insert(books, words))
        self.tally.cases += len(books)

    def due(self, record: Record) -> list[Planned]:
        """Give the planned steps whose time has come."""
        steps = self.director.steps(record)
        return steps if steps[-1][0] <= self.now else [step for step in steps if step[0] <= self.now]

    def _resume(self, pairs: Sequence[tuple[Record, "Standing"]]) -> None:
        """Go on with cases begun earlier, unless somebody acted on them meanwhile."""
        waiting: dict[int, tuple[Record, list[Planned]]] = {}
        for record, stands in pairs:
            steps = self.due(record)
            if stands.on_plan(steps) and len(steps) > stands.seq:
                waiting[stands.id] = (record, steps)
        self.tally.updated += len(pairs)
        self.tally.unchanged += len(pairs) - len(waiting)
        if waiting:
            self.tally.steps += go_on(waiting)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a case has come."""

    id: int
    origin: str
    seq: int
    at: int

    def on_plan(self, steps: Sequence[Planned]) -> bool:
        """Tell whether just the planned steps were taken: a visitor's act takes a case off the plan."""
        return self.origin == ORIGIN and 0 < self.seq <= len(steps) and steps[self.seq - 1][0] == self.at


def standing(source: str, keys: Sequence[str]) -> dict[str, Standing]:
    """Give how far the cases of these keys have come. One query a thousand keys."""
    found: dict[str, Standing] = {}
    for start in range(0, len(keys), 1000):
        rows = Case.objects.filter(of_source(source, keys[start : start + 1000]))
        found |= {row[0]: Standing(*row[1:]) for row in rows.values_list("source_key", "id", "origin", "seq", "at")}
    return found


def advance(book: Book, record: Record, steps: Iterable[Planned]) -> int:
    """Take planned steps on a book; give how many."""
    count, inner = 0, hidden(record)
    for at, act, actor in steps:
        book.step(act, actor, at, inner=inner if act.name == "collect" else None)
        count += 1
    return count


@transaction.atomic
def go_on(waiting: dict[int, tuple[Record, list[Planned]]]) -> int:
    """Take the next planned steps of cases in the database, those that are still on their plan."""
    books, count = [], 0
    for case in Case.objects.select_for_update().filter(pk__in=list(waiting)).order_by("pk"):
        record, steps = waiting[case.pk]
        if Standing(case.pk, case.origin, case.seq, case.at).on_plan(steps):
            book = book_of(case, origin=ORIGIN)
            count += advance(book, record, steps[case.seq :])
            books.append(book)
    save(books)
    return count
