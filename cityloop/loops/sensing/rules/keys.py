"""The id of a reading, made from what it is known by: the same on every database, and after every repeated post."""

import re
from typing import NamedTuple

_KEY = re.compile(r"(\d{1,18})-(-?\d{1,18})(?:-(\d{1,18}))?", re.ASCII)


class Key(NamedTuple):
    """Of which datastream a reading is, when it began, how long it lasted."""

    datastream: int
    time: int
    lasts: int


def written(datastream: int, time: int, lasts: int) -> str:
    """Give the id of a reading."""
    return f"{datastream}-{time}-{lasts}" if lasts else f"{datastream}-{time}"


def read(text: str) -> Key | None:
    """Read the id of a reading; None where it is none."""
    found = _KEY.fullmatch(text)
    return Key(int(found[1]), int(found[2]), int(found[3] or 0)) if found else None
