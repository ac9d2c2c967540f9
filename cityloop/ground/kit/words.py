"""Words in several languages, as data."""

from collections.abc import Mapping


def say(words: Mapping[str, str] | str | None, lang: str = "en") -> str:
    """Give the words in `lang`, else in English, else in whatever language there is, else ''."""
    if not words:
        return ""
    if isinstance(words, str):
        return words
    return words.get(lang) or words.get("en") or next(iter(words.values()), "")
