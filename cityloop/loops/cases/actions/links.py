"""What a step on one case does to its relatives: folded cases, children, the parent, and theirs in turn."""

from collections import deque
from typing import Any

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.snapshot import Act, Effect
from cityloop.loops.cases.actions import family
from cityloop.loops.cases.actions.book import Book
from cityloop.loops.cases.actions.opening import book_of
from cityloop.loops.cases.models import Case

RULE = Actor(kind="rule", role="rule", name="links")


def follow_up(book: Book, effects: list[Effect], act: Act, at: int) -> list[Book]:
    """Take the steps on relatives that follow from a step, and those that follow from these.

    Gives the books to be saved with it. What is not saved yet is asked of the books, not of the database.
    """
    relatives = Relatives(book, at)
    relatives.stepped(book, effects, act)
    relatives.follow()
    return [other for other in relatives.books.values() if other is not book]


class Relatives:
    """The books opened so far, and what they still bring about."""

    def __init__(self, book: Book, at: int) -> None:
        self.at = at
        self.books: dict[int, Book] = {book.case.pk: book}
        self.todo: deque[tuple[Book, Effect, dict[str, Any]]] = deque()

    def stepped(self, book: Book, effects: list[Effect], act: Act) -> None:
        """Note what a step brings about."""
        self.todo.extend((book, effect, act.data) for effect in effects)

    def follow(self) -> None:
        """Do what is noted until nothing is left."""
        while self.todo:
            book, effect, data = self.todo.popleft()
            if effect.kind == "ended":
                self._ended(book)
            elif effect.kind == "folded":
                self._folded(book)
            elif effect.kind == "children":
                children = family.beget(book, data["children"], self.at)
                self.books |= {child.case.pk: child for child in children}

    def _open(self, row: Case) -> Book:
        if row.pk not in self.books:
            self.books[row.pk] = book_of(row)
        return self.books[row.pk]

    def _step(self, book: Book, act: Act, by: Actor = RULE) -> None:
        self.stepped(book, book.effects(book.step(act, by, max(self.at, book.snapshot.at))), act)

    def _followers(self, case: Case) -> list[Book]:
        """Give the cases folded into this one now; `into` alone also says where one ended that was."""
        rows = Case.objects.select_for_update().filter(into_id=case.pk, state="folded").order_by("pk")
        return [book for book in map(self._open, rows) if book.snapshot.state == "folded"]

    def _folded(self, book: Book) -> None:
        """Flatten chains: what was folded into this case now follows its main case."""
        # Locked, so that it can neither end nor be folded itself before this is written.
        _check_target(book, Case.objects.select_for_update().filter(pk=book.snapshot.into).first())
        for follower in self._followers(book.case):
            self._step(follower, Act("main_changed", {"into": book.snapshot.into}))

    def _ended(self, book: Book) -> None:
        for follower in self._followers(book.case):
            self._step(follower, _end_of_follower(book))
        if book.case.parent_id:
            self._child_ended(book)

    def _child_ended(self, child: Book) -> None:
        """Close the parent when its last child has ended."""
        parent = self._open(Case.objects.select_for_update().get(pk=child.case.parent_id or 0))
        if parent.snapshot.state != "split_up":
            return
        resolution = family.outcome(parent.case.pk, self.books)
        if resolution:
            self._step(parent, Act("children_ended", {"resolution": resolution}), family.RULE)


def _check_target(book: Book, target: Case | None) -> None:
    if target is None or target.pk == book.case.pk:
        raise Refusal("cases.fold.self", "A case cannot be folded into itself.", field="into")
    if target.closed is not None:
        raise Refusal("cases.fold.ended", "The main case has ended already.", field="into")
    if target.state == "folded":
        raise Refusal("cases.fold.folded", "The main case is itself folded.", field="into")
    if target.state == "split_up" and book.case.parent_id:
        raise Refusal("cases.fold.split", "A part of a split case cannot be folded into a split case.", field="into")


def _end_of_follower(book: Book) -> Act:
    if book.snapshot.state == "closed":
        resolution = book.snapshot.resolution
        return Act("main_ended", {"resolution": resolution if resolution in family.RESOLUTIONS else "solved"})
    return Act("main_declined")
