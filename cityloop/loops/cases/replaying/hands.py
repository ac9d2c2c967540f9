"""Cases that instruments opened in a replay: the cast goes on with them, unless a visitor took one into their hands.

Who does what is the cast's, as for all cases of the day; what was seen and done is left open, for nothing was.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from django.db import transaction

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.snapshot import ACTIVE, Act, Part
from cityloop.loops.cases import stages
from cityloop.loops.cases.actions.book import Book
from cityloop.loops.cases.actions.opening import open_book
from cityloop.loops.cases.actions.prepare import prepare
from cityloop.loops.cases.actions.save import save
from cityloop.loops.cases.models import OPEN, Case
from cityloop.loops.cases.replaying.actions import ORIGIN, Stage
from cityloop.loops.cases.replaying.plan import ROLES
from cityloop.town.ledger.models import Step

MINUTE = 60_000_000
# What comes next in each state, and after how many minutes at least and at most.
NEXT: Mapping[str, tuple[str, int, int]] = {
    "collected": ("file", 6, 20), "filed": ("dispatch", 3, 12), "dispatched": ("accept", 8, 30),
    "handling": ("report_back", 45, 150), "handled": ("submit", 4, 12), "checking": ("pass", 15, 45),
    "checked": ("close", 4, 15),
}  # fmt: skip
LEFT = 3  # one in so many is left to the visitors
MOST = 20  # at once


def go_on(stage: Stage, at: int) -> int:
    """Take the steps whose time has come; give how many. Two queries where nothing is to be done."""
    rows = Case.objects.filter(OPEN, channel="instrument", state__in=list(NEXT), at__lt=at).order_by("at", "pk")
    due = [row for row in rows[:200] if _drawn(row, "left") % LEFT and row.at + _wait(row) <= at][:MOST]
    touched = _touched(due)
    return sum(_take(stage, row.pk, row.state, at) for row in due if row.subject not in touched)


def _touched(rows: Sequence[Case]) -> set[str]:
    """Give the cases on which a visitor acted: a step that is no rule's and no replay's. One query."""
    steps = Step.objects.filter(subject__in=[row.subject for row in rows], origin="live").exclude(role="rule")
    return set(steps.values_list("subject", flat=True))


def drawn(words: str) -> int:
    """Give a number for some words, the same each time."""
    return int.from_bytes(sha256(words.encode()).digest()[:4], "big")


def _drawn(row: Case, of: str) -> int:
    return drawn(f"{row.pk} {row.matter} {of}")


def _wait(row: Case) -> int:
    _action, least, most = NEXT[row.state]
    return (least + _drawn(row, row.state) % (most - least)) * MINUTE


def _take(stage: Stage, case: int, state: str, at: int) -> bool:
    """Take one step, where the case still stands so; what its loop does not admit is left to people."""
    action = NEXT[state][0]
    try:
        with transaction.atomic():
            book = open_book(case, origin=ORIGIN)
            transition = book.definition.find(book.snapshot.state, action)
            if book.snapshot.state != state or transition is None:
                return False
            data, inner = prepare(book, transition, {})
            act, who = Act(action, {**data, **_more(stage, book, action)}), _who(stage, book, action)
            stages.check(book.definition, book.snapshot, transition, who.role, data)
            book.step(act, who, max(at, book.snapshot.at), inner=inner)
            save([book])
    except Refusal:
        return False
    return True


def _more(stage: Stage, book: Book, action: str) -> dict[str, str | int]:
    if action == "report_back" and (part := _open(book)):
        return {"part": part.id}
    return {"resolution": stage.director.policy.resolution} if action == "close" else {}


def _open(book: Book) -> Part | None:
    """Give the part that is to be reported done next: the first of those that others wait for."""
    found = [part for part in book.snapshot.parts if part.state in ACTIVE]
    return min(found, key=lambda part: (part.order, part.id), default=None)


def _who(stage: Stage, book: Book, action: str) -> Actor:
    cast, row = stage.director.cast, book.case
    part = _open(book) if action == "report_back" else None
    lead = cast.lead(part.org if part else row.lead_org or 0)
    role, draw = ROLES.get(action), _drawn(row, action)
    return cast.player(role, row.unit_code, lead, draw) if role else cast.officer(lead, draw)
