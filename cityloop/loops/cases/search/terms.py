"""Text to terms: words of alphabets whole, Chinese and Japanese as pairs of characters.

The tokenisers built into the databases cut Chinese at spaces or miss words of two characters; pairs find them all.
"""

import re
import unicodedata

MOST_TERMS = 400
LONGEST = 40
_WORD = re.compile(r"[^\W_]+")
_HAN = re.compile("[\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")


def terms(text: str) -> list[str]:
    """Give the terms of a text in order, each once, at most 400: `Main St. 7 路灯坏` → main, st, 7, 路灯, 灯坏."""
    found: dict[str, None] = {}
    for word in _WORD.findall(plain(text)):
        for part in _parts(word):
            found.setdefault(part, None)
            if len(found) >= MOST_TERMS:
                return list(found)
    return list(found)


def plain(text: str) -> str:
    """Give a text without what does not tell words apart: width, case, accents."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(ch for ch in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(ch))


def is_han(term: str) -> bool:
    """Tell whether a term is of Chinese or Japanese characters."""
    return _HAN.fullmatch(term) is not None


def _parts(word: str) -> list[str]:
    parts, last = [], 0
    for run in _HAN.finditer(word):
        parts += [word[last : run.start()][:LONGEST]] if run.start() > last else []
        parts += _pairs(run.group())
        last = run.end()
    return [*parts, word[last:][:LONGEST]] if last < len(word) else parts


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]
