"""What a step on one case does to its relatives: folded cases, children, the parent."""

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.snapshot import Act, Effect
from cityloop.loops.cases.actions import family
from cityloop.loops.cases.actions.book import Book
from cityloop.loops.cases.actions.opening import book_of
from cityloop.loops.cases.models import Case

RULE = Actor(kind="rule", role="rule", name="links")
RESOLUTIONS = frozenset({"solved", "nothing_found", "already_solved", "not_ours", "cannot_be_solved"})


def follow_up(book: Book, effects: list[Effect], act: Act, at: int) -> list[Book]:
    """Take the steps on relatives that follow from a step, and give their books to be saved with it."""
    books: list[Book] = []
    for effect in effects:
        if effect.kind == "ended":
            books += _ended(book, at)
        elif effect.kind == "folded":
            books += _folded(book, at)
        elif effect.kind == "children":
            books += family.beget(book, act.data["children"], at)
    return books


def _folded(book: Book, at: int) -> list[Book]:
    """Flatten chains: what was folded into this case now follows its main case."""
    target = Case.objects.filter(pk=book.snapshot.into).first()
    _check_target(book, target)
    books = [book_of(row) for row in _followers(book.case)]
    for follower in books:
        follower.step(Act("main_changed", {"into": book.snapshot.into}), RULE, max(at, follower.snapshot.at))
    return books


def _check_target(book: Book, target: Case | None) -> None:
    if target is None or target.pk == book.case.pk:
        raise Refusal("cases.fold.self", "A case cannot be folded into itself.", field="into")
    if target.closed is not None:
        raise Refusal("cases.fold.ended", "The main case has ended already.", field="into")
    if target.state == "folded":
        raise Refusal("cases.fold.folded", "The main case is itself folded.", field="into")


def _followers(case: Case) -> list[Case]:
    return list(Case.objects.select_for_update().filter(into_id=case.pk).order_by("pk"))


def _ended(book: Book, at: int) -> list[Book]:
    books = [book_of(row) for row in _followers(book.case)] if book.snapshot.state != "folded" else []
    for follower in books:
        follower.step(_end_of_follower(book), RULE, max(at, follower.snapshot.at))
    if book.case.parent_id:
        books += family.child_ended(book, at)
    return books


def _end_of_follower(book: Book) -> Act:
    if book.snapshot.state == "closed":
        resolution = book.snapshot.resolution
        return Act("main_ended", {"resolution": resolution if resolution in RESOLUTIONS else "solved"})
    return Act("main_declined")
