"""What needs a decision now: alarms nobody has looked at, what was asked of somebody, who has most that is overdue.

A wall is read by all who pass. Of a case it tells what everybody may know; of any other only that it is there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cityloop.doors.web.desk.inbox import holder, verb, why
from cityloop.doors.web.show import clock as bars
from cityloop.doors.web.show import names
from cityloop.doors.web.show.alarms import Shown
from cityloop.doors.web.show.times import when
from cityloop.doors.web.wall.figures import cases_list
from cityloop.loops.cases import numbers, openly
from cityloop.loops.cases.loop import pinned
from cityloop.loops.cases.pressing import Late
from cityloop.loops.sensing.alarms import RANKS
from cityloop.loops.sensing.loop import present
from cityloop.town.orgs.authority import Scope

SHOWN = 5  # more cannot be read from ten metres
SOONER = {"over": 0, "due": 1, "ontime": 2, "wait": 3}


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing somebody must decide: what, where, why, who and until when; the colour of its edge, its icon."""

    key: str
    status: str
    icon: str
    title: str
    place: str
    why: str
    who: str
    href: str


def decisions(alarms: Iterable[Shown], asked: Iterable[Decision], late: Sequence[Decision]) -> list[Decision]:
    """Give all of it: alarms, the gravest first; who has most that is overdue; what is asked; who else is late."""
    waiting = sorted(asked, key=lambda one: SOONER.get(one.status, 3))
    return [*of_alarms(alarms), *late[:1], *waiting, *late[1:]]


def of_alarms(alarms: Iterable[Shown]) -> list[Decision]:
    """Tell the alarms nobody has looked at yet, those of one rule together."""
    raised = [one for one in alarms if one.chip[0] == "alarm"]
    raised.sort(key=lambda one: (RANKS.get(one.rank, 9), -one.id))
    alike: dict[str, list[Shown]] = {}
    for one in raised:
        alike.setdefault(one.title, []).append(one)
    return [_of_alarms(*some) for some in alike.values()]


def _of_alarms(one: Shown, *others: Shown) -> Decision:
    where = _("{place} and {n} more").format(place=one.place, n=len(others)) if others else one.place
    href = reverse("desk:alarms") if others else reverse("desk:alarm", args=[one.id])
    said = _("{value}; {condition}").format(value=one.worst, condition=one.condition)
    return Decision(
        f"alarm-{one.id}", "alarm", "bell-ringing", one.title, where, said,
        held(names.role(present(), "dispatcher"), one.bar), href,
    )  # fmt: skip


def held(who: str, bar: bars.Bar) -> str:
    """Say whose it is, and until when."""
    until = bar.until or bar.words
    return _("{who}, {until}").format(who=who, until=until) if until else who


def of_rows(
    rows: Iterable[Any], cases: Mapping[int, Any], places: Mapping[str, str], scope: Scope, now: int
) -> list[Decision]:
    """Tell what somebody is asked, of the cases a scope may see."""
    return [_of_row(row, cases[row.subject_id], places, scope, now) for row in rows if row.subject_id in cases]


def _of_row(row: Any, case: Any, places: Mapping[str, str], scope: Scope, now: int) -> Decision:
    definition, bar = pinned(case.definition), bars.of_row(row, now)
    asked, reason = verb(row.what, definition), why(row, definition)
    return Decision(
        f"row-{row.pk}", bar.status, bar.icon, title(case), place(case, places),
        _("{what}: {why}").format(what=asked, why=reason) if reason != asked else asked,
        held(holder(row, definition, scope), bar), reverse("desk:case", args=[numbers.number(case)]),
    )  # fmt: skip


def of_late(late: Iterable[Late], code: str, now: int) -> list[Decision]:
    """Tell who has most overdue cases."""
    return [
        Decision(
            f"late-{one.org}", "over", "alert-triangle", names.organisation(one.org) or one.path, "",
            ngettext("{n} case overdue", "{n} cases overdue", one.number).format(n=f"{one.number:,}"),
            _("the longest was due {time}").format(time=when(one.oldest, now)),
            cases_list(code, late="1", org=one.path),
        )
        for one in late
    ]  # fmt: skip


def title(case: Any) -> str:
    """Name a case by its matter, unless it is confidential."""
    return names.matter(case.matter) if case.level == 0 else _("A case that is not public")


def place(case: Any, places: Mapping[str, str]) -> str:
    """Say where a case is, as exactly as everybody may know it; its unit's name where it has no street."""
    if case.level > 0:
        return ""
    unit = openly.spot(case).unit
    return openly.street(case) or (places.get(unit, unit) if unit else "")
