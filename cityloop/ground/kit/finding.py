"""Find matters by words: what staff type to search, and what a reporter wrote in sentences of their own."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Protocol, TypeVar


class Findable(Protocol):
    """What is known of a matter that can be found."""

    @property
    def code(self) -> str: ...
    @property
    def names(self) -> Mapping[str, str]: ...
    @property
    def class_names(self) -> Mapping[str, str] | None: ...
    @property
    def keywords(self) -> Mapping[str, tuple[str, ...]]: ...


F = TypeVar("F", bound=Findable)


def search(matters: Iterable[F], words: str, lang: str = "en", limit: int = 20) -> list[F]:
    """Find matters by code, name, class or keyword, the best first; every matter for no words."""
    wanted = words.casefold().split()
    return _best([(_found(matter, wanted, lang), matter) for matter in matters], limit)


def suggest(matters: Iterable[F], text: str, lang: str = "en", limit: int = 5) -> list[F]:
    """Propose matters for a free description by keywords and words in common, the best first."""
    folded, tokens = text.casefold(), _tokens(text)
    return _best([(_fits(matter, folded, tokens, lang), matter) for matter in matters], limit)


def _best(found: list[tuple[float, F]], limit: int) -> list[F]:
    scored = [(score, matter) for score, matter in found if score]
    return [matter for _score, matter in sorted(scored, key=lambda one: (-one[0], one[1].code))[:limit]]


def _found(matter: Findable, wanted: list[str], lang: str) -> float:
    """Every word must stand in the code, a name or a keyword; one at the start of the name counts more."""
    name = matter.names.get(lang, "").casefold()
    classes = (matter.class_names or {}).values()
    whole = " ".join([name, matter.code, *matter.names.values(), *classes, *_keywords(matter)])
    if not all(word in whole.casefold() for word in wanted):
        return 0
    return 1 + sum(2 if name.startswith(word) else word in name for word in wanted)


def _fits(matter: Findable, text: str, tokens: set[str], lang: str) -> float:
    keywords = sum(1 + len(word) for word in matter.keywords.get(lang, ()) if _holds(text, word.casefold()))
    return 2 * keywords + len(tokens & _kept(matter.names.get(lang, "")))


def _holds(text: str, keyword: str) -> bool:
    """A keyword in Latin letters must stand as a word or begin one; one in Chinese may stand anywhere."""
    if keyword not in text:
        return False
    return not keyword.isascii() or re.search(rf"\b{re.escape(keyword)}", text) is not None


def _keywords(matter: Findable) -> list[str]:
    return [word for words in matter.keywords.values() for word in words]


_WORD = re.compile(r"[a-z]{3,}|[\u3400-\u9fff]+")


def _tokens(text: str) -> set[str]:
    """Give the words of three letters and more, and pairs of neighbouring Chinese characters."""
    tokens: set[str] = set()
    for word in _WORD.findall(text.casefold()):
        tokens |= {word} if word.isascii() else {word[i : i + 2] for i in range(len(word) - 1)}
    return tokens - _COMMON


_kept = lru_cache(maxsize=8192)(_tokens)  # names of matters, which are asked again and again

_COMMON = {"the", "and", "for", "with", "that", "this", "there", "has", "not", "are", "was"}
