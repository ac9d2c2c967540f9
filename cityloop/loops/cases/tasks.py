"""What happens by itself: time that is up, words to reporters, warnings to holders."""

import json
import logging
from typing import Any, NamedTuple

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import CLOCK
from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases import numbers, telling
from cityloop.loops.cases.actions import take
from cityloop.loops.cases.folding import with_folded_of
from cityloop.loops.cases.known import is_known
from cityloop.loops.cases.loop import LOOP
from cityloop.loops.cases.models import SUBJECT, Case, Follower, Report
from cityloop.town.calendar.clock import city_clock
from cityloop.town.calendar.saying import minute_names
from cityloop.town.ledger.actions import move_cursor
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.queries import after_offset, cursor
from cityloop.town.notices.actions import tell
from cityloop.town.worklist import actions as worklist
from cityloop.town.worklist.models import Row, Warning
from cityloop.town.worklist.queries import lapsed, untold

log = logging.getLogger(__name__)
READER = "cases.tell"
# What a loop definition says is told → the kind of notice, to those who reported it.
KINDS = {
    "reporter.collected": "received",
    "reporter.asked": "question_asked",
    "reporter.filed": "filed",
    "reporter.dispatched": "dispatched",
    "reporter.fixed": "fixed",
    "reporter.confirm": "fixed_confirm",
    "reporter.closed": "closed_rate",
    "reporter.declined": "declined",
    "reporter.message": "message",
    "reporter.folded": "folded",
    "reporter.transferred": "transferred",
    "reporter.suspended": "suspended",
    "reporter.resumed": "resumed",
}
# The same, to staff: the kind, and who.
STAFF = {"checker.disputed": ("disputed", telling.answering), "holder.urged": ("urged", telling.urged)}
# What is said to the reporter alone. Of all else who follows is told in one kind of notice, where it is public.
ASKING = ("received", "question_asked", "fixed_confirm", "message", "folded")
NEWS = "news"


def lapse() -> int:
    """Let the clock take the steps whose time is up: silence, the end of a suspension, unanswered requests."""
    now = city_clock.now()
    return sum(_lapse(row, now) for row in lapsed(now))


def _lapse(row: Row, now: int) -> int:
    if row.loop != LOOP or row.due is None:
        return 0
    data = {"request": int(row.slot.partition(":")[2])} if row.slot.startswith("request:") else {}
    try:
        take(case=row.subject_id, act=Act(row.on_due, data), by=CLOCK, at=now)
    except Refusal as refusal:
        log.warning("%s of case %s was not taken: %s", row.on_due, row.subject_id, refusal.code)
        return 0
    except Exception:  # noqa: BLE001 - the clock of one case may not stop that of all others
        log.exception("%s of case %s broke off", row.on_due, row.subject_id)
        return 0
    return 1


def tell_reporters(most: int = 500) -> int:
    """Turn what the ledger says was told into notices, in order, at least once; each notice is made once.

    Four queries for all steps together, and more only for those of which somebody is told.
    """
    rows = list(after_offset(cursor(READER), most))
    told = [(row, said) for row in rows if (said := _said(row))]
    if told:
        _tell_all(told)
    if rows:
        move_cursor(READER, rows[-1].offset or 0)
    return len(rows)


def _said(row: Step) -> list[str]:
    """Give what a step says is told, of what has a kind of notice."""
    if row.kind != LOOP or row.origin != "live" or '"tell"' not in row.data:
        return []
    return [what for what in json.loads(row.data).get("tell", []) if what in KINDS or what in STAFF]


class Readers(NamedTuple):
    """Who wants to hear of cases: by the case they know, and by the one it was folded into; the longest there first."""

    reports: dict[int, list[Report]]
    followers: dict[int, list[Follower]]

    def reporters_of(self, case: Case, *, alone: bool) -> list[Report]:
        """Give who reported a case; where all may know how it goes on, also who reported what was folded into it."""
        rows = self.reports.get(case.pk, [])
        return [row for row in rows if row.case_id == case.pk] if alone or not is_known(case) else rows


def _tell_all(told: list[tuple[Step, list[str]]]) -> None:
    ids = {row.pk: _case_of(row) for row, _said in told}
    readers = _readers(sorted(set(ids.values())))
    heard = {pk for some in readers for pk in some}
    wanted = heard | {ids[row.pk] for row, said in told if any(what in STAFF for what in said)}
    cases = Case.objects.in_bulk(wanted)
    for row, said in told:
        if case := cases.get(ids[row.pk]):
            _tell(row, said, case, readers)


def _case_of(row: Step) -> int:
    return int(row.subject.partition(":")[2])


def _readers(ids: list[int]) -> Readers:
    """Give who is to hear of some cases. Two queries; nearly nobody leaves an address, so few rows come."""
    found = Readers({}, {})
    for model, into in ((Report, found.reports), (Follower, found.followers)):
        rows: Any = model._default_manager.filter(with_folded_of(ids), person__gt=0)
        for one in rows.select_related("case").order_by("pk"):
            for pk in {one.case_id, one.case.into_id} - {None}:
                into.setdefault(pk, []).append(one)
    return found


def _tell(row: Step, said: list[str], case: Case, readers: Readers) -> None:
    for kind, whom in (STAFF[what] for what in said if what in STAFF):
        for recipient in whom(case, row.at):
            _notice(case, row, kind, case, desk=True, **recipient)
    for kind in (KINDS[what] for what in said if what in KINDS):
        for who in readers.reporters_of(case, alone=kind in ASKING):
            _notice(case, row, kind, who.case, person=who.person, language=who.language)
        if kind not in ASKING and is_known(case):
            for follower in readers.followers.get(case.pk, []):
                _notice(case, row, NEWS, follower.case, person=follower.person, language=follower.language)


def _notice(case: Case, row: Step, kind: str, theirs: Case, *, desk: bool = False, **whom: Any) -> None:
    """Tell one recipient; who reported or follows a case folded into this one is told under the number they know."""
    number = numbers.number(theirs)
    tell(
        event=f"{row.subject}#{row.seq}",
        kind=kind,
        subject=theirs.subject,
        params={**telling.params(case, row), "number": number, **(telling.at_desk(number) if desk else {})},
        at=row.at,
        origin=row.origin,
        **whom,
    )


def warn(most: int = 500) -> int:
    """Turn warnings into notices; what is not live is noted and told to nobody."""
    rows, now = list(untold(most)), city_clock.now()
    for warning in rows:
        if warning.row.loop == LOOP and warning.row.origin == "live":
            _warn(warning, now)
    worklist.told([w.pk for w in rows], at=now)
    return len(rows)


def _warn(warning: Warning, now: int) -> None:
    row = warning.row
    case = Case.objects.filter(pk=row.subject_id).first()
    if case is None:
        return
    said = {**telling.params(case), "stage": telling.stage(case, row), **telling.at_desk(numbers.number(case))}
    if row.due:
        said["due"] = minute_names(row.due)
    for recipient in telling.warned(row, warning.mark, now):
        tell(
            event=f"worklist:{row.pk}",
            kind=f"warning_{warning.mark}",
            subject=f"{SUBJECT}:{case.pk}",
            params=said,
            at=warning.at,
            **recipient,  # type: ignore[arg-type]
        )
