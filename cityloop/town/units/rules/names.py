"""Names as texts give them, brought to one form, so that look-up needs no guessing."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

_NOT_WORD = re.compile(r"[\W_]+")
_SLOT = re.compile(r"\{(\w+)(?::(title|upper|lower))?\}")
MOST = 120


def normal(text: object) -> str:
    """Give `text` in one form: NFKC, case folded, accents dropped, runs of anything but letters and digits one space.

    Numbers lose leading zeros, so that "5 Queens" is "05 QUEENS".
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", str(text)).casefold())
    plain = "".join(mark for mark in folded if not unicodedata.combining(mark))
    words = _NOT_WORD.sub(" ", plain).split()
    return " ".join(word.lstrip("0") or "0" if word.isdecimal() else word for word in words)[:MOST]


def fill(template: str, properties: Mapping[str, Any]) -> str:
    """Put properties into `{name}` slots; `{name:title}` changes the case. A missing property leaves nothing."""

    def put(slot: re.Match[str]) -> str:
        value = properties.get(slot[1])
        text = "" if value is None else str(value)
        return str(getattr(text, slot[2])()) if slot[2] else text

    return _SLOT.sub(put, template).strip()


def filled(names: Mapping[str, str] | str, properties: Mapping[str, Any]) -> dict[str, str]:
    """Give names in several languages from templates; a bare text is English."""
    given = {"en": names} if isinstance(names, str) else names
    return {lang: text for lang, template in given.items() if (text := fill(template, properties))}
