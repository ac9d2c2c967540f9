"""The calendars as they were: what a step of the past was reckoned by, read back from the ledger."""

import json
from bisect import bisect_left
from typing import NamedTuple

from cityloop.ground.worktime import Calendars
from cityloop.town.calendar import queries
from cityloop.town.calendar.models import Calendar
from cityloop.town.ledger.models import Step

GRACE = 5_000_000  # a process keeps calendars for a second, and a transaction those it began with


class _Turn(NamedTuple):
    """What holds from a step of the ledger on."""

    step: int
    recorded: int
    calendars: Calendars


class Past:
    """All calendars the city ever had. One that is not on the ledger counts as it is now."""

    def __init__(self) -> None:
        rows = {row.key: row for row in queries.listed()}
        changes = list(Step.objects.filter(subject__in=[f"calendar:{key}" for key in rows]).order_by("id"))
        written = {step.what for step in changes}
        known = {key: row.reckoner for key, row in rows.items() if key not in written}
        self._turns = [_Turn(0, 0, queries.together(known))]
        for step in changes:
            known = {**known, step.what: Calendar(**json.loads(step.data)).reckoner}
            self._turns.append(_Turn(step.pk, step.recorded_at, queries.together(known)))

    def at(self, step: Step, *, late: bool = False) -> Calendars:
        """Give what held when `step` was taken; `late`: as a process knew it that had not heard of the last change."""
        place = bisect_left(self._turns, step.pk, key=lambda turn: turn.step) - 1
        turn = self._turns[place]
        if late and place and step.recorded_at - turn.recorded < GRACE:
            turn = self._turns[place - 1]
        return turn.calendars


def altered() -> list[str]:
    """Name the calendars that do not say what the ledger said of them last. Two queries."""
    rows = {f"calendar:{row.key}": row for row in queries.listed()}
    last: dict[str, str] = {}
    for step in Step.objects.filter(subject__in=list(rows)).order_by("seq"):
        last[step.subject] = step.data
    said = {subject: json.loads(data) for subject, data in last.items()}
    return [name for name in said if any(getattr(rows[name], field) != value for field, value in said[name].items())]
