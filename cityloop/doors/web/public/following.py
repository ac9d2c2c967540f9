"""What someone who follows a case sees: the state as a sentence, the clock, the steps, the proof; nobody's data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from cityloop.doors.web.photos import address
from cityloop.doors.web.show import clock as bars
from cityloop.doors.web.show import names, timeline, track
from cityloop.doors.web.show.clock import Bar
from cityloop.doors.web.show.conditions import closing
from cityloop.doors.web.show.pictures import Pair, Picture, pair_of
from cityloop.doors.web.show.times import when
from cityloop.ground.loop.definition import Definition
from cityloop.ground.loop.snapshot import Snapshot
from cityloop.loops.cases import behind, history, numbers, openly, queries
from cityloop.loops.cases.loop import pinned
from cityloop.loops.cases.openly import AFTER
from cityloop.loops.cases.telling import OWN as OWN
from cityloop.loops.cases.telling import REASONS, RESOLUTIONS
from cityloop.loops.cases.telling import TOLD as TOLD

FOUND = "proved"  # the step whose photos show the place before the work


@dataclass(frozen=True, slots=True)
class Told:
    """One line of what was done: when, which organisation, what, and words meant for the reporter."""

    at: str
    icon: str
    who: str
    what: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything a follow page prints."""

    number: str
    matter: str
    place: str
    status: str
    icon: str
    title: str
    why: str
    condition: str
    bar: Bar
    steps: list[track.Step]
    photos: list[Picture]
    pair: Pair | None
    told: list[Told]
    followers: int
    sealed: int
    main: str


def page(case: Any, now: int, *, reporter: bool) -> Page:
    """Give what the page prints of a case; of a folded one, the progress of the main case.

    Reporters see their own case whole. Everybody else, and reporters where it is about another's case, sees what
    everybody may know (`openly`), and of a case that is not for everybody no more than that it is there.
    """
    main = openly.leading(case)
    mine = reporter and main is case
    if not (mine or openly.is_known(main)):
        return _not_shown(case)
    definition, snapshot = pinned(main.definition), queries.snapshot_of(main)
    own = history.timeline(case, internal=False)
    moments = own if main is case else history.timeline(main, internal=False)
    rows = [m.step for m in reversed(moments)]
    status, icon, title, why = sentence(definition, snapshot, moments, now, mine=mine)
    work = mine or openly.exactness(main.matter) in openly.PICTURED
    pictures = [*(sent(own, now) if reporter else ()), *(worked(moments, now) if work else ())]
    pair = pair_of(pictures)
    return Page(
        number=numbers.number(case),
        matter=names.matter(main.matter),
        place=place(case, main, reporter=reporter),
        status=status,
        icon=icon,
        title=title,
        why=why,
        condition=closing(snapshot) if snapshot.state == "closed" else "",
        bar=track.bar(main, snapshot, now),
        steps=track.seven(main, snapshot, rows, now),
        photos=[one for one in pictures if pair is None or one not in pair],
        pair=pair,
        told=[t for m in moments if (t := told(m, definition, now, mine=mine))],
        followers=behind.followers(main),
        sealed=sum(1 for m in own if m.step.offset is not None),
        main=numbers.number(main) if main is not case else "",
    )


@dataclass(frozen=True, slots=True)
class Ways:
    """How else a case can be followed: its number where everybody may know it; whether by mail, and of what subject.

    Without a subject it is the code that stands for it.
    """

    number: str
    mails: bool
    subject: str


def ways(case: Any, person: int, *, reporter: bool) -> Ways:
    """Give how else who holds a code may be told of a case: of one that is not for everybody, its reporter by mail.

    Who left an address with the report is told by it. Of a folded case it is the main case that goes on.
    """
    main = openly.leading(case)
    known, mails = openly.is_known(main), not person and main.closed is None
    if not known:
        return Ways("", mails and reporter, "")
    return Ways(numbers.number(main), mails, f"case:{main.pk}")


def place(case: Any, main: Any, *, reporter: bool) -> str:
    """Name the place: to its reporter as it was reported, to others as everybody may know it. One query."""
    if reporter:
        address, unit = case.address, case.unit_code
    else:
        address, unit = openly.street(main), openly.spot(main).unit
    where = names.places([unit], last=4).get(unit, "") if unit else ""
    return " · ".join(part for part in (address, where) if part)


def _not_shown(case: Any) -> Page:
    """Give the page of a case that is not, or not any more, for everybody: whether it has ended, and nothing else."""
    status, icon = names.chip("closed" if case.closed is not None else "collected")
    title = _("It has ended") if case.closed is not None else _("It is being dealt with")
    why = _("This matter is not shown to everybody. Only who reported it sees how it goes on.")
    none: list[Any] = []
    return Page(
        number=numbers.number(case), matter=_("Not public"), place="", status=status, icon=icon, title=title, why=why,
        condition="", bar=bars.NONE, steps=none, photos=none, pair=None, told=none, followers=0, sealed=0, main="",
    )  # fmt: skip


# --- the state in words ---------------------------------------------------------------------------


def sentence(
    definition: Definition, snapshot: Snapshot, moments: Sequence[Any], now: int, *, mine: bool
) -> tuple[str, str, str, str]:
    """Give (status, icon, sentence, what it means) for the state a case is in; `mine` to who reported it."""
    status, icon = names.chip(snapshot.state)
    title, why = _words(definition, snapshot, moments, now)
    if not mine:
        title, why = _of_another(snapshot, moments, title, why)
    elif snapshot.disputed:
        why = _("You say that it is not fixed. Whoever checks it has to answer that before it may close.")
        if next((m.step.name for m in moments if m.step.what == "dispute"), ""):
            why = _("Another reporter says that it is not fixed. Whoever checks it has to answer that.")
    return ("ver" if snapshot.state == "closed" else status), icon, title, why


def _words(definition: Definition, snapshot: Snapshot, moments: Sequence[Any], now: int) -> tuple[str, str]:
    who = names.organisation(snapshot.lead.org) if snapshot.lead else ""
    until = when(snapshot.until, now) if snapshot.until > 0 else ""
    plain = {
        "collected": (_("Received"), _("Someone checks the place and the matter; then it becomes a case.")),
        "proving": (_("Being looked into"), _("Someone goes to see whether it is so.")),
        "waiting_reporter": (_("A question to you"), _("Please answer below; until then everything waits.")),
        "filed": (_("It is a case now"), _("Whoever answers for it is being told.")),
        "split_up": (_("Split into several cases"), _("Each goes to whoever answers for it.")),
        "dispatched": (_("Sent to {who}"), _("They have to accept it within the limit.")),
        "handling": (_("{who} is at work on it"), _("They mend it and report back with a photo.")),
        "handled": (_("Reported as fixed"), _("It goes to someone who took no part in the work.")),
        "checking": (
            _("Fixed. Now being checked"),
            _("Someone who took no part in the work looks at the place before the case may close."),
        ),
        "checked": (_("Checked. About to close"), _("The check was passed.")),
        "transferred": (_("Passed to another authority"), _("It is not this city's to mend; we ask what came of it.")),
        "suspended": (_("Put off until {until}"), _agreed(snapshot)),
        "folded": (_("Handled together with another report"), _("You are told of all that happens.")),
        "closed": _closed(snapshot),
        "declined": (_("Not taken on"), _reason(moments)),
        "invalid": (_("Nothing found"), _("Someone went to see and did not find it.")),
    }  # fmt: skip
    title, why = plain.get(snapshot.state, (names.state(definition, snapshot.state), ""))
    if snapshot.state == "checking" and snapshot.proposed not in ("", "solved"):
        title = _("Reported: {result}. Now being checked").format(result=_result(snapshot.proposed))
    return title.format(who=who or _("An organisation"), until=until), why


def _of_another(snapshot: Snapshot, moments: Sequence[Any], title: str, why: str) -> tuple[str, str]:
    """Say what is otherwise said to the reporter, to somebody else."""
    if snapshot.state == "waiting_reporter":
        return _("A question to the reporter"), _("Until it is answered everything waits.")
    if snapshot.state == "closed":
        return title, ""
    if snapshot.state == "declined" and moments and moments[0].step.what == "withdraw":
        return title, _("The reporter withdrew it.")
    if snapshot.disputed:
        return title, _("The reporter says that it is not fixed. Whoever checks it has to answer that.")
    return title, why


def _agreed(snapshot: Snapshot) -> str:
    reason = names.words(REASONS.get(openly.put_off_by(snapshot).reason, ""))
    if not reason:
        return _("The centre has agreed that it cannot be done before.")
    return _("The centre has agreed that it cannot be done before: {reason}.").format(reason=reason)


def _closed(snapshot: Snapshot) -> tuple[str, str]:
    if snapshot.resolution == "solved":
        return _("Checked and closed"), _("If it is not so, you can reopen it within ten days.")
    return _("Closed: {result}").format(result=_result(snapshot.resolution)), _("You can reopen it within ten days.")


def _result(key: str) -> str:
    return names.words(RESOLUTIONS.get(key, key))


def _reason(moments: Sequence[Any]) -> str:
    found = next((m.data.get("reason", "") for m in moments if m.step.what == "decline"), "")
    withdrawn = moments and moments[0].step.what == "withdraw"
    return _("You withdrew it.") if withdrawn else names.words(REASONS.get(found, found))


# --- what was done, and the proof -----------------------------------------------------------------


def told(moment: Any, definition: Definition, now: int, *, mine: bool) -> Told | None:
    """Give the line of a step for residents: the organisation, never a person.

    Words only where they are meant for the reporter, or are the reporter's own.
    """
    row = moment.step
    if not openly.is_shown(row) and not (mine and row.what in TOLD):
        return None
    who = names.organisation(row.org) if row.actor == "person" else ""
    if row.actor == "reporter":
        who = _("Another reporter") if row.name else _("You") if mine else _("The reporter")
    own = row.what == "collect" or (row.what in OWN and row.role == "reporter" and not row.name)
    words = timeline.quoted(moment) if mine and (own or row.what in TOLD) else ()
    icon, what = names.icon(row.what), names.action(definition, row.what)
    if openly.puts_off(row):
        icon, what = names.icon("suspend"), put_off(moment.data, now) or names.state(definition, row.after)
    return Told(when(row.at, now), icon, who, what, words)


def put_off(data: dict[str, Any], now: int) -> str:
    """Say until when and why a step put a case off; "" for any other step, and for one under older rules."""
    reason, until = names.words(REASONS.get(data.get("reason", ""), "")), int(data.get("until") or 0)
    return _("Put off until {until}: {reason}").format(until=when(until, now), reason=reason) if until else ""


def sent(moments: Sequence[Any], now: int) -> list[Picture]:
    """Give the photos a reporter sent, the oldest first."""
    return [
        _photo(key, when(moment.step.at, now), False, _("by you"))
        for moment in reversed(moments)
        if moment.step.what in OWN and moment.step.role == "reporter" and not moment.step.name
        for key in moment.photos
    ]


def worked(moments: Sequence[Any], now: int) -> list[Picture]:
    """Give the photos of the work, the oldest first: of the place as staff found it, and after."""
    return [
        _photo(key, when(moment.step.at, now), moment.step.what in AFTER, names.organisation(moment.step.org))
        for moment in reversed(moments)
        if moment.step.what in (FOUND, *AFTER)
        for key in moment.photos
    ]


def _photo(key: str, at: str, after: bool, whose: str) -> Picture:
    return Picture(key, address(key, 320), address(key, 1280), at, after, whose)


def question(moments: Sequence[Any]) -> str:
    """Give the question that waits for the reporter's answer."""
    return next((m.words.get("question", "") for m in moments if m.step.what == "ask_reporter"), "")
