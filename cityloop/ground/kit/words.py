"""Words in several languages, as data."""

import re
from collections.abc import Mapping

_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def say(words: Mapping[str, str] | str | None, lang: str = "en") -> str:
    """Give the words in `lang`, else in English, else in whatever language there is, else ''."""
    if not words:
        return ""
    if isinstance(words, str):
        return words
    return words.get(lang) or words.get("en") or next(iter(words.values()), "")


def clean(text: str) -> str:
    """Drop what text from outside may hide: control characters, bidirectional controls, broken surrogates.

    Line breaks and tabs stay. PostgreSQL refuses NUL, and a bidirectional override can make a page read
    otherwise than it is.
    """
    return _HIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
