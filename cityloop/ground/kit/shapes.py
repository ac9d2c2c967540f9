"""Shapes that texts and plain values are read into, made ready where their module is loaded.

msgspec makes a shape ready when it is first read into. Two threads that both do so for the first time meet a half-made
one, and the process ends without a word (SIGSEGV; msgspec 0.22, `tests/ground/kit/test_shapes.py`). A module is loaded
by one thread alone, so there each shape is made ready, and only shapes that are can be read into.
"""

from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
_ready: dict[Any, msgspec.json.Decoder[Any]] = {}


def ready(kind: type[T]) -> type[T]:
    """Make a shape ready, as a decorator of its class or called where it is put together: what it names is there."""
    _ready[kind] = msgspec.json.Decoder(kind)
    return kind


def of_json(text: bytes | str, kind: type[T]) -> T:
    """Read JSON; msgspec.DecodeError says what is wrong with it."""
    read: T = _ready[kind].decode(text)
    return read


def of_plain(value: object, kind: type[T]) -> T:
    """Read what is made of dicts, lists, texts and numbers; msgspec.ValidationError says what is wrong with it."""
    if kind not in _ready:
        raise KeyError(kind)
    return msgspec.convert(value, kind)
