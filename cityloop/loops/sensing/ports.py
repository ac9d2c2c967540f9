"""What this room needs answered by rooms beside it."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol

import msgspec
from django.conf import settings


class Sign(msgspec.Struct, frozen=True, kw_only=True):
    """What an alarm, or an eye on a video, says to the room of cases.

    `event` names it, so that it opens one case however often it is told. `urgent`: people need not look at it first, it
    goes to who is responsible. `facts` are values that may stand on the ledger; `words` say it in the city's language.
    """

    event: str
    rule: str
    matter: str
    unit: str
    lon: float | None
    lat: float | None
    urgent: bool
    facts: Mapping[str, str | int]
    words: str
    channel: str = "instrument"
    photos: tuple[Any, ...] = ()


class Cases(Protocol):
    """Opens a case for an alarm, or lets it join the one that is there: gives its id, and whether it is new.

    Bound in `config/wiring.py`.
    """

    def __call__(self, sign: Sign, at: int) -> tuple[int, bool]: ...


class News(Protocol):
    """Tells a case that an alarm it was opened for, or that joined it, is over. Bound in `config/wiring.py`."""

    def __call__(self, case: int, sign: Sign, at: int) -> None: ...


def cases() -> Cases:
    """Give who opens cases."""
    answers: Cases = import_module(settings.WIRING).PORTS[Cases]
    return answers


def news() -> News:
    """Give who tells cases."""
    answers: News = import_module(settings.WIRING).PORTS[News]
    return answers


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A time and a place in which something was so."""

    since: int
    until: int
    unit: str
    lon: float | None
    lat: float | None


class Reports(Protocol):
    """Gives for each span the cases of a matter that people reported then and there. Bound in `config/wiring.py`."""

    def __call__(self, matter: str, spans: Sequence[Span]) -> list[list[int]]: ...


def reports() -> Reports:
    """Give who knows what people reported."""
    answers: Reports = import_module(settings.WIRING).PORTS[Reports]
    return answers
