"""Naming a person for a task: only who holds such a post and is no party to the case or its family."""

from collections.abc import Mapping
from typing import Any

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.definition import Transition
from cityloop.ground.loop.snapshot import GONE, Snapshot
from cityloop.loops.cases.actions.book import Book
from cityloop.town.orgs.queries import posts_of
from cityloop.town.orgs.rules import related


def barred(snapshot: Snapshot, kin: Mapping[int, str]) -> set[int]:
    """Give who may not check: who acted on another track here or in the family, who found it, who passed it already."""
    acted = {**snapshot.acted, **kin}
    others = {person for person, track in acted.items() if track != "supervision"}
    return others | set(snapshot.checkers) | ({snapshot.finder} if snapshot.finder else set())


def check_named(book: Book, transition: Transition, data: Mapping[str, Any], at: int) -> None:
    """Refuse a person named who cannot take it. One query where one is named, none else."""
    verbs = transition.action.ops
    if "name_person" in verbs and data.get("inspector"):
        _check_checker(book, transition, int(data["inspector"]), at)
    if "accept" in verbs and data.get("person"):
        _check_officer(book, int(data["person"]), int(data.get("part") or 0), at)


def _check_checker(book: Book, transition: Transition, person: int, at: int) -> None:
    snap = book.snapshot
    state = snap.state if transition.to == "@stay" else transition.to
    posts = posts_of(person, [book.definition.states[state].holder], at, snap.level)
    free = any(not any(related(post.org_path, path) for path in snap.orgs) for post in posts)
    if person in barred(snap, book.kin or {}) or not free:
        raise _unfit("inspector")


def _check_officer(book: Book, person: int, part: int, at: int) -> None:
    parts = [p for p in book.snapshot.parts if p.state not in GONE and part in (0, p.id)]
    posts = posts_of(person, sorted(book.definition.part_roles), at, book.snapshot.level)
    if not any(post.org_path.startswith(p.org_path) for post in posts for p in parts):
        raise _unfit("person")


def _unfit(field: str) -> Refusal:
    return Refusal(
        "cases.person.unfit",
        "This person cannot take it: they hold no such post, or are a party to the case.",
        field=field,
    )
