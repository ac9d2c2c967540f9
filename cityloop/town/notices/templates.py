"""The words of notices, read once from `words.toml`."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean, say

Table = dict[str, dict[str, dict[str, str]]]


TAIL = "tail"  # the lines at the end of a mail: no kind of its own


class Said(NamedTuple):
    """A notice in words."""

    title: str
    body: str


class _Blanks(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


@cache
def table() -> Table:
    """Give all words: kind → language → title, body."""
    return tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))


def check_kind(kind: str) -> None:
    """Refuse a kind that has no words."""
    if kind not in table() or kind == TAIL:
        raise Refusal("notices.kind.unknown", "There are no words for the notice {kind}.", "kind", kind=kind)


def render(kind: str, language: str, params: Mapping[str, Any]) -> Said:
    """Say a notice in a language. A param may itself be words in several languages; one not given is "…"."""
    spoken = table()[kind]
    words = spoken.get(language) or spoken["en"]
    said = {key: say(value, language) if isinstance(value, Mapping) else str(value) for key, value in params.items()}
    blanks = _Blanks({key: clean(text) for key, text in said.items()})
    title = words["title"].format_map(blanks).replace("\n", " ").replace("\t", " ")
    return Said(title, words["body"].format_map(blanks))


def mail(kind: str, language: str, params: Mapping[str, Any], links: Mapping[str, str]) -> Said:
    """Say a notice as a mail: the words, then on lines of their own where to look and how to be told no more."""
    said, tail = render(kind, language, params), table()[TAIL].get(language) or table()[TAIL]["en"]
    lines = [tail[part].format_map(links) for part, link in (("title", "link"), ("body", "stop")) if links.get(link)]
    return Said(said.title, "\n\n".join([said.body, *lines]) + "\n")
