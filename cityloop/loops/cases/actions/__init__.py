"""The only writers of cases."""

from cityloop.loops.cases.actions.answers import PHONE, WAITED
from cityloop.loops.cases.actions.finds import finder
from cityloop.loops.cases.actions.follow import Added, Followed, Following, add, follow
from cityloop.loops.cases.actions.intake import FIND, Collected, Report, answered, check, collect
from cityloop.loops.cases.actions.once import asked, once, preview
from cityloop.loops.cases.actions.take import Taken, take

__all__ = [
    "FIND", "PHONE", "WAITED", "Added", "Collected", "Followed", "Following", "Report", "Taken", "add", "answered",
    "asked", "check", "collect", "finder", "follow", "once", "preview", "take",
]  # fmt: skip
