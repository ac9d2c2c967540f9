"""Words ready to be taken up in the forms that write to the reporter, in the reporter's language."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import override

from cityloop.doors.web.context import LANGUAGES
from cityloop.doors.web.show import names
from cityloop.doors.web.show.acting import Form
from cityloop.ground.kit.words import say
from cityloop.loops.cases import numbers
from cityloop.loops.cases.telling import local
from cityloop.town.catalog import queries as catalog

Path = list[tuple[str, dict[str, str]]]


@dataclass(frozen=True, slots=True)
class Ready:
    """Words ready to be taken up: what they are called in the reader's language, and the words in the reporter's."""

    name: str
    words: str


class _Blanks(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


def spoken(reports: Sequence[Any]) -> str:
    """Give the language in which whoever reported is to be told: of the first report with somebody behind it."""
    of_persons = [report.language for report in reports if report.person]
    return (of_persons or [report.language for report in reports] or ["en"])[0]


def spoken_words(language: str) -> str:
    """Name a language in its own words."""
    return dict(LANGUAGES).get(language, language)


def offer(forms: Iterable[Form], case: Any, reports: Sequence[Any], path: Path) -> None:
    """Put the words ready for each form beside its text field. No query within a second of the last."""
    if not catalog.has_any():
        return
    language, version = spoken(reports), catalog.current()
    blanks: _Blanks | None = None
    for form in forms:
        field = next((one for one in form.inputs if one.kind == "words"), None)
        fitting = version.replies(form.action, case.state, case.matter)
        if field is None or not fitting:
            continue
        blanks = blanks or filled(case, path, language)
        field.spoken, field.spoken_words = language, spoken_words(language)
        field.replies = [Ready(names.words(r.names), say(r.words, language).format_map(blanks)) for r in fitting]


def filled(case: Any, path: Path, language: str) -> _Blanks:
    """Give what the blanks stand for, as far as it is known."""
    with override(language if language in dict(LANGUAGES) else "en"):
        known = {
            "number": numbers.number(case),
            "matter": names.matter(case.matter) if case.matter else "",
            "place": case.address or names.place(path, 1),
            "organisation": names.organisation(case.lead_org) if case.lead_org else "",
            "due": local(case.due) if case.due else "",
        }
    return _Blanks({name: text for name, text in known.items() if text})
