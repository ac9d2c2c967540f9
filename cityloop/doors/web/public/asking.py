"""The questions that a matter puts to whoever reports it, as inputs of the form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _

from cityloop.doors.web.show import names
from cityloop.doors.web.show.acting import said
from cityloop.ground.kit.manifest import Question
from cityloop.ground.kit.words import clean
from cityloop.loops.cases.actions.prepare import WORDS_LIMIT
from cityloop.town.catalog import queries as catalog
from cityloop.town.catalog.answers import read

NAME = "answer-"
MOST, LONGEST = 60, 2400
Given = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as printed; `options` are (value, words, chosen)."""

    name: str
    kind: str
    label: str
    required: bool
    value: str
    options: list[tuple[str, str, bool]]
    error: str


def given(posted: QueryDict) -> dict[str, tuple[str, ...]]:
    """Read the answers of a form by question; several of one question may come in lines, as kept on a phone."""
    named = [name for name in posted if name.startswith(NAME)][:MOST]
    lines = {
        name: [line for text in posted.getlist(name) for line in clean(text)[:LONGEST].split("\n")] for name in named
    }
    return {name.removeprefix(NAME): tuple(line for line in found if line.strip()) for name, found in lines.items()}


def asked(matter: str, answers: Given, errors: Mapping[str, str]) -> list[Asked]:
    """Give the questions of a matter with what was answered so far, and what is wrong with it."""
    return [_asked(one, answers.get(one.key, ()), errors.get(NAME + one.key, "")) for one in catalog.questions(matter)]


def _asked(question: Question, said_so_far: Sequence[str], error: str) -> Asked:
    options = [(choice.key, names.words(choice.names)) for choice in question.choices]
    if question.type == "bool":
        options = [("true", _("Yes")), ("false", _("No"))]
    return Asked(
        name=NAME + question.key,
        kind=question.type,
        label=names.words(question.names),
        required=question.required,
        value="\n".join(said_so_far),
        options=[(value, words, value in said_so_far) for value, words in options],
        error=error,
    )


def answered(matter: str, answers: Given, *, whole: bool) -> tuple[dict[str, str], dict[str, str]]:
    """Give the answers as they are kept, and what is wrong with them by the name of the input.

    Answers to what this matter does not ask were given before another matter was chosen: they are left out.
    """
    wanted = catalog.questions(matter)
    named = {one.key: names.words(one.names) for one in wanted}
    found, faults = read(wanted, {key: texts for key, texts in answers.items() if key in named}, whole=whole)
    errors = {
        f"{NAME}{one.field}": _("{question}: {answer}").format(question=named[str(one.field)], answer=said(one))
        for one in faults
    }
    if sum(len(key) + len(text) + 3 for key, text in found.items()) > WORDS_LIMIT:
        errors["form"] = _("The answers are too long together. Please shorten them.")
    return found, errors
