"""Words ready to be taken up in the forms that write to the reporter, in the reporter's language."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import override

from cityloop.doors.web.context import LANGUAGES
from cityloop.doors.web.show import names
from cityloop.doors.web.show.acting import Form
from cityloop.doors.web.show.fields import Input
from cityloop.ground.kit.manifest import BLANKS
from cityloop.ground.kit.words import say
from cityloop.loops.cases import behind, numbers
from cityloop.town.calendar.saying import to_the_minute
from cityloop.town.catalog import queries as catalog

Path = list[tuple[str, dict[str, str]]]
BLANK = re.compile(r"\{(" + "|".join(BLANKS) + r")\}")


@dataclass(frozen=True, slots=True)
class Ready:
    """Words ready to be taken up: what they are called in the reader's language, and the words in the reporter's."""

    name: str
    words: str
    language: str


class _Blanks(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


def spoken_words(language: str) -> str:
    """Name a language in its own words."""
    return dict(LANGUAGES).get(language, language)


def offer(forms: Iterable[Form], case: Any, reports: Sequence[Any], path: Path) -> None:
    """Put the words ready for each form beside its text field. No query within a second of the last."""
    if not catalog.has_any():
        return
    language, version = behind.spoken(reports), catalog.current()
    blanks: _Blanks | None = None
    for form in forms:
        field = field_of(form.inputs)
        fitting = version.replies(form.action, case.state, case.matter)
        if field is None or not fitting:
            continue
        blanks = blanks or filled(case, path, language)
        field.spoken_words = spoken_words(language)
        field.replies = [
            Ready(names.words(r.names), say(r.words, language).format_map(blanks), language) for r in fitting
        ]


def field_of(inputs: Iterable[Input]) -> Input | None:
    """Give the text field of a form, None where it has none."""
    return next((one for one in inputs if one.kind == "words"), None)


def offer_for_many(inputs: Iterable[Input], action: str, cases: Sequence[Any]) -> None:
    """Put beside the text field the words ready for all of the cases, in each language that their reporters speak.

    Their blanks stay open: they are filled in for each case by itself (`complete`). One query.
    """
    field = field_of(inputs)
    if field is None or not cases or not catalog.has_any():
        return
    version = catalog.current()
    fitting = version.replies(action, cases[0].state, cases[0].matter)
    fitting = [r for r in fitting if all(r.fits(action, case.state, case.matter) for case in cases)]
    if not fitting:
        return
    languages = sorted(set(behind.spoken_in(case.pk for case in cases).values()))
    field.spoken_words = names.listed(spoken_words(language) for language in languages)
    field.replies = [
        Ready(names.words(r.names), say(r.words, language), language) for r in fitting for language in languages
    ]
    field.each = True


def complete(words: str, case: Any, languages: Mapping[int, str]) -> str:
    """Fill the blanks in words written for many cases with what they stand for in this one."""
    if not BLANK.search(words):
        return words
    blanks = filled(case, names.path(case.unit_code), languages.get(case.pk, "en"))
    return BLANK.sub(lambda found: blanks[found[1]], words)


def filled(case: Any, path: Path, language: str) -> _Blanks:
    """Give what the blanks stand for, as far as it is known."""
    with override(language if language in dict(LANGUAGES) else "en"):
        known = {
            "number": numbers.number(case),
            "matter": names.matter(case.matter) if case.matter else "",
            "place": case.address or names.place(path, 1),
            "organisation": names.organisation(case.lead_org) if case.lead_org else "",
            "due": to_the_minute(case.due) if case.due else "",
        }
    return _Blanks({name: text for name, text in known.items() if text})
