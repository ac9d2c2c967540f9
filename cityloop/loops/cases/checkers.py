"""Finding who checks: nobody who handled, the nearest unit first, at last the reporter. Never waived."""

import logging
from collections.abc import Mapping

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.snapshot import Act, Snapshot, load
from cityloop.loops.cases.actions import take
from cityloop.loops.cases.actions.naming import barred
from cityloop.loops.cases.actions.opening import kin_of
from cityloop.loops.cases.loop import LOOP
from cityloop.loops.cases.models import Case
from cityloop.town.calendar.clock import city_clock
from cityloop.town.ledger.actions import move_cursor
from cityloop.town.ledger.queries import after_offset, cursor
from cityloop.town.orgs.queries import eligible, eligible_anywhere
from cityloop.town.orgs.staffing import Candidate

log = logging.getLogger(__name__)
READER = "cases.checkers"
RULE = Actor(kind="rule", role="rule", name="checkers")
CHECKING = "checking"


def find_checkers(most: int = 500) -> int:
    """Look at cases that came to be checked since the last time; give how many steps were read."""
    rows = list(after_offset(cursor(READER), most))
    now = city_clock.now()
    for row in rows:
        if row.kind == LOOP and row.after == CHECKING and row.before != CHECKING and row.origin == "live":
            _see_to(int(row.subject.partition(":")[2]), now)
    if rows:
        move_cursor(READER, rows[-1].offset or 0)
    return len(rows)


def _see_to(case_id: int, now: int) -> None:
    case = Case.objects.filter(pk=case_id, state=CHECKING).first()
    if case is None:
        return
    snap = load(case.snapshot)
    kin = kin_of(case, snap)
    if snap.person or snap.confirmable or _candidates(snap, kin, now):
        return
    neighbour = nearest(snap, kin, now)
    act = Act("name_checker", {"inspector": neighbour.person}) if neighbour else Act("ask_confirmation")
    try:
        take(case=case.pk, act=act, by=RULE, at=now)
    except Refusal as refusal:
        log.warning("No checker could be found for case %s: %s", case.pk, refusal.code)


def _candidates(snap: Snapshot, kin: Mapping[int, str], now: int) -> list[Candidate]:
    return eligible("inspector", snap.unit, now, barred(snap, kin), snap.orgs, snap.level)


def nearest(snap: Snapshot, kin: Mapping[int, str], now: int) -> Candidate | None:
    """Give the inspector of the unit nearest in the tree of units who is no party, or None."""
    found = eligible_anywhere("inspector", now, barred(snap, kin), snap.orgs, snap.level)
    return max(found, key=lambda c: (_common(c.unit_code, snap.unit), -c.post), default=None)


def _common(one: str, two: str) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
