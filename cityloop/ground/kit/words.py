"""Words in several languages, as data."""

import json
import re
from collections.abc import Mapping

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,2}", re.ASCII)
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


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
    if text.isprintable():  # nothing of the sort is
        return text
    return _HIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def escaped(json_text: str) -> str:
    """Write what a text of JSON may hide as JSON's own escapes: what `clean` would drop is kept, and harms nobody."""
    return _HIDDEN.sub(lambda found: json.dumps(found[0])[1:-1], json_text)


def is_language(tag: str) -> bool:
    """Whether `tag` has the shape of a language tag (BCP 47) of at most 10 characters: `en`, `zh-hans`, `pt-BR`."""
    return len(tag) <= 10 and _LANGUAGE.fullmatch(tag) is not None


def natural(text: str) -> int | None:
    """Read a whole number from 0 to 2⁶³ - 1 in ASCII digits, as an address or a form gives it; None for all else.

    `str.isdigit` also takes "²" and digits of other scripts, and a database holds no greater number.
    """
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        return None
    number = int(text)
    return number if number < 2**63 else None


# Wide forms too, which spreadsheets in East Asia read as the narrow ones; and behind a semicolon, at which those of
# many countries part the line whatever stands in quotes.
_FORMULA = re.compile(r"(^|;)(?=[\s\ufeff]*[=+\-@＝＋－＠\t\r\n])")


def harmless(text: str) -> str:
    """Give a text for a table as CSV in which no spreadsheet finds a formula."""
    if text[:1].isalnum() and ";" not in text:  # as nearly all are
        return text
    return _FORMULA.sub(r"\1'", text)
