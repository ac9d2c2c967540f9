"""The bulk path: many new cases at once, through the same books, the same engine and the same chain.

A chunk is made in memory, under ids reserved beforehand, and then written in one short transaction of plain
tuples, so that people's actions slip in between. Nothing here decides anything: it only writes.
"""

import time
from collections.abc import Sequence
from typing import Any, cast

import msgspec
from django.db import transaction

from cityloop.ground.loop.clocks import WorkTimes
from cityloop.ground.loop.definition import Definition
from cityloop.loops.cases.actions.book import Book
from cityloop.loops.cases.actions.save import PART_COLUMNS, part_rows, reflect
from cityloop.loops.cases.models import Case
from cityloop.town.ledger import actions as ledger
from cityloop.town.persons.actions import WordsRow, write_words
from cityloop.town.tabular import writing
from cityloop.town.tabular.writing import write
from cityloop.town.worklist import actions as worklist


class Fresh(msgspec.Struct):
    """A case that is not in the database yet: its columns, in the order they are written."""

    id: int
    unit_code: str
    created: int
    at: int
    origin: str
    definition: str = ""
    snapshot: str = ""
    slots: str = ""
    head: bytes = b""
    state: str = ""
    seq: int = 0
    round: int = 1
    matter: str = ""
    unit_filed: str = ""
    level: int = 0
    urgent: bool = False
    held: str = ""
    lon: float | None = None
    lat: float | None = None
    cell: int | None = None
    address: str = ""
    channel: str = ""
    filed: int | None = None
    closed: int | None = None
    due: int | None = None
    resolution: str = ""
    adjusted: bool = False
    lead_org: int = 0
    person: int = 0
    parent_id: int | None = None
    into_id: int | None = None
    source: str = ""
    source_key: str = ""
    source_due: int | None = None
    source_status: str = ""
    precision: str = "second"
    marked: str = ""
    component: str = ""
    address_salt: bytes | None = None

    @property
    def pk(self) -> int:
        """The id, as a row of the database calls it."""
        return self.id


COLUMNS = Fresh.__struct_fields__
REPORT_COLUMNS = ("case_id", "created", "channel", "origin", "language", "person", "follow")


def reserve(count: int) -> list[int]:
    """Take `count` case ids for good; those not used in the end are simply missing."""
    return writing.reserve(Case._meta.db_table, count)


def book_of_fresh(fresh: Fresh, definition: Definition, worktime: WorkTimes, *, origin: str, recorded_at: int) -> Book:
    """Open the book of a case that is not in the database yet."""
    return Book(cast(Case, fresh), definition, worktime, origin=origin, recorded_at=recorded_at)


def insert(books: Sequence[Book], words: Sequence[WordsRow] = ()) -> float:
    """Write new cases with all that belongs to them in one transaction; give how long it held its lock, in seconds."""
    for book in books:
        reflect(book)
    steps = [row for book in books for row in book.rows]
    entries = [row for book in books for row in book.work(past=False)]
    parts = [row for book in books if book.parts_changed for row in part_rows(book)]
    cases, reports = [_case_row(book.case) for book in books], [_report_row(book.case) for book in books]
    while ledger.sequence():  # what waits for its offset comes first
        pass
    started = time.perf_counter()
    with transaction.atomic():
        write("cases_case", COLUMNS, cases)
        write("cases_report", REPORT_COLUMNS, reports)
        write("cases_part", PART_COLUMNS, parts)
        write_words(words)
        worklist.insert_many(entries)
        ledger.append_sequenced(steps)
    return time.perf_counter() - started


_case_row: Any = msgspec.structs.astuple


def _report_row(case: Case) -> tuple[Any, ...]:
    return case.id, case.created, case.channel, case.origin, "en", 0, None
