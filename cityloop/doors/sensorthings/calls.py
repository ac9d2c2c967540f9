"""What is asked and what is answered, whichever way it came: past Django, through it, or as a part of a batch."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

ROOT = "/sta/v1.1"
METHODS = "GET, HEAD, POST, PATCH, PUT, DELETE, OPTIONS"
JSON = "application/json"
# Open to programs in any page: nothing here rests on cookies.
ALWAYS = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}


class Call(NamedTuple):
    """A request: `path` below the root, `root` as an address, names of headers in small letters."""

    method: str
    path: str
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes
    root: str

    @property
    def kind(self) -> str:
        """Give the media type of the body, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Answer(NamedTuple):
    """What is answered; a long one goes on with `more`, each piece of which is made when the one before is sent."""

    status: int
    body: bytes = b""
    kind: str = JSON
    headers: Mapping[str, str] = {}
    more: Iterator[bytes] | None = None

    def whole(self) -> bytes:
        """Give the body to its end, for who cannot send it in pieces."""
        return b"".join([self.body, *(self.more or ())])


def json(value: Any, status: int = 200) -> Answer:
    """Answer with JSON."""
    return Answer(status, msgspec.json.encode(value))


def pieced(pieces: Iterator[tuple[Mapping[str, Any], bool]]) -> Answer:
    """Answer with a page that comes in pieces, each with whether it is the last.

    The first is made at once, so that what is wrong with a question is told as such. What it says of the whole stands
    before the list, what the last one says after it.
    """
    first, last = next(pieces)
    if last:
        return json(first)
    head = msgspec.json.encode({**first, "value": []}).removesuffix(b"]}")
    return Answer(200, head + _rows(first), more=_following(pieces))


def _following(pieces: Iterator[tuple[Mapping[str, Any], bool]]) -> Iterator[bytes]:
    for piece, last in pieces:
        rows = _rows(piece)
        yield (b"," + rows if rows else b"") + (_end(piece) if last else b"")


def _end(piece: Mapping[str, Any]) -> bytes:
    told = {name: one for name, one in piece.items() if name != "value"}
    return b"]," + msgspec.json.encode(told)[1:] if told else b"]}"


def _rows(piece: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(piece["value"])[1:-1]
