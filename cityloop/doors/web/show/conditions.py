"""What must be so for a case to be filed and to be closed, in the catalogue's words and the visitor's language."""

from django.utils.translation import gettext as _

from cityloop.doors.web.show import names
from cityloop.ground.loop.snapshot import Snapshot
from cityloop.loops.cases import conditions


def judged(action: str, snapshot: Snapshot) -> str:
    """Say above an action what whoever takes it judges by; "" where nothing is judged."""
    asked = names.words(conditions.judged(action, snapshot))
    label = _("Filed when") if action in conditions.FILED else _("Closed when")
    return _("{question}: {answer}").format(question=label, answer=asked) if asked else ""


def closing(snapshot: Snapshot) -> str:
    """Say when a case may be closed, or by which condition it was; "" where none is known or it ended otherwise."""
    words = names.words(conditions.closing(snapshot))
    if not words or (snapshot.ended >= 0 and snapshot.resolution != "solved"):
        return ""
    if snapshot.ended >= 0:
        return _("Closed by this condition: {words}").format(words=words)
    return _("{question}: {answer}").format(question=_("Closed when"), answer=words)
