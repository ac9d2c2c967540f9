"""Steps of alarms as they pass by, to live pages and walls."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from cityloop.loops.sensing.loop import LOOP
from cityloop.loops.sensing.models import Alarm
from cityloop.town.ledger.models import Step


class Passed(NamedTuple):
    """A step of an alarm as it passes by, with all that decides who may see it: who has a part in its case may too."""

    offset: int
    facts: dict[str, Any]
    unit: str
    level: int
    case: int


def passed(rows: Sequence[Step]) -> list[Passed]:
    """Give those of some steps that are of alarms. One query, or none."""
    mine = {row.pk: int(row.subject.partition(":")[2]) for row in rows if row.kind == LOOP}
    alarms = Alarm.objects.defer("snapshot", "slots", "head").in_bulk(set(mine.values())) if mine else {}
    found = []
    for row in rows:
        alarm = alarms.get(mine.get(row.pk, 0))
        if alarm is not None and row.offset is not None:
            found.append(Passed(row.offset, _facts(alarm, row), alarm.unit_code, alarm.level, alarm.case))
    return found


def _facts(alarm: Alarm, row: Step) -> dict[str, Any]:
    return {
        "alarm": alarm.pk,
        "rule": alarm.rule,
        "severity": alarm.severity,
        "what": row.what,
        "from": row.before,
        "to": row.after,
        "at": row.at,
        "unit": alarm.unit_code,
    }
