"""Importing a file: each row a case with what the source says of it, and nothing more.

Runs may be cut off at any moment and begun again: a case is known by its source and key, chunks are written
whole, and a row already there is compared and at most brought up to date.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction

from cityloop.ground.codes import cells
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.definition import Definition
from cityloop.ground.loop.snapshot import Act
from cityloop.ground.worktime import Calendars
from cityloop.loops.cases.actions import bulk
from cityloop.loops.cases.actions.book import Book
from cityloop.loops.cases.actions.opening import book_of
from cityloop.loops.cases.actions.save import save
from cityloop.loops.cases.importing import known, places
from cityloop.loops.cases.importing.mapping import ImportMap
from cityloop.loops.cases.importing.records import Reader, Record
from cityloop.loops.cases.importing.repeats import Keys
from cityloop.loops.cases.loop import keep_present
from cityloop.loops.cases.models import SOURCE, SUBJECT, Case
from cityloop.town.calendar.queries import calendars
from cityloop.town.columns import of_source, real_now
from cityloop.town.ledger.actions import record as note
from cityloop.town.ledger.chain import fresh_salt
from cityloop.town.persons.actions import Draft, WordsRow, seal_words
from cityloop.town.persons.sealing import digest
from cityloop.town.tabular import writing
from cityloop.town.tabular.rejects import Reject, RejectFile
from cityloop.town.tabular.tables import Table

CHANGED = "source_changed"
RETRIES = 5
Progress = Callable[[float, "Tally"], None]


@dataclass
class Tally:
    """What became of the rows: rows = cases + updated + rejected.

    `cases`: new cases. `updated`: rows whose case was there already, `unchanged` of them with nothing new to
    say. `marked`: rows that stay out of time statistics, or whose place is not certain.
    """

    rows: int = 0
    cases: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    marked: int = 0
    reject_file: str = ""

    def told(self) -> dict[str, Any]:
        """Give it as plain data."""
        return asdict(self)


class Stored:
    """What the database knows of a case of this source, as far as a row may change it."""

    __slots__ = ("agency", "closed", "due", "id", "marked", "origin", "precision", "state", "status")

    def __init__(self, row: tuple[Any, ...]) -> None:
        self.id, self.state, self.closed, self.origin, self.status, self.due, self.agency, self.marked = row[:8]
        self.precision = row[8]


STORED = ("id", "state", "closed", "origin", "source_status", "source_due", "lead_org", "marked", "precision")


def stored(source: str, keys: Sequence[str]) -> dict[str, Stored]:
    """Give what is there of these keys. One query a thousand keys."""
    found: dict[str, Stored] = {}
    for start in range(0, len(keys), 1000):
        rows = Case.objects.filter(of_source(source, keys[start : start + 1000]))
        found |= {row[0]: Stored(row[1:]) for row in rows.values_list("source_key", *STORED)}
    return found


def import_cases(
    *, path: Path, rules: ImportMap, reject_file: Path, by: Actor, at: int, progress: Progress | None = None
) -> Tally:
    """Import a file by its map; `at` is the present of the city. Agencies and matters are added as the map says."""
    places.check(rules.place)
    keys = Keys()
    found = known.pairs(path, rules, keys)
    known.establish(rules, found, by=by, at=at)
    importer = Importer(rules, Reader(rules, known.Known(rules, found), at), at, keys.last())
    table, rejects = Table(path, rules.source, rules.wanted(), rules.numbers), RejectFile(reject_file)
    importer.tally.reject_file = str(reject_file)
    with writing.bulk():
        for chunk in chunks(table.rows(), importer.pace):
            importer.take(importer.reader.read(chunk), rejects)
            if progress:
                progress(table.share(), importer.tally)
    rejects.close()
    return importer.tally


def chunks(rows: Iterator[Any], pace: writing.Pace) -> Iterator[list[Any]]:
    """Cut rows into chunks of the size that the pace has come to."""
    while chunk := list(islice(rows, pace.size)):
        yield chunk
        writing.checkpoint()


class Importer:
    """Writes records, a chunk at a time. `last` says of keys in several rows, by their hash, which row is the last."""

    def __init__(self, rules: ImportMap, reader: Reader, now: int, last: Mapping[int, int]) -> None:
        self.rules, self.reader, self.now, self.last = rules, reader, now, last
        self.waiting: dict[int, Record] = {}  # by the number of the last row with its key
        self.source = rules.source.name
        self.actor = Actor(kind="source", role="source", name=f"source:{self.source}")
        self.definition: Definition = keep_present()
        self.worktime: Calendars = calendars()
        self.tally, self.pace = Tally(), writing.Pace()

    def take(self, rows: Iterable[Record | Reject], rejects: RejectFile) -> None:
        """Take one chunk: new cases in bulk, known ones one by one where the last row of a key says something new."""
        records: list[Record] = []
        numbers: list[int] = []
        for row in rows:
            self.tally.rows += 1
            numbers.append(row.number)
            if isinstance(row, Reject):
                self.tally.rejected += 1
                rejects.add(row)
            else:
                self.tally.marked += bool(row.marks)
                records.append(row)
        first: dict[str, Record] = {}
        for record in records:
            first.setdefault(record.key, record)
        there = self._insert_new(first)
        again = [r for r in records if r.key in there or first[r.key] is not r]
        self.waiting |= {self.last.get(hash(r.key), r.number): r for r in again}
        self.tally.updated += len(again)
        self.tally.unchanged += len(again)
        if due := [self.waiting.pop(number) for number in numbers if number in self.waiting]:
            self._update(due)

    def _insert_new(self, first: dict[str, Record]) -> dict[str, Stored]:
        """Insert what is not there, and give what was; another run may be at work on the same file."""
        for _ in range(RETRIES):
            there = stored(self.source, list(first))
            try:
                self._insert([r for key, r in first.items() if key not in there])
            except IntegrityError:
                continue
            return there
        raise Refusal("import.busy", "Another import of this source is at work; wait until it is done.", "file")

    def _insert(self, records: list[Record]) -> None:
        if not records:
            return
        books, words = fresh_books(records, self.definition, self.worktime, source=self.source, origin="import")
        for book, record in zip(books, records, strict=True):
            self._take(book, record)
        self.pace.note(len(books), bulk.insert(books, words))
        self.tally.cases += len(books)

    def _take(self, book: Book, record: Record) -> None:
        book.step(Act("collect", collected(record, self.source)), self.actor, record.created, inner=hidden(record))
        if record.ended is not None and record.ended <= self.now:
            book.step(self._closing(record), self.actor, record.ended)

    def _closing(self, record: Record) -> Act:
        data: dict[str, Any] = {"status": record.status} if record.status else {}
        if record.closed != record.ended:
            data["claimed"] = record.closed
        return Act("close_by_source", data)

    def _update(self, records: list[Record]) -> None:
        """Bring up what rows change, each the last sound one of its key: so a file says the same whenever it comes."""
        there = stored(self.source, [r.key for r in records])
        for record in records:
            if self._changes(there[record.key], record):
                self._bring_up(there[record.key].id, record)
                self.tally.unchanged -= 1

    def _changes(self, old: Stored, record: Record) -> bool:
        if old.origin != "import":
            return False
        said = (record.status, record.due, record.agency, self._marked(old, record), _precision(old, record))
        stands = (old.status, old.due, old.agency, old.marked, old.precision)
        return said != stands or self._closes(old.state, record)

    def _closes(self, state: str, record: Record) -> bool:
        return state == "collected" and record.ended is not None and record.ended <= self.now

    def _marked(self, old: Stored | Case, record: Record) -> str:
        """Mark a case whose end at the source is no longer what the ledger says: history is not rewritten."""
        if old.state == "closed" and old.closed != record.ended:
            return CHANGED
        return record.marked

    @transaction.atomic
    def _bring_up(self, case_id: int, record: Record) -> None:
        case = Case.objects.select_for_update().get(pk=case_id)
        book = book_of(case, origin="import")
        marked, precision = self._marked(case, record), _precision(case, record)
        if self._closes(case.state, record) and record.ended is not None:
            book.step(self._closing(record), self.actor, max(record.ended, book.snapshot.at))
            save([book])
        said = {"agency": record.agency, "due": record.due, "marked": marked, "status": record.status,
                "precision": precision}  # fmt: skip
        note(subject=f"{SOURCE}:{case_id}", kind=SOURCE, what="says", by=self.actor, at=case.at, data=said)
        Case.objects.filter(pk=case_id).update(
            source_status=record.status,
            source_due=record.due,
            lead_org=record.agency,
            marked=marked,
            precision=precision,
        )


def _precision(old: Stored | Case, record: Record) -> str:
    """Give how exactly the times of a case are known: a day that stands on the ledger is not rewritten."""
    return "day" if old.precision == "day" else record.precision


def cells_of(records: Sequence[Record]) -> list[int | None]:
    """Give the cells of the records that have a point."""
    points = [(r.place.lon, r.place.lat) for r in records if r.place.lon is not None and r.place.lat is not None]
    if not points:
        return [None] * len(records)
    found = iter(cells([lon for lon, _ in points], [lat for _, lat in points]).tolist())
    return [next(found) if r.place.lon is not None else None for r in records]


def fresh_books(
    records: Sequence[Record], definition: Definition, worktime: Calendars, *, source: str, origin: str
) -> tuple[list[Book], list[WordsRow]]:
    """Open the books of new cases, in the order of the records, under ids taken for good; give their words sealed."""
    recorded_at, ids = real_now(), bulk.reserve(len(records))
    rows, words = zip(ids, records, cells_of(records), strict=True), _seal(records, ids)
    books = [
        bulk.book_of_fresh(
            fresh_of(number, record, cell, source, origin), definition, worktime, origin=origin, recorded_at=recorded_at
        )
        for number, record, cell in rows
    ]
    return books, words


def _seal(records: Sequence[Record], ids: Sequence[int]) -> list[WordsRow]:
    """Seal what was said, so that each record knows what the ledger may say of it."""
    speaking = [(record, number) for record, number in zip(records, ids, strict=True) if record.words]
    drafts = [Draft(f"{SUBJECT}:{number}", "1:collect:words", record.words) for record, number in speaking]
    kept, rows = seal_words(drafts)
    for (record, _number), one in zip(speaking, kept, strict=True):
        record.kept = one
    return rows


def fresh_of(number: int, record: Record, cell: int | None, source: str, origin: str) -> bulk.Fresh:
    """Give the row of a new case."""
    record.salt = fresh_salt() if record.address else None
    return bulk.Fresh(
        id=number,
        unit_code=record.place.unit,
        created=record.created,
        at=record.created,
        origin=origin,
        lon=record.place.lon,
        lat=record.place.lat,
        cell=cell,
        address=record.address,
        channel=record.channel,
        lead_org=record.agency,
        source=source,
        source_key=record.key,
        source_due=record.due,
        source_status=record.status,
        precision=record.precision,
        marked=record.marked,
        address_salt=record.salt,
    )


def collected(record: Record, source: str) -> dict[str, Any]:
    """Give what the ledger says of a row: what the source says, and what was marked of it.

    Status and marks stand there also where they are empty: so it is known of a case that they were.
    """
    data: dict[str, Any] = {
        "channel": record.channel,
        "key": record.key,
        "marked": record.marked,
        "precision": record.precision,
        "source": source,
        "status": record.status,
        "unit": record.place.unit,
    }
    if record.salt is not None:
        data["address"] = digest(record.salt, record.address)
    if record.matter:
        data["matter"] = record.matter
    if record.due is not None:
        data["due"] = record.due
    if record.agency:
        data["agency"] = record.agency
    if record.kept is not None:
        data["words"] = record.kept.digest
    return data


def hidden(record: Record) -> dict[str, Any] | None:
    """Give what the ledger keeps in private of a row: its point, and where its words are."""
    inner: dict[str, Any] = {}
    if record.place.lon is not None and record.place.lat is not None:
        inner = {"lat_e7": round(record.place.lat * 1e7), "lon_e7": round(record.place.lon * 1e7)}
    if record.kept is not None:
        inner["words_id"] = record.kept.id
    return inner or None
