"""Writing books: a constant number of statements for any number of cases."""

from collections.abc import Sequence
from typing import Any

import msgspec
from django.db import connection

from cityloop.ground.kit.remembered import Remembered
from cityloop.ground.loop.snapshot import GONE, dump
from cityloop.loops.cases.actions.book import Book
from cityloop.loops.cases.models import Case
from cityloop.town.calendar.queries import cache_seconds, calendars
from cityloop.town.catalog import queries as catalog
from cityloop.town.ledger import actions as ledger
from cityloop.town.orgs.queries import directory, revision
from cityloop.town.units import queries as units
from cityloop.town.worklist import actions as worklist

_json = msgspec.json.Encoder()

CHANGING = (
    "definition",
    "snapshot",
    "slots",
    "head",
    "state",
    "seq",
    "round",
    "matter",
    "unit_code",
    "unit_filed",
    "level",
    "urgent",
    "held",
    "at",
    "filed",
    "closed",
    "due",
    "resolution",
    "adjusted",
    "lead_org",
    "person",
    "parent_id",
    "into_id",
)
_SET = ", ".join(f'"{name}" = %s' for name in CHANGING)
_UPDATE = f'UPDATE "cases_case" SET {_SET} WHERE "id" = %s'


_ALL = [field.attname for field in Case._meta.concrete_fields]
_INSERT = (
    'INSERT INTO "cases_case" (' + ", ".join(f'"{name}"' for name in _ALL) + ") "
    "VALUES (" + ", ".join(["%s"] * len(_ALL)) + ")"
)


def paths() -> dict[int, str]:
    """Give every organisation's real path by id, kept per process."""
    return _paths()


_paths = Remembered(lambda: {o.id: o.path for o in directory().values()}, revision, cache_seconds)


def warm() -> None:
    """Look at what the process remembers before a transaction begins, so that no question of it falls inside."""
    for remembered in (calendars, paths, catalog.has_any, units.has_city):
        remembered()


def reflect(book: Book) -> None:
    """Bring the case's columns in line with its snapshot."""
    case, snap = book.case, book.snapshot
    case.definition, case.snapshot = snap.definition, dump(snap).decode()
    case.slots = _json.encode(book.slots).decode()
    case.state, case.seq, case.round, case.at = snap.state, snap.seq, snap.round, snap.at
    case.matter = snap.matter or case.matter
    case.unit_code = snap.unit or case.unit_code
    case.level, case.urgent, case.held = snap.level, snap.urgent, snap.held
    case.resolution, case.person, case.adjusted = snap.resolution, snap.person, snap.adjusted
    case.closed = snap.ended if snap.ended >= 0 else None
    case.into_id = snap.into or None
    handling = snap.clocks.get("handling")
    case.due = handling.due if handling and handling.due >= 0 else None
    lead = snap.lead
    case.lead_org = lead.org if lead else case.lead_org
    if case.filed is None and snap.milestones:
        case.filed, case.unit_filed = snap.at, snap.unit


def save(books: Sequence[Book]) -> None:
    """Write the steps, rows of work, cases and parts of all books, inside the caller's transaction."""
    was = {book.case.pk: book.case.closed is not None for book in books}
    for book in books:
        reflect(book)
    _write_cases([book.case for book in books])
    ledger.append([row for book in books for row in book.rows])
    worklist.write([row for book in books for row in book.work()])
    _write_parts([book for book in books if book.parts_changed])
    _end_parts([book.case for book in books if was[book.case.pk] != (book.case.closed is not None)])


def _write_cases(cases: Sequence[Case]) -> None:
    known = [_update_values(case) for case in cases if not case._state.adding]
    with connection.cursor() as cursor:
        for case in cases:
            if case._state.adding:
                cursor.execute(_INSERT, [getattr(case, name) for name in _ALL])
                case._state.adding = False
        if len(known) == 1:
            cursor.execute(_UPDATE, known[0])
        elif known:
            cursor.executemany(_UPDATE, known)


def new_id() -> int:
    """Take the id of a case to be: the hash of its first step needs it before the row is written. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('cases_case', 'id'))"
            if connection.vendor == "postgresql"
            else "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'cases_case' RETURNING seq"
        )
        row = cursor.fetchone()
        if row is None:
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('cases_case', 1)")
    return int(row[0]) if row else 1


def _update_values(case: Case) -> list[Any]:
    return [getattr(case, name) for name in CHANGING] + [case.pk]


PART_COLUMNS = ("case_id", "round", "number", "org", "org_path", "role", "state", "due", "ended")
_PARTS = f'INSERT INTO "cases_part" ({", ".join(PART_COLUMNS)}) VALUES '
_PARTS_TAIL = (
    ' ON CONFLICT ("case_id", "round", "number") DO UPDATE SET "state" = excluded."state",'
    ' "role" = excluded."role", "due" = excluded."due", "ended" = excluded."ended"'
)
_ENDED = 'UPDATE "cases_part" SET "ended" = %s WHERE "case_id" = %s'


def part_rows(book: Book) -> list[tuple[Any, ...]]:
    """Give the list-side rows of a case's parts; a call to an organisation lets it see the case as well."""
    known, snap, ended = paths(), book.snapshot, book.snapshot.ended >= 0
    case, turn = book.case.pk, book.snapshot.round
    rows = [
        (case, turn, p.id, p.org, known.get(p.org, p.org_path), p.role, p.state, _due(p.clock.due), ended)
        for p in snap.parts
    ]
    return rows + [
        (case, turn, 1000 + r.id, r.org, known.get(r.org, r.org_path), "asked", r.state, _due(r.clock.due), ended)
        for r in snap.requests
        if r.org and r.state not in GONE
    ]


def _end_parts(cases: Sequence[Case]) -> None:
    """Say of all parts of cases that ended, or were opened again, those of earlier rounds too."""
    if cases:
        with connection.cursor() as cursor:
            for case in cases:  # one, but where duplicates end with their main case
                cursor.execute(_ENDED, [case.closed is not None, case.pk])


def _due(value: int) -> int | None:
    return value if value >= 0 else None


def _write_parts(books: Sequence[Book]) -> None:
    rows = [row for book in books for row in part_rows(book)]
    if not rows:
        return
    with connection.cursor() as cursor:
        marks = "(" + ", ".join(["%s"] * len(PART_COLUMNS)) + ")"
        if len(rows) <= 40:
            flat = [v for row in rows for v in row]
            cursor.execute(_PARTS + ", ".join([marks] * len(rows)) + _PARTS_TAIL, flat)
        else:
            cursor.executemany(_PARTS + marks + _PARTS_TAIL, rows)
