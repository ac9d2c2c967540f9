"""Parents and children of split cases."""

from collections.abc import Mapping
from typing import Any

from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases.actions import prepare
from cityloop.loops.cases.actions.book import Book
from cityloop.loops.cases.models import Case

RULE = Actor(kind="rule", role="rule", name="split")
RESOLUTIONS = frozenset({"solved", "nothing_found", "already_solved", "not_ours", "cannot_be_solved"})


def beget(parent: Book, children: list[dict[str, Any]], at: int) -> list[Book]:
    """Make the children of a split case: each collected and filed at once, at the parent's place."""
    return [_child(parent, spec["matter"], spec.get("unit") or parent.snapshot.unit, at) for spec in children]


def _child(parent: Book, matter: str, unit: str, at: int) -> Book:
    row = _row(parent.case, parent.snapshot.at)
    book = Book(row, parent.definition, parent.worktime, origin=parent.origin, recorded_at=parent.recorded_at)
    book.step(Act("collect", {"channel": "split", "matter": matter, "unit": unit, "parent": parent.case.pk}), RULE, at)
    data = {"matter": matter, "unit": unit}
    prepare.fix(book, data)
    book.step(Act("file", data), RULE, at)
    return book


def _row(parent: Case, at: int) -> Case:
    row = Case(
        definition=parent.definition,
        head=b"",
        slots="",
        snapshot="",
        state="",
        seq=0,
        unit_code=parent.unit_code,
        lon=parent.lon,
        lat=parent.lat,
        cell=parent.cell,
        address=parent.address,
        origin=parent.origin,
        channel="split",
        created=at,
        at=at,
        parent_id=parent.pk,
    )
    row.save(force_insert=True)
    return row


def outcome(parent: int, books: Mapping[int, Book]) -> str:
    """Give the resolution of a split case whose children have all ended, "" while one is open. One query.

    `books` are those not saved yet. Children that were declined do not count, unless all were.
    """
    ends = []
    rows = Case.objects.filter(parent_id=parent).values_list("pk", "closed", "state", "resolution")
    for pk, closed, state, resolution in rows:
        snap = books[pk].snapshot if pk in books else None
        if (snap.ended < 0) if snap else (closed is None):
            return ""
        ends.append((snap.state, snap.resolution) if snap else (state, resolution))
    found = {resolution for state, resolution in ends if state == "closed"}
    if found and found <= {"solved", "already_solved"}:
        return "solved"
    return found.pop() if len(found) == 1 and found <= RESOLUTIONS else "cannot_be_solved"
