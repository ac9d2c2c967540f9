"""What of a typed address is the street, and what would tell the house."""

import re
import unicodedata

_PARTS = re.compile(r"[,;、\n()]+")
_WITHIN = re.compile(r"^(?:flat|apt|apartment|unit|suite|ste|room|rm|floor|block|wohnung)\b", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]{2}")
_ORDINAL = r"\d+(?:st|nd|rd|th)\b"  # `5th Avenue`: never a house
_NUMBER = re.compile(rf"^(?:(?:no|nr)\b\.?|#)?\s*(?!{_ORDINAL})\d\S*\s+", re.IGNORECASE)  # `12 `, `37-57 `, `12A/3 `
# After the number of a house a street may have a number for its name: `37-57 88 STREET`, `100 E 42 ST`.
_SIDE = r"(?:(?:[nsew]|north|south|east|west)\s+)?"
_NUMBERED = re.compile(rf"^{_SIDE}\d+\s+(?:street|st|avenue|ave|road|rd)\b", re.IGNORECASE)
# From here on the house is told. Numerals name houses, but streets as well: `一号路`.
_NUMERAL = "[〇零一二三四五六七八九十百千两]+[号號弄](?![路街线])"
_HOUSE = re.compile(rf"(?:{_NUMERAL}|(?:\b(?:no|nr)\b\.?|#)?\s*(?!{_ORDINAL})(?<!\d)\d).*$", re.IGNORECASE)


def street_of(address: str) -> str:
    """Give the street of an address: `Hill Road` of `12 Hill Road`, `Flat 3, 12 Hill Road`, `Hill Road 12`.

    Nothing where it cannot be told which part is the street: rather nothing than a house.
    """
    parts = [part.strip() for part in _PARTS.split(unicodedata.normalize("NFKC", address))]
    streets = [part for part in parts if _LETTERS.search(part) and not _WITHIN.match(part)]
    if len(streets) > 1:
        streets = [part for part in streets if _NUMBER.match(part)][:1]
    street = _without_house(streets[0]) if streets else ""
    return street if _LETTERS.search(street) else ""


def _without_house(part: str) -> str:
    house = _NUMBER.match(part)
    rest = part[house.end() :] if house else part
    named = _NUMBERED.match(rest) if house else None
    kept = named.group() if named else ""
    return (kept + _HOUSE.sub("", rest[len(kept) :])).strip(" .-#/")
