"""Names in the visitor's language: states, actions, roles, organisations, units, matters."""

import functools
import re
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from cityloop.doors.web.show.times import day, language
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import say
from cityloop.ground.loop.definition import Definition
from cityloop.loops.cases.actions.prepare import organisations
from cityloop.town.catalog import queries as catalog
from cityloop.town.units import queries as units

# The one icon of each action; what stands in no list gets the sign of a step.
ICONS = {
    "collect": "inbox", "claim": "hand-stop", "release": "arrow-back-up", "ask_reporter": "message-question",
    "answer": "message", "silence": "clock", "prove": "search", "proved": "thumb-up", "disproved": "thumb-down",
    "decline": "circle-x", "fold": "git-merge", "unfold": "scissors", "file": "file-check",
    "return_to_intake": "arrow-back-up", "split": "scissors", "dispatch": "send", "re_dispatch": "send",
    "accept": "hand-stop", "bounce": "arrow-back-up", "replace_part": "refresh", "take_back": "arrow-back-up",
    "reassign": "send", "reach": "flag", "report_back": "tool", "close_unsolved": "circle-x",
    "send_back": "arrow-back-up", "submit": "search", "ask_confirmation": "user-question", "confirm": "thumb-up",
    "dispute": "alert-circle",
    "pass": "circle-check", "fail": "thumb-down", "recheck": "search", "close": "circle-check",
    "close_by_source": "circle-check", "reopen": "refresh", "transfer": "external-link", "returned": "arrow-back-up",
    "settled_outside": "circle-check", "resume": "player-play", "withdraw": "circle-x", "rate": "star",
    "add": "plus", "message": "mail", "note": "note",
    "extend": "hourglass-low", "suspend": "player-pause", "appeal": "report-analytics",
    "call": "users-plus", "order": "urgent", "urge": "speakerphone", "question": "message-question",
    "decide": "writing", "let_go_on": "player-play", "lapse": "clock", "move_to_newer": "history",
    "instrument": "access-point", "raise": "bell-ringing", "acknowledge": "eye-check", "look_again": "refresh",
    "dismiss": "bell-off", "clear": "circle-check",
}  # fmt: skip


def icon(action: str) -> str:
    """Give the icon of an action."""
    return ICONS.get(action, "chevron-right")


def words(names: Any) -> str:
    """Give names kept as data in the visitor's language."""
    return say(names, language())


def listed(said: Iterable[str]) -> str:
    """Put words one after the other, as the visitor's language does."""
    return str(_(", ").join(said))


def state(definition: Definition, name: str) -> str:
    """Name a state."""
    found = definition.source.states.get(name)
    return words(found.names) if found else name.replace("_", " ")


def action(definition: Definition, name: str) -> str:
    """Name an action, a request, or what the engine adds to every loop."""
    source = definition.source
    found = source.actions.get(name) or source.requests.get(name)
    if found is not None:
        return words(found.names)
    return {"decide": _("Decide"), "lapse": _("No answer in time"), "let_go_on": _("Let it go on")}.get(name, name)


def role(definition: Definition, name: str) -> str:
    """Name a role."""
    found = definition.source.roles.get(name)
    return words(found.names) if found else name.replace("_", " ")


def organisation(number: int) -> str:
    """Name an organisation by its id, "" where it is not known. No query within a second of the last."""
    found = organisations().get(number)
    return words(found.names) if found else ""


def organisation_key(number: int) -> str:
    """Give the key by which programs know an organisation, "" where it is not known; no query, as above."""
    found = organisations().get(number)
    return found.key if found else ""


def matter(code: str) -> str:
    """Name a matter, or say that it has none yet."""
    if not code:
        return _("Matter not yet named")
    try:
        known = catalog.current().known
    except Refusal:
        return code
    return words(known[code].names) if code in known else code


def answers(matter: str, text: str) -> str:
    """Say the answers kept with a report by what was asked, as far as the catalogue still knows it."""
    entry = catalog.current().known.get(matter) if matter and catalog.has_any() else None
    asked = {one.key: one for one in entry.questions} if entry is not None else {}
    return "\n".join(_answer(asked, line) for line in text.split("\n"))


def _answer(asked: dict[str, Any], line: str) -> str:
    key, _colon, value = line.partition(": ")
    question = asked.get(key)
    if question is None:
        return line
    if question.type == "bool":
        value = {"true": _("Yes"), "false": _("No")}.get(value, value)
    if question.type == "date":
        value = day(value)
    for choice in question.choices:
        kept = f"{choice.key} ({choice.names.get('en') or choice.key})"
        value = value.replace(f"{kept}, ", words(choice.names) + _(", ")).replace(kept, words(choice.names))
    return _("{question}: {answer}").format(question=words(question.names), answer=value)


def channel(key: str) -> str:
    """Say how a report came; what a source calls otherwise stays as it is called there."""
    known = {
        "phone": _("phone"), "counter": _("the counter"), "letter": _("letter"), "email": _("e-mail"),
        "web": _("this website"), "online": _("a website"), "mobile": _("an app"), "api": _("a program"),
        "open311": _("a program (Open311)"), "split": _("splitting a case"),
        "inspector": _("an inspector on the spot"),
        "instrument": _("an instrument"), "video": _("a video detection"), "other": _("another way"),
        "unknown": _("an unknown way"),
    }  # fmt: skip
    return known.get(key.casefold(), key)


def place(path: list[tuple[str, dict[str, str]]], last: int = 2) -> str:
    """Name a place by its finest units, the widest first: `Manhattan · Community District 2`.

    A unit whose name the next one begins with, or has as a word, is not named twice: `丰年园社区第3网格`.
    """
    named = [words(names) or code for code, names in path[-last:]]
    finer = [*named[1:], ""] if named else []
    return " · ".join(name for name, below in zip(named, finer, strict=True) if not _names(below, name))


def _names(below: str, name: str) -> bool:
    return below.startswith(name) or re.search(rf"(?<!\w){re.escape(name)}(?!\w)", below) is not None


def places(codes: Iterable[str], last: int = 2) -> dict[str, str]:
    """Name the places of many codes. One query, or none."""
    wanted = set(codes)
    found = units.paths_of(wanted) if wanted else {}
    return {code: place(path, last) or _("Place not known") for code, path in found.items()}


def path(code: str) -> list[tuple[str, dict[str, str]]]:
    """Give the names of a unit and of all above it, the widest first. No query once they are known."""
    return _path(units.city().units_version, code)


@functools.lru_cache(maxsize=2048)
def _path(version: str, code: str) -> list[tuple[str, dict[str, str]]]:
    """Kept per version of the units: a reform makes a new one."""
    return units.paths_of([code]).get(code, [])


STATUS = {"waiting_reporter": "wait", "suspended": "wait", "transferred": "wait", "folded": "wait", "split_up": "wait"}


def as_each() -> str:
    """Say that a field left empty stays as it is proposed for each case."""
    return _("empty: as proposed for each case")


def chip(name: str) -> tuple[str, str]:
    """Give the status class and icon of a state's chip. Lateness is never told here."""
    if name in ("closed", "checked"):
        return "ver", "circle-check"
    if name in ("declined", "invalid"):
        return "wait", "circle-x"
    signs = {
        "collected": "inbox", "proving": "search", "filed": "file-check", "dispatched": "send", "handling": "tool",
        "handled": "checks", "checking": "search", "waiting_reporter": "user-question", "suspended": "player-pause",
        "folded": "git-merge", "transferred": "external-link", "split_up": "scissors",
    }  # fmt: skip
    quiet = name in STATUS or name in ("collected", "filed")
    return "wait" if quiet else "ontime", signs.get(name, "inbox")
