"""Answers to the questions of a service: each of the kind asked for, none missing that must be there, none unknown."""

import math
from datetime import date, datetime
from typing import Any

from cityloop.doors.open311.asking import Posted
from cityloop.doors.open311.errors import Faults
from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases.actions.prepare import WORDS_LIMIT

LONGEST = 2000
YES, NO = frozenset({"true", "1", "yes", "y"}), frozenset({"false", "0", "no", "n"})


def answers(entry: Any, posted: Posted) -> dict[str, str]:
    """Give the answers by question, all that is wrong with them at once."""
    known, faults = {question.key: question for question in entry.questions}, []
    found: dict[str, str] = {}
    for code, texts in posted.attributes.items():
        try:
            said = _answer(known, code, [text for text in texts if text.strip()])
            found |= {code: said} if said else {}
        except Refusal as refusal:
            faults.append(refusal)
    faults += [_missing(key) for key, q in known.items() if q.required and key not in found and not _wrong(faults, key)]
    if faults:
        raise Faults(faults)
    return found


def fitting(found: dict[str, str]) -> dict[str, str]:
    """Give what is kept beside the words, if all of it can be kept: nothing is cut off unsaid."""
    if sum(len(name) + len(text) + 3 for name, text in found.items()) > WORDS_LIMIT:
        raise Refusal("open311.long", "Give at most {most} characters.", "attribute", most=WORDS_LIMIT)
    return found


def _answer(known: dict[str, Any], code: str, texts: list[str]) -> str:
    question, field = known.get(code), f"attribute[{code}]"
    if question is None:
        raise Refusal("open311.attribute.unknown", "This service does not ask for this.", field)
    if question.type == "choices":
        return _choices(question, [" ".join(text.split()) for text in texts], field)
    if len(texts) > 1:
        raise Refusal("open311.attribute.many", "Give one value.", field)
    if not texts:
        return ""
    text = " ".join(texts[0].split())
    if len(text) > LONGEST:
        raise Refusal("open311.long", "Give at most {most} characters.", field, most=LONGEST)
    return READ[question.type](question, text, field)


def _number(question: Any, text: str, field: str) -> str:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Refusal("open311.number", "Give a number.", field)
    return text


def _choice(question: Any, text: str, field: str) -> str:
    names = {choice.key: choice.names for choice in question.choices}
    if text not in names:
        raise Refusal("open311.choice", "Give one of {keys}.", field, keys=", ".join(names))
    return f"{text} ({names[text].get('en') or text})"


def _choices(question: Any, texts: list[str], field: str) -> str:
    """Give several of the choices, each once, in the order of the question."""
    chosen = {text: _choice(question, text, field) for text in texts}
    return ", ".join(chosen[choice.key] for choice in question.choices if choice.key in chosen)


def _bool(question: Any, text: str, field: str) -> str:
    word = text.casefold()
    if word not in YES | NO:
        raise Refusal("open311.choice", "Give one of {keys}.", field, keys="true, false")
    return "true" if word in YES else "false"


def _date(question: Any, text: str, field: str) -> str:
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            read(text)
            return text
        except ValueError:
            continue
    raise Refusal("open311.date", "Give a date, such as 2018-10-21.", field)


READ = {"text": lambda question, text, field: text, "number": _number, "choice": _choice, "bool": _bool, "date": _date}


def _missing(key: str) -> Refusal:
    return Refusal("open311.missing", "This is needed.", f"attribute[{key}]")


def _wrong(faults: list[Refusal], key: str) -> bool:
    return any(fault.field == f"attribute[{key}]" for fault in faults)
