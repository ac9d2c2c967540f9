"""Taking a step on a case: the one interactive path."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
from django.db import OperationalError, transaction
from django.utils.translation import gettext_noop

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.definition import Transition
from cityloop.ground.loop.snapshot import Act, Effect, Snapshot
from cityloop.loops.cases import numbers, stages
from cityloop.loops.cases.actions import links
from cityloop.loops.cases.actions.book import Book
from cityloop.loops.cases.actions.naming import check_named
from cityloop.loops.cases.actions.opening import open_book
from cityloop.loops.cases.actions.prepare import organisations, prepare
from cityloop.loops.cases.actions.save import paths, save, warm
from cityloop.loops.cases.models import Case
from cityloop.town.ledger.queries import steps
from cityloop.town.orgs.authority import Scope

OFFLINE_MOST = 86_400_000_000
DEADLOCK = "40P01"  # of PostgreSQL: it ends one of the two


class Changed(Refusal):
    """Somebody else acted first; `now` says what the case is now."""

    def __init__(self, now: Snapshot, what: str) -> None:
        super().__init__(
            "cases.changed",
            gettext_noop("Somebody else acted on this case meanwhile ({what}); look at it again."),
            what=what,
            state=now.state,
            seq=now.seq,
        )
        self.now = now


class Taken(msgspec.Struct, frozen=True):
    """What became of an action: the snapshot after it, its place on the ledger, and effects left to do."""

    case: Case
    snapshot: Snapshot
    seq: int
    effects: tuple[Effect, ...]


def take(
    *,
    case: int,
    act: Act,
    by: Actor,
    at: int,
    expected: int | None = None,
    scope: Scope | None = None,
    claimed_at: int | None = None,
    number: str = "",
) -> Taken:
    """Take an action on a case: engine, ledger, worklist and case row in one transaction.

    `expected` is the number of the last step the actor saw; when others acted meanwhile, `Changed` says what.
    `scope` is asked for authority where a person acts through a door. `claimed_at` is the time an offline
    device says; it is kept, and the step lies between the last one and `at`, at most a day back. `number` is the whole
    number under which the case was asked for: one with another year is nobody's.
    """
    warm()
    organisations()
    with _together(), transaction.atomic():
        # What people do in a replay or to an imported case is no replay and no import.
        book = open_book(case, origin="live" if by.kind in ("person", "reporter") else None)
        if number and numbers.number(book.case) != number.strip().upper():
            raise Refusal("cases.unknown", "There is no such case.", field="number")
        _authorise(book, by, scope)
        book.scope = scope
        if expected is not None and expected != book.snapshot.seq:
            raise Changed(book.snapshot, _last_what(book))
        transition = _transition(book, act)
        whose = by.person if by.kind == "reporter" else 0
        data, inner = prepare(book, transition, act.data, whose=whose)
        check_named(book, transition, data, at)
        stages.check(book.definition, book.snapshot, transition, by.role, data)
        _check_either(transition, data)
        if claimed_at is not None:
            inner["claimed_at"] = claimed_at
        prepared = Act(act.name, data)
        outcome = book.step(prepared, by, _when(book, at, claimed_at), inner=inner)
        others = links.follow_up(book, book.effects(outcome), prepared, at)
        save([book, *others])
    return Taken(book.case, book.snapshot, book.snapshot.seq, outcome.effects)


@contextmanager
def _together() -> Iterator[None]:
    """Tell who lost where two acted at once on cases that hang together, each holding what the other waited for."""
    try:
        yield
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != DEADLOCK:
            raise
        said = gettext_noop("Somebody else acted on a case that hangs together with this one; look at it again.")
        raise Refusal("cases.changed", said) from None


def _when(book: Book, at: int, claimed: int | None) -> int:
    wanted = at if claimed is None else max(min(claimed, at), at - OFFLINE_MOST)
    return max(wanted, book.snapshot.at)


def _transition(book: Book, act: Act) -> Transition:
    found = book.definition.find(book.snapshot.state, act.name)
    if found is None:
        raise Refusal(
            "loop.state",
            "{action} is not possible in the state {state}.",
            field="action",
            action=act.name[:40],
            state=book.snapshot.state,
        )
    return found


def _check_either(transition: Transition, data: Mapping[str, Any]) -> None:
    """Refuse what says nothing where something must be said. What is replayed says only what its source did."""
    either = transition.action.either
    if either and not any(data.get(name) for name in either):
        raise Refusal("loop.evidence", "Say in words what was done, or show it on a photo.", field=either[0])


def _authorise(book: Book, by: Actor, scope: Scope | None) -> None:
    if scope is None or by.kind != "person":
        return
    snap = book.snapshot
    paths = [*_real_paths(p.org for p in snap.parts), *_real_paths(r.org for r in snap.requests if r.org)]
    if snap.person and snap.person == by.person == scope.person and any(a == by for a in scope.actors()):
        return  # named for it, though the post covers another unit
    if not scope.may(by, snap.unit or book.case.unit_code, snap.level, paths):
        raise Refusal("authority.denied", "Your post does not cover this case.")


def _real_paths(orgs: Iterable[int]) -> list[str]:
    known = paths()
    return [known[o] for o in orgs if o in known]


def _last_what(book: Book) -> str:
    last = steps(book.case.subject).values_list("what", flat=True).last()
    return str(last or "")
