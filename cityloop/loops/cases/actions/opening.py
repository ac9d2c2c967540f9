"""Opening the book of a case: the row locked, its definition and its kin known."""

from django.db import connection

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.law import FINDER
from cityloop.ground.loop.snapshot import Snapshot, load
from cityloop.loops.cases.actions.book import Book
from cityloop.loops.cases.loop import pinned
from cityloop.loops.cases.models import Case
from cityloop.town.calendar.queries import calendars
from cityloop.town.columns import real_now


def open_book(case: int, *, origin: str | None = None) -> Book:
    """Lock a case and open its book; one query, one more where it has kin."""
    row = _locked(case)
    if row is None:
        raise Refusal("cases.unknown", "There is no such case.", field="number")
    return book_of(row, origin=origin)


# The query of every action: written out, because putting the same SQL together costs more than the database's answer.
_COLUMNS = [field.attname for field in Case._meta.concrete_fields]
_CASE = "SELECT " + ", ".join(f'"{name}"' for name in _COLUMNS) + ' FROM "cases_case" WHERE "id" = %s'


def _locked(case: int) -> Case | None:
    with connection.cursor() as cursor:
        cursor.execute(_CASE + (" FOR UPDATE" if connection.vendor == "postgresql" else ""), [case])
        values = cursor.fetchone()
    if values is None:
        return None
    row = Case.from_db(connection.alias, _COLUMNS, values)
    row.urgent = bool(row.urgent)
    return row


def book_of(row: Case, *, origin: str | None = None) -> Book:
    """Open the book of a locked row."""
    book = Book(row, pinned(row.definition), calendars(), origin=origin or row.origin, recorded_at=real_now())
    book.kin = kin_of(row, book.snapshot)
    return book


# A case, those above it, and all below the highest of them: parents, siblings, children and theirs.
_FAMILY = """
WITH RECURSIVE above(id, parent_id) AS (
    SELECT id, parent_id FROM cases_case WHERE id = %s
    UNION SELECT c.id, c.parent_id FROM cases_case c JOIN above ON c.id = above.parent_id
), below(id) AS (
    SELECT id FROM above WHERE parent_id IS NULL
    UNION SELECT c.id FROM cases_case c JOIN below ON c.parent_id = below.id WHERE c.parent_id IS NOT NULL
)
SELECT c.snapshot FROM below JOIN cases_case c ON c.id = below.id WHERE c.id <> %s
"""


def kin_of(row: Case, snapshot: Snapshot) -> dict[int, str]:
    """Give who acted on which track in the whole family of a case, and who found it. One query where it has any."""
    if row.parent_id is None and not snapshot.split:
        return {}
    acted: dict[int, str] = {}
    with connection.cursor() as cursor:
        cursor.execute(_FAMILY, [row.pk, row.pk])
        family = [load(text) for (text,) in cursor.fetchall()]
    for one in family:
        acted.update(one.acted)
    return acted | {one.finder: FINDER for one in family if one.finder}
