"""Parents and children of split cases."""

from typing import Any

from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases.actions import prepare
from cityloop.loops.cases.actions.book import Book
from cityloop.loops.cases.actions.opening import book_of
from cityloop.loops.cases.models import Case

RULE = Actor(kind="rule", role="rule", name="split")


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


def child_ended(child: Book, at: int) -> list[Book]:
    """Close the parent when its last child has ended."""
    parent = Case.objects.select_for_update().get(pk=child.case.parent_id or 0)
    open_left = Case.objects.filter(parent_id=parent.pk, closed__isnull=True).exclude(pk=child.case.pk).exists()
    if open_left or parent.state != "split_up":
        return []
    book = book_of(parent)
    ends = [*Case.objects.filter(parent_id=parent.pk).exclude(pk=child.case.pk).values_list("resolution", flat=True)]
    all_solved = all(r in ("solved", "already_solved", "") for r in [*ends, child.snapshot.resolution])
    resolution = "solved" if all_solved else "cannot_be_solved"
    book.step(Act("children_ended", {"resolution": resolution}), RULE, max(at, book.snapshot.at))
    return [book]
