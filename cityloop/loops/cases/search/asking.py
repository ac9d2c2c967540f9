"""What somebody typed into the search: a number, a person's address where they may ask for one, or words."""

from dataclasses import dataclass

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean, natural
from cityloop.loops.cases import numbers
from cityloop.loops.cases.models import Case
from cityloop.loops.cases.search import queries as search
from cityloop.town.orgs.authority import Scope
from cityloop.town.orgs.roles import MAY_LOOK
from cityloop.town.persons import actions as looking
from cityloop.town.persons import queries as persons

LONGEST = 120
PHONE_DIGITS = 7


@dataclass(frozen=True, slots=True)
class Looked:
    """What is looked for: a case number, persons, or words; `meant` says what a mistyped word was taken for."""

    number: str = ""
    persons: tuple[int, ...] = ()
    asked: search.Asked | None = None

    @property
    def meant(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Give the words that nobody used, with the used ones they were taken for."""
        return self.asked.meant if self.asked is not None else ()


def look_for(scope: Scope, text: str, now: int) -> Looked:
    """Read what was typed. One statement for words; for a person two, and the look on record."""
    typed = clean(text).strip()[:LONGEST]
    if not typed:
        return Looked()
    if is_number(typed):
        return Looked(number=typed)
    if is_address_of_person(typed):
        return Looked(persons=persons_of(scope, typed, now))
    return Looked(asked=search.read(typed))


def is_number(text: str) -> bool:
    """Tell whether it is a whole public number, or the last digits of one. One statement for as many as a phone has.

    Where the city has counted that far, bare digits are a case's; a phone number is then written with its prefix.
    """
    digits = natural(text)
    if digits is not None:
        return len(text) < PHONE_DIGITS or digits <= _last()
    try:
        return bool(numbers.case_id(text))
    except Refusal:
        return False


def _last() -> int:
    return Case.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def is_address_of_person(text: str) -> bool:
    """Tell whether it looks like an e-mail address or a phone number."""
    digits = sum(ch.isdigit() for ch in text)
    return ("@" in text and " " not in text) or (digits >= PHONE_DIGITS and not any(ch.isalpha() for ch in text))


NOBODY = (-1,)


def persons_of(scope: Scope, text: str, now: int) -> tuple[int, ...]:
    """Give who gave exactly this address, for posts that may ask, and keep that they did; else nobody's id."""
    actor = next((a for a in scope.actors() if a.role in MAY_LOOK), None)
    if actor is None:
        return NOBODY
    try:
        found = persons.by_email(text) if "@" in text else persons.by_phone(text)
    except Refusal:
        return NOBODY
    looking.note_looks(persons=found, by=actor, at=now, purpose="search for their cases")
    return tuple(one.pk for one in found) or NOBODY
