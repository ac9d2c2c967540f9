"""From the state of a case to the words of the standard and of its extension."""

from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cityloop.ground.kit.words import say
from cityloop.loops.cases.telling import REASONS, RESOLUTIONS
from cityloop.town.calendar.saying import to_the_minute

# LOOP.md, "Seen from outside"; what is being looked into has a word of its own in the extension.
EXTENDED = {
    "collected": "OPEN", "proving": "INVESTIGATING", "filed": "OPEN", "dispatched": "ACTION_SCHEDULED",
    "handling": "IN_PROGRESS", "split_up": "IN_PROGRESS", "waiting_reporter": "IN_PROGRESS",
    "suspended": "IN_PROGRESS", "handled": "IN_PROGRESS", "checking": "IN_PROGRESS", "checked": "IN_PROGRESS",
    "declined": "NO_FURTHER_ACTION", "invalid": "NO_FURTHER_ACTION", "folded": "DUPLICATE",
    "transferred": "NOT_COUNCILS_RESPONSIBILITY",
}  # fmt: skip
ENDS = ("closed", "declined", "invalid")


def status(state: str) -> str:
    """Give `open` or `closed`."""
    return "closed" if state in ENDS else "open"


def extended(state: str, resolution: str) -> str:
    """Give the extended status. What a source closed without saying how is CLOSED, and no more is claimed."""
    if state == "closed":
        return {"solved": "FIXED", "": "CLOSED"}.get(resolution, "NO_FURTHER_ACTION")
    return EXTENDED.get(state, "OPEN")


def notes(state: str, resolution: str = "", reason: str = "", until: int = 0) -> str:
    """Say in a sentence what is awaited and from whom, or how it ended."""
    if state == "closed":
        result = _word(RESOLUTIONS, resolution)
        return _("Closed: {result}.").format(result=result) if result else _("Closed.")
    if state == "declined":
        why = _word(REASONS, reason)
        return _("Not taken on: {reason}.").format(reason=why) if why else _("Not taken on.")
    why = _word(REASONS, reason) if state == "suspended" and until > 0 else ""
    if why:
        return _("Put off until {until}: {reason}.").format(until=to_the_minute(until), reason=why)
    return _sentences().get(state, "")


def _word(table: dict[str, dict[str, str]], key: str) -> str:
    return say(table.get(key), get_language() or "en")


def _sentences() -> dict[str, str]:
    return {
        "collected": _("Received; the intake desk looks at the place and the matter."),
        "proving": _("Someone goes to see whether it is so."),
        "waiting_reporter": _("A question was put to the reporter; the answer is awaited."),
        "filed": _("It is a case now; whoever answers for it is being told."),
        "split_up": _("Split into several cases; each goes to whoever answers for it."),
        "dispatched": _("Sent to whoever answers for it; they have to accept it."),
        "handling": _("Whoever answers for it is at work on it."),
        "handled": _("Reported as fixed; it goes to someone who took no part in the work."),
        "checking": _("Being verified by someone who took no part in the work."),
        "checked": _("The check was passed; it is about to be closed."),
        "transferred": _("Passed to another authority; what came of it is being asked."),
        "suspended": _("Put off with the agreement of the centre; it goes on by itself."),
        "folded": _("Joined with another report of the same thing; it ends with that one."),
        "invalid": _("Someone went to see and did not find it."),
    }


def of_update(state: str, data: dict[str, Any], resolution: str) -> tuple[str, str]:
    """Give the extended status and the sentence for a step that led to a state."""
    found = str(data.get("resolution") or resolution)
    return extended(state, found), notes(state, found, str(data.get("reason") or ""), int(data.get("until") or 0))
