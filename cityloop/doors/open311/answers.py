"""Answers to the questions of a service, as attributes: `attribute[CODE]`."""

from typing import Any

from cityloop.doors.open311.asking import Posted
from cityloop.doors.open311.errors import Faults
from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases.actions.prepare import WORDS_LIMIT
from cityloop.town.catalog.answers import read


def answers(entry: Any, posted: Posted) -> dict[str, str]:
    """Give the answers by question, all that is wrong with them at once."""
    found, faults = read(entry.questions, posted.attributes)
    if faults:
        raise Faults(Refusal(one.code, one.message, f"attribute[{one.field}]", **one.params) for one in faults)
    return found


def fitting(found: dict[str, str]) -> dict[str, str]:
    """Give what is kept beside the words, if all of it can be kept: nothing is cut off unsaid."""
    if sum(len(name) + len(text) + 3 for name, text in found.items()) > WORDS_LIMIT:
        raise Refusal("open311.long", "Give at most {most} characters.", "attribute", most=WORDS_LIMIT)
    return found
