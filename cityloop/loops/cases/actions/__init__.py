"""The only writers of cases."""

from cityloop.loops.cases.actions.follow import Followed, Following, follow
from cityloop.loops.cases.actions.intake import Collected, Report, answered, collect
from cityloop.loops.cases.actions.once import asked, once, preview
from cityloop.loops.cases.actions.take import Taken, take

__all__ = [
    "Collected",
    "Followed",
    "Following",
    "Report",
    "Taken",
    "answered",
    "asked",
    "collect",
    "follow",
    "once",
    "preview",
    "take",
]
