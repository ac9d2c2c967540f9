"""Opening the book of a case: the row locked, its definition and its kin known."""

from django.db import connection
from django.db.models import Q

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.snapshot import load
from cityloop.loops.cases.actions.book import Book
from cityloop.loops.cases.loop import pinned
from cityloop.loops.cases.models import Case
from cityloop.town.calendar.queries import calendars
from cityloop.town.ledger.actions import real_now


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
    return Book(
        row,
        pinned(row.definition),
        calendars(),
        origin=origin or row.origin,
        recorded_at=real_now(),
        kin=kin_of(row),
    )


def kin_of(row: Case) -> dict[int, str]:
    """Give who acted on which track in the family of a case: its parent, siblings and children."""
    if row.parent_id is None and row.state != "split_up":
        return {}
    root = row.parent_id or row.pk
    family = Case.objects.filter(Q(pk=root) | Q(parent_id=root)).exclude(pk=row.pk)
    acted: dict[int, str] = {}
    for text in family.values_list("snapshot", flat=True):
        acted.update(load(text).acted)
    return acted
