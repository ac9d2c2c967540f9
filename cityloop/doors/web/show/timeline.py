"""Steps on the ledger as lines that people read: when, who, what, in which words, with which photos."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from cityloop.doors.web.show import names
from cityloop.doors.web.show.times import in_full, when
from cityloop.ground.loop.definition import Definition
from cityloop.loops.cases.telling import REASONS, RESOLUTIONS

# A signed address for a photo, or "" where the visitor may not see it.
Photos = Sequence[str]
FAR_M = 100  # from so far away nobody shows the place: a phone in a street knows where it is to within some 20 m


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `what` was done, with what it decided; `said` are words quoted, `moved` the state it led to."""

    seq: int
    at: str
    full: str
    icon: str
    who: str
    what: str
    said: tuple[str, ...]
    moved: str
    photos: tuple[str, ...]
    internal: bool
    away: str = ""
    far: bool = False


def line(moment: Any, definition: Definition, now: int) -> Line:
    """Give the line of a moment (see `cases.history.timeline`) for staff."""
    row = moment.step
    moved = names.state(definition, row.after) if row.after != row.before and row.before else ""
    return Line(
        seq=row.seq,
        at=when(row.at, now),
        full=in_full(row.at),
        icon=names.icon(row.what),
        who=who(row, definition),
        what=done(names.action(definition, row.what), decided(moment.data)),
        said=quoted(moment),
        moved=moved,
        photos=moment.photos,
        internal=row.what == "note",
        away=away(moment.data),
        far=metres_away(moment.data) > FAR_M,
    )


def metres_away(data: dict[str, Any]) -> int:
    """Give how far from the place of the case somebody stood, 0 where it was not told."""
    place = data.get("place")
    return int(place.get("away_m", 0)) if isinstance(place, dict) else 0


def away(data: dict[str, Any]) -> str:
    """Say how far from the place of the case somebody stood; "" where it was not told."""
    told = isinstance(data.get("place"), dict) and "away_m" in data["place"]
    return _("{metres} m from the place of the case").format(metres=metres_away(data)) if told else ""


def quoted(moment: Any) -> tuple[str, ...]:
    """Give the words of a step, answers by what was asked."""
    matter = str(moment.data.get("matter", ""))
    said = {key: names.answers(matter, text) if key == "answers" else text for key, text in moment.words.items()}
    return tuple(text for text in said.values() if text)


def done(action: str, result: str) -> str:
    """Say what was done, and what it decided."""
    return _("{action}: {result}").format(action=action, result=result) if result else action


def who(row: Any, definition: Definition) -> str:
    """Say who took a step: a role with its organisation, the reporter, a rule, the clock."""
    if row.actor == "person":
        organisation = names.organisation(row.org)
        role = names.role(definition, row.role)
        return _("{organisation}, {role}").format(organisation=organisation, role=role) if organisation else role
    if row.actor == "rule" and row.name:
        return _("Rule “{name}”").format(name=row.name)
    role = names.role(definition, row.role)
    if row.actor == "reporter" and row.name:  # of a case folded into this one
        return _("{role} of {number}").format(role=role, number=row.name)
    return role


def decided(data: dict[str, Any]) -> str:
    """Say what a step decided, where that is a choice of few."""
    answers = {"granted": _("granted"), "refused": _("refused"), "answered": _("answered")}
    if data.get("answer") in answers:
        return answers[data["answer"]]
    for field, choices in (("resolution", RESOLUTIONS), ("reason", REASONS)):
        if data.get(field) in choices:
            return names.words(choices[data[field]])
    rated = {"yes": _("satisfied"), "no": _("not satisfied")}
    return rated.get(str(data.get("satisfied", "")), "")
