"""Names of streets and parks as people write them, brought to one form: `W 42nd St`, `WEST 42 STREET`, 西42街."""

import re
import unicodedata

# What is written short, in the languages cities most often write in. Each stands for one word on both sides.
SHORT = {
    "st": "street", "str": "street", "ave": "avenue", "av": "avenue", "aven": "avenue", "blvd": "boulevard",
    "bvd": "boulevard", "rd": "road", "pl": "place", "dr": "drive", "ln": "lane", "ct": "court", "pkwy": "parkway",
    "pky": "parkway", "sq": "square", "ter": "terrace", "terr": "terrace", "hwy": "highway", "expy": "expressway",
    "expwy": "expressway", "cir": "circle", "brg": "bridge", "br": "bridge", "tpke": "turnpike", "plz": "plaza",
    "pk": "park", "pg": "playground", "ft": "fort", "mt": "mount", "n": "north", "s": "south", "e": "east", "w": "west",
    "strasse": "street", "rue": "street", "calle": "street", "via": "street",
}  # fmt: skip
COUNTED = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
    "twentieth",
)  # fmt: skip
ORDINALS = {word: str(n) for n, word in enumerate(COUNTED, 1)}
# Chinese words for kinds of streets and for directions, the longer first.
HAN = (
    ("大道", " avenue "), ("大街", " avenue "), ("街", " street "), ("路", " road "), ("公园", " park "),
    ("东", " east "), ("西", " west "), ("南", " south "), ("北", " north "), ("桥", " bridge "),
)  # fmt: skip
NUMERALS = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
# Words that alone name no place, and that a source may leave out ("42nd Street" for East and West 42nd).
DIRECTIONS = frozenset({"north", "south", "east", "west"})
KINDS = frozenset(
    {
        "street", "avenue", "boulevard", "road", "place", "drive", "lane", "court", "parkway", "square", "terrace",
        "highway", "expressway", "circle", "the", "of", "and",
    }
)  # fmt: skip
_WORD = re.compile(r"[^\W_]+")
_NTH = re.compile(r"(\d+)(?:st|nd|rd|th|º|ª)")
_NUMBERED = re.compile(r"第?([一二三四五六七八九十]+|\d+)(?=大道|大街|街|路)")
_HAN_RUN = re.compile("[\u3400-\u9fff]+")
_HOUSE = re.compile(r"^\s*(\d+[a-z]?(?:[-/]\d+[a-z]?)?)[\s,]+(?=\S)", re.I)
_HOUSE_AFTER = re.compile(r"(?:[\s,]+|(?<=[\u3400-\u9fff]))(\d+[a-z]?)\s*号?\s*$", re.I)
_BOTH = re.compile(r"\s+(?:and|at|corner of|und|y|et)\s+|\s*[&@/＆]\s*|[与和跟]", re.I)


def tokens(text: str) -> list[str]:
    """Give the words of a name in one form: `W. 42nd St` → west, 42, street; Han in pairs."""
    plain = _plain(_NUMBERED.sub(lambda found: f" {_number(found[1])} ", text))
    if _numbered(text):
        for word, meant in HAN:
            plain = plain.replace(word, meant)
    found = [part for word in _WORD.findall(plain) for part in _parts(word)]
    return [_one(word, first=not at) for at, word in enumerate(found)]


def _numbered(text: str) -> bool:
    return _NUMBERED.search(text) is not None


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(mark for mark in folded if not unicodedata.combining(mark)).replace("'", "").replace("’", "")


def _parts(word: str) -> list[str]:
    """Split Han from other letters; Han gives pairs, as in the search for cases."""
    parts, last = [], 0
    for run in _HAN_RUN.finditer(word):
        parts += [word[last : run.start()]] if run.start() > last else []
        han = run.group()
        parts += [han[i : i + 2] for i in range(len(han) - 1)] or [han]
        last = run.end()
    return [*parts, word[last:]] if last < len(word) else parts


def _one(word: str, *, first: bool) -> str:
    nth = _NTH.fullmatch(word)
    if nth or word.isdecimal():
        return (nth[1] if nth else word).lstrip("0") or "0"
    if first and word == "st":
        return "saint"
    if word.endswith("strasse") and word != "strasse":
        return word
    if word.endswith("str") and len(word) > 5:
        return word + "asse"
    return ORDINALS.get(word) or SHORT.get(word, word)


def _number(text: str) -> int | str:
    """Read a Chinese numeral below a hundred: 五 → 5, 四十二 → 42."""
    if text.isdecimal():
        return text
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return NUMERALS.get(text, text)
    return 10 * NUMERALS.get(tens, 1) + NUMERALS.get(ones, 0)


def sides(text: str) -> tuple[str, str] | None:
    """Give the two streets of a crossing as it was typed, None for what is none: `8 Av & W 12 St`."""
    parts = [part.strip(" ,") for part in _BOTH.split(text.replace("路口", "").replace("交叉口", ""))]
    return (parts[0], parts[1]) if len(parts) == 2 and all(parts) else None


def house(text: str) -> tuple[str, str]:
    """Give the number of a house and the rest, ("", text) where there is none: `366 W 12 St`, `长安街 10号`."""
    before = _HOUSE.match(text)
    if before:
        return before[1], text[before.end() :]
    after = _HOUSE_AFTER.search(text)
    return (after[1], text[: after.start()]) if after else ("", text)


def telling(words: list[str]) -> list[str]:
    """Give the words that tell places apart; all of them where none does."""
    return [word for word in words if word not in KINDS and word not in DIRECTIONS] or words
