"""A case as its page shows it: header, two lanes, parts with clocks, timeline, photos, who reported."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from django.utils.translation import gettext as _

from cityloop.doors.web.desk.beside import Alike, Pair, alike, nearby, pair
from cityloop.doors.web.desk.thread import Said, thread
from cityloop.doors.web.show import clock as bars
from cityloop.doors.web.show import names, timeline, track
from cityloop.doors.web.show.alarms import Told, told
from cityloop.doors.web.show.clock import Bar
from cityloop.doors.web.show.conditions import closing
from cityloop.doors.web.show.fields import milestone
from cityloop.doors.web.show.times import limit, when
from cityloop.ground.loop.definition import Definition
from cityloop.ground.loop.snapshot import GONE, Part, Snapshot
from cityloop.loops.cases import behind, counting, history, numbers, queries
from cityloop.loops.cases.loop import pinned
from cityloop.loops.cases.neighbours import neighbours
from cityloop.loops.cases.telling import RESOLUTIONS
from cityloop.town.orgs.authority import Scope
from cityloop.town.persons import queries as persons


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part as printed."""

    lead: bool
    name: str
    task: str
    bar: Bar
    chip: tuple[str, str]
    state: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that waits for its decision, or a milestone that waits to be reached."""

    icon: str
    words: str
    bar: Bar


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reported, masked; `person` 0 where nobody left their name."""

    report: int
    person: int
    channel: str
    at: str
    name: str
    phone: str
    email: str


@dataclass(frozen=True, slots=True)
class File:
    """Everything the page prints, besides the action bar."""

    number: str
    seq: int
    matter: str
    place: str
    address: str
    state: str
    chip: tuple[str, str]
    result: str
    condition: str
    appealed: str
    far: str
    channel: str
    created: str
    urgent: bool
    level: int
    held: str
    disputed: bool
    round: int
    bar: Bar
    bar_of: str
    steps: list[track.Step]
    parts: list[PartRow]
    asked: list[Asked]
    lines: list[timeline.Line]
    photos: list[tuple[str, str, str]]
    reporters: list[Reporter]
    followers: int
    folded: list[str]
    into: str
    parent: str
    waiting: int
    likely: list[Alike]
    near: list[Alike]
    thread: list[Said]
    notes: list[timeline.Line]
    pair: Pair | None
    signs: list[Told]


def casefile(case: Any, place: str, now: int, scope: Scope, reports: Sequence[Any]) -> File:
    """Give the page of a case, with the reports it grew from. Six queries at most, one more after an appeal."""
    definition, snapshot = pinned(case.definition), queries.snapshot_of(case)
    moments = history.timeline(case, internal=True)
    rows = [m.step for m in reversed(moments)]
    lines = [timeline.line(m, definition, now) for m in moments]
    around = neighbours(case, scope, now)
    likely = alike(case, moments[-1].words.get("words", "") if moments else "", around)
    return File(
        number=numbers.number(case),
        seq=snapshot.seq,
        matter=names.matter(case.matter),
        place=place,
        address=case.address,
        state=names.state(definition, case.state),
        chip=names.chip(case.state),
        result=names.words(RESOLUTIONS.get(snapshot.resolution, "")),
        condition=closing(snapshot),
        appealed=appealed(case),
        far=far(moments),
        channel=names.channel(case.channel),
        created=when(case.created, now),
        urgent=case.urgent,
        level=case.level,
        held=names.role(definition, snapshot.held) if snapshot.held else "",
        disputed=bool(snapshot.disputed),
        round=snapshot.round,
        bar=track.bar(case, snapshot, now),
        bar_of=whole_of(definition, snapshot),
        steps=track.seven(case, snapshot, rows, now),
        parts=[part(p, now) for p in snapshot.parts],
        asked=asked(definition, snapshot, now),
        lines=lines,
        photos=[(key, line.at, line.who) for line in reversed(lines) for key in line.photos],
        reporters=reporters(reports, now),
        followers=behind.followers_with(case, reports),
        folded=sorted({numbers.number(one.case) for one in reports} - {numbers.number(case)}),
        into=numbers.number(case.into) if case.into_id else "",
        parent=numbers.number(case.parent) if case.parent_id else "",
        waiting=sum(1 for row in rows if row.offset is None),
        likely=likely,
        near=nearby(around, likely),
        thread=thread(moments, lines, case.subject, now),
        notes=[line for line in lines if line.internal],
        pair=pair(moments, lines, now),
        signs=told(moments, now),
    )


def far(moments: Sequence[Any]) -> str:
    """Say where what an organisation reported back last was far from the place: who passes it on or checks weighs that.

    Moments come newest first; what was reported in an earlier round is over.
    """
    round_ = takewhile(lambda moment: moment.step.what != "reopen", moments)
    last: dict[int, int] = {}
    for moment in round_:
        if moment.step.what == "report_back":
            last.setdefault(moment.step.org, timeline.metres_away(moment.data))
    metres = max(last.values(), default=0)
    return _("Reported back {metres} m away from the place.").format(metres=metres) if metres > timeline.FAR_M else ""


def appealed(case: Any) -> str:
    """Say what figures tell of a case whose appeal was upheld; "" of any other. One query, of such a case alone."""
    if not case.adjusted:
        return ""
    if counting.went_late([case.pk]):
        return _("An appeal was upheld: it was late, and after appeals it does not count as late.")
    return _("An appeal was upheld; it was not late.")


def whole_of(definition: Definition, snapshot: Snapshot) -> str:
    """Say what the clock at the top is of."""
    if snapshot.ended >= 0:
        return bars.handled(snapshot)
    if snapshot.state == "handling" and snapshot.milestones:
        return _("Handled within {time}").format(time=limit(snapshot.milestones[-1][1]))
    return names.state(definition, snapshot.state)


def part(of: Part, now: int) -> PartRow:
    """Give a part as printed."""
    chips = {
        "assigned": ("wait", "inbox", _("Not yet accepted")), "accepted": ("ontime", "tool", _("In work")),
        "done": ("ver", "circle-check", _("Done")), "bounced": ("due", "arrow-back-up", _("Bounced")),
        "cancelled": ("wait", "circle-x", _("Taken back")),
    }  # fmt: skip
    status, icon, words = chips.get(of.state, ("wait", "inbox", of.state))
    bar = bars.done(of.clock) if of.state == "done" else bars.NONE if of.state in GONE else bars.of_clock(of.clock, now)
    return PartRow(of.role == "lead", names.organisation(of.org), of.task, bar, (status, icon), words)


def asked(definition: Definition, snapshot: Snapshot, now: int) -> list[Asked]:
    """Give what else runs: requests that wait, milestones not yet reached."""
    found = []
    for request in snapshot.requests:
        if request.state == "asked":
            part_of = snapshot.part(request.part)
            who = names.organisation(request.org or (part_of.org if part_of else 0))
            name = names.action(definition, request.kind)
            words = _("{request}: {who}").format(request=name, who=who) if who else name
            found.append(Asked(names.icon(request.kind), words, bars.of_clock(request.clock, now)))
    for key, clock in snapshot.clocks.items():
        if key.startswith("milestone:") and clock.pause != "reached":
            words = milestone(snapshot, key.partition(":")[2])
            found.append(Asked("flag", words, bars.of_clock(clock, now)))
    return found


def reporters(rows: Sequence[Any], now: int) -> list[Reporter]:
    """Give reports with who made them, masked. One query."""
    known = persons.persons_of({row.person for row in rows if row.person})
    found = []
    for row in rows:
        person = known.get(row.person)
        shown = persons.masked(person) if person is not None else persons.Masked("", "", "")
        found.append(
            Reporter(row.pk, row.person if person else 0, names.channel(row.channel), when(row.created, now), *shown)
        )
    return found


def changed(lines: Iterable[timeline.Line], since: int) -> Sequence[timeline.Line]:
    """Give what happened after the step somebody last saw, the oldest first."""
    return [line for line in reversed(list(lines)) if line.seq > since]
