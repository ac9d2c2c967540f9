"""Cursors: where a page ended, opaque to the client and checked when it comes back."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from typing import TypeVar
from urllib.parse import quote, urlencode

import msgspec
from django.http import HttpRequest

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.shapes import of_json, ready

T = TypeVar("T")
MOST, USUAL = 500, 50


def cursor_of(place: object) -> str:
    """Make the cursor of a place: plain JSON in base64, for it holds nothing secret."""
    return urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def place_of(cursor: str, kind: type[T]) -> T | None:
    """Read the place out of a cursor; None for the first page; refuse what we did not make."""
    if not cursor:
        return None
    try:
        return of_json(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), kind)
    except (ValueError, Error, msgspec.MsgspecError):
        raise Refusal("api.cursor", "This cursor is none of ours; begin without one.", "cursor") from None


def following(request: HttpRequest, place: object) -> str:
    """Give the address of the next page: the same question, a new cursor."""
    kept = {name: value for name, value in request.GET.items() if name != "cursor"}
    return f"{quote(request.path)}?{urlencode({**kept, 'cursor': cursor_of(place)})}"


@ready
class Id(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a list by id ended."""

    id: int

    def __post_init__(self) -> None:
        if not 0 < self.id < 2**63:
            raise ValueError("out of range")


@ready
class Due(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a list by due time ended."""

    due: int
    id: int

    def __post_init__(self) -> None:
        if not (0 <= self.due < 2**63 and 0 < self.id < 2**63):
            raise ValueError("out of range")


@ready
class Name(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a list by code or key ended."""

    name: str

    def __post_init__(self) -> None:
        if len(self.name) > 200 or "\0" in self.name:
            raise ValueError("out of range")
