"""What is asked and what is answered, whichever way it came: past Django, through it, or as a part of a batch."""

from collections.abc import Mapping, Sequence
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
    """What is answered."""

    status: int
    body: bytes = b""
    kind: str = JSON
    headers: Mapping[str, str] = {}


def json(value: Any, status: int = 200) -> Answer:
    """Answer with JSON."""
    return Answer(status, msgspec.json.encode(value))
