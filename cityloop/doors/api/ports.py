"""What this door needs answered by others: files and papers are made in one place, for pages and programs alike."""

from importlib import import_module
from typing import Any, Protocol

from django.conf import settings
from django.db.models import Q
from django.http import HttpResponse

from cityloop.loops.cases.walking import Listed
from cityloop.town.components.queries import Wanted


class Files(Protocol):
    """Answers with the cases of a list as a file of a kind (csv, xlsx, geojson). Bound in `config/wiring.py`."""

    def __call__(self, kind: str, what: Listed, now: int) -> HttpResponse: ...


class Register(Protocol):
    """Answers with the components of a list, as far as `seen` goes, as a file. Bound in `config/wiring.py`."""

    def __call__(self, kind: str, wanted: Wanted, seen: Q) -> HttpResponse: ...


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
