"""Following a reform of units: every case keeps the code it was filed under, and its current code is rewritten.

Works through the cases by their ids, a chunk a transaction; how far it came is noted in the same transaction,
so that a reform told twice, or broken off, rewrites each case once (codes may have been swapped).
"""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from django.db import transaction

from cityloop.ground.codes import roots
from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases.actions.book import Book
from cityloop.loops.cases.actions.save import save
from cityloop.loops.cases.loop import LOOP, pinned
from cityloop.loops.cases.models import Case
from cityloop.town.calendar.queries import calendars
from cityloop.town.columns import real_now, under
from cityloop.town.ledger.actions import move_cursor
from cityloop.town.ledger.queries import cursor
from cityloop.town.units import queries as units
from cityloop.town.units.events import UnitsRenumbered
from cityloop.town.worklist import actions as worklist

RULE = Actor(kind="rule", role="rule", name="units")
CHUNK = 200


def follow(event: UnitsRenumbered) -> int:
    """Rewrite the current unit of every case a reform touches; give how many were rewritten now."""
    units.forget()
    total = 0
    while ids := _waiting(event):
        for start in range(0, len(ids), CHUNK):
            total += _follow_some(event, ids[start : start + CHUNK])
    return total


def _reader(event: UnitsRenumbered) -> str:
    return f"cases.units:{event.reform}"


def _waiting(event: UnitsRenumbered) -> list[int]:
    """Give the ids of the cases still to be looked at. One query, by the index on codes."""
    codes = [under("unit_code", code) for code in roots({*event.mapping, *event.relocate})]
    if not codes:
        return []
    rows = Case.objects.filter(reduce(or_, codes), pk__gt=cursor(_reader(event)))
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _follow_some(event: UnitsRenumbered, ids: Sequence[int]) -> int:
    """One chunk in one transaction, with a constant number of statements."""
    with transaction.atomic():
        rows = list(Case.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
        wanted = new_codes(event, rows)
        books = [_rewritten(row, wanted[row.pk], event.at) for row in rows if row.pk in wanted]
        if books:
            save(books)
            worklist.move_units(LOOP, {book.case.pk: book.case.unit_code for book in books})
        move_cursor(_reader(event), ids[-1])
    return len(books)


def _rewritten(row: Case, code: str, at: int) -> Book:
    book = Book(row, pinned(row.definition), calendars(), origin=row.origin, recorded_at=real_now())
    book.step(Act("renumber", {"unit": code}), RULE, max(at, book.snapshot.at))
    return book


def new_codes(event: UnitsRenumbered, rows: Sequence[Case]) -> dict[int, str]:
    """Give the new code of each case whose code changes, by its id: by its point where its unit was split."""
    rows = [row for row in rows if _is_old(event, row)]
    found = _located([row for row in rows if row.unit_code in event.relocate])
    wanted = {row.pk: found.get(row.pk) or event.mapping.get(row.unit_code, row.unit_code) for row in rows}
    return {row.pk: wanted[row.pk] for row in rows if wanted[row.pk] != row.unit_code}


def _located(rows: Sequence[Case]) -> dict[int, str | None]:
    points = [(row.pk, row.lon, row.lat) for row in rows if row.lon is not None and row.lat is not None]
    if not points:
        return {}
    ids, lons, lats = zip(*points, strict=True)
    return dict(zip(ids, units.locate_many(lons, lats), strict=True))


def _is_old(event: UnitsRenumbered, row: Case) -> bool:
    """Tell whether a code is from before the reform; a case collected since may bear a new one that reads alike."""
    if row.unit_code not in event.mapping and row.unit_code not in event.relocate:
        return False
    return row.created <= event.at or row.unit_code not in event.mapping.values()
