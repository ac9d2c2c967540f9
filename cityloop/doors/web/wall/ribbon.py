"""The ribbon under a wall: the last steps of cases and alarms, as the ledger has them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from cityloop.doors.web.show import names
from cityloop.doors.web.show.alarms import CHIPS, Shown
from cityloop.doors.web.show.times import when
from cityloop.doors.web.wall.decisions import place, title
from cityloop.loops.cases import numbers
from cityloop.loops.cases.loop import LOOP as CASE
from cityloop.loops.cases.loop import pinned
from cityloop.loops.sensing.loop import LOOP as ALARM
from cityloop.loops.sensing.loop import present

LOOKED, SHOWN = 120, 6  # steps of the ledger looked at; fewer are of this area, and shown


@dataclass(frozen=True, slots=True)
class Passed:
    """A step as it passes: what was done when, of what, where."""

    key: int
    status: str
    icon: str
    what: str
    at: str
    instant: int
    title: str
    place: str
    href: str


def subjects(steps: Iterable[Any], kind: str) -> set[int]:
    """Give the ids of the cases, or the alarms, that some steps are of."""
    return {int(step.subject.partition(":")[2]) for step in steps if step.kind == kind}


def passed(
    steps: Iterable[Any], cases: Mapping[int, Any], alarms: Mapping[int, Shown], places: Mapping[str, str], now: int
) -> list[Passed]:  # fmt: skip
    """Give the last steps of the cases and alarms at hand, the newest first; nothing of what is not public."""
    found = list[Passed]()
    for step in steps:
        number = int(step.subject.partition(":")[2]) if step.kind in (CASE, ALARM) else 0
        if step.kind == CASE and number in cases and cases[number].level == 0:
            found.append(_of_case(step, cases[number], places, now))
        elif step.kind == ALARM and number in alarms:
            found.append(_of_alarm(step, alarms[number], now))
        if len(found) == SHOWN:
            break
    return sorted(found, key=lambda one: -one.instant)  # what came in one go stands by its time


def _of_case(step: Any, case: Any, places: Mapping[str, str], now: int) -> Passed:
    definition = pinned(case.definition)
    moved = step.after and step.after != step.before
    status, icon = names.chip(step.after) if moved else ("wait", names.icon(step.what))
    what = names.state(definition, step.after) if moved else names.action(definition, step.what)
    href = reverse("desk:case", args=[numbers.number(case)])
    return Passed(step.pk, status, icon, what, when(step.at, now), step.at, title(case), place(case, places), href)


def _of_alarm(step: Any, alarm: Shown, now: int) -> Passed:
    status, icon = CHIPS.get(step.after, ("wait", "access-point"))
    what = names.state(present(), step.after)
    href = reverse("desk:alarm", args=[alarm.id])
    return Passed(step.pk, status, icon, what, when(step.at, now), step.at, alarm.title, alarm.place, href)
