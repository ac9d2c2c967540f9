"""Answers to the questions of a matter: each of the kind asked for, none missing that must be there, none unknown.

One set of rules for every door that asks; a refusal names the question by its key.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from cityloop.ground.kit.manifest import Question
from cityloop.ground.kit.refusal import Refusal

LONGEST = 2000
YES, NO = frozenset({"true", "1", "yes", "y"}), frozenset({"false", "0", "no", "n"})


def read(
    questions: Sequence[Question], given: Mapping[str, Sequence[str]], *, whole: bool = True
) -> tuple[dict[str, str], list[Refusal]]:
    """Give the answers by question and all that is wrong with them; `whole`: also what is needed and missing."""
    known, faults = {question.key: question for question in questions}, list[Refusal]()
    found: dict[str, str] = {}
    for key, texts in given.items():
        try:
            said = _answer(known, key, [text for text in texts if text.strip()])
            found |= {key: said} if said else {}
        except Refusal as refusal:
            faults.append(refusal)
    wrong = {fault.field for fault in faults}
    lacking = [key for key, one in known.items() if whole and one.required and key not in found and key not in wrong]
    return found, [*faults, *(Refusal("catalog.answer.missing", "This is needed.", key) for key in lacking)]


def _answer(known: Mapping[str, Question], key: str, texts: list[str]) -> str:
    question = known.get(key)
    if question is None:
        raise Refusal("catalog.answer.unknown", "This service does not ask for this.", key)
    if question.type == "choices":
        return _choices(question, [" ".join(text.split()) for text in texts])
    if len(texts) > 1:
        raise Refusal("catalog.answer.many", "Give one value.", key)
    if not texts:
        return ""
    text = " ".join(texts[0].split())
    if len(text) > LONGEST:
        raise Refusal("catalog.answer.long", "Give at most {most} characters.", key, most=LONGEST)
    return READ[question.type](question, text)


def _number(question: Question, text: str) -> str:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Refusal("catalog.answer.number", "Give a number.", question.key)
    return text


def _choice(question: Question, text: str) -> str:
    named = {choice.key: choice.names for choice in question.choices}
    if text not in named:
        raise Refusal("catalog.answer.choice", "Give one of {keys}.", question.key, keys=", ".join(named))
    return f"{text} ({named[text].get('en') or text})"


def _choices(question: Question, texts: list[str]) -> str:
    """Give several of the choices, each once, in the order of the question."""
    chosen = {text: _choice(question, text) for text in texts}
    return ", ".join(chosen[choice.key] for choice in question.choices if choice.key in chosen)


def _bool(question: Question, text: str) -> str:
    word = text.casefold()
    if word not in YES | NO:
        raise Refusal("catalog.answer.choice", "Give one of {keys}.", question.key, keys="true, false")
    return "true" if word in YES else "false"


def _date(question: Question, text: str) -> str:
    for as_date in (date.fromisoformat, datetime.fromisoformat):
        try:
            as_date(text)
            return text
        except ValueError:
            continue
    raise Refusal("catalog.answer.date", "Give a date, such as 2018-10-21.", question.key)


READ: dict[str, Callable[[Question, str], str]] = {
    "text": lambda question, text: text, "number": _number, "choice": _choice, "bool": _bool, "date": _date,
}  # fmt: skip
