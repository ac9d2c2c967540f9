"""What this door needs answered by others: files and papers are made in one place, for pages and programs alike."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol

from django.conf import settings
from django.http import HttpResponse

from cityloop.town.components.queries import Place, Wanted


class Files(Protocol):
    """Answers with a list as a file of a kind (csv, xlsx, geojson).

    `find(before, most)` gives the newest cases below an id. Bound in `config/wiring.py`.
    """

    def __call__(self, kind: str, find: Callable[[int, int], list[Any]], now: int, before: int = 0) -> HttpResponse: ...


class Register(Protocol):
    """Answers with components as a file. `find(after, most)` gives those after a place in the list.

    Bound in `config/wiring.py`.
    """

    def __call__(self, kind: str, find: Callable[[Place | None, int], list[Any]], wanted: Wanted) -> HttpResponse: ...


class Paper(Protocol):
    """Answers with a case as a PDF. Bound in `config/wiring.py`."""

    def __call__(self, found: Any, scope: Any, now: int) -> HttpResponse: ...


def files() -> Files:
    """Give who writes lists as files."""
    answers: Files = import_module(settings.WIRING).PORTS[Files]
    return answers


def register() -> Register:
    """Give who writes the register as a file."""
    answers: Register = import_module(settings.WIRING).PORTS[Register]
    return answers


def paper() -> Paper:
    """Give who prints cases."""
    answers: Paper = import_module(settings.WIRING).PORTS[Paper]
    return answers
