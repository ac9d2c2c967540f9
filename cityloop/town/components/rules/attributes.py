"""Attributes of components: each of the type declared, none unknown, none missing that must be there."""

import math
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.things import Attribute
from cityloop.ground.kit.words import clean

LONGEST = 400
LARGEST = 2**53
YES, NO = frozenset({"true", "1", "yes", "y", "是", "有"}), frozenset({"false", "0", "no", "n", "否", "无"})
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?!\d)")
Known = Mapping[str, Attribute]


def read(known: Known, given: Mapping[str, Any], *, whole: bool = True) -> dict[str, Any]:
    """Give attributes as they are kept; refuse the first that is wrong. `whole`: also what is needed and missing."""
    found: dict[str, Any] = {}
    for key, value in given.items():
        attribute = known.get(key)
        if attribute is None:
            raise Refusal("components.attribute.unknown", "This type has no attribute {key}.", key[:60], key=key[:60])
        kept = value_of(attribute, value)
        if kept is not None:
            found[key] = kept
    if whole:
        lacking = next((one.key for one in known.values() if one.required and one.key not in found), None)
        if lacking:
            raise Refusal("components.attribute.missing", "This is needed: {key}.", lacking, key=lacking)
    return found


def value_of(attribute: Attribute, value: Any) -> Any:
    """Give one value as it is kept; None for an empty one."""
    if value is None or value == "":
        return None
    if isinstance(value, dict | list):
        raise _wrong(attribute, "a plain value")
    if attribute.type == "text":
        text = clean(str(value)).strip()[:LONGEST]
        return text or None
    if attribute.type == "number":
        return _number(attribute, value)
    if attribute.type == "bool":
        return _bool(attribute, value)
    if attribute.type == "date":
        return day(value, attribute.key).isoformat()
    return _choice(attribute, str(value).strip())


def _number(attribute: Attribute, value: Any) -> int | float:
    try:
        number = float(str(value).strip()) if not isinstance(value, bool) else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or abs(number) > LARGEST:
        raise _wrong(attribute, "a number")
    return int(number) if number.is_integer() else number


def _bool(attribute: Attribute, value: Any) -> bool:
    word = str(value).strip().casefold()
    if word not in YES | NO:
        raise _wrong(attribute, "yes or no")
    return word in YES


def _choice(attribute: Attribute, text: str) -> str:
    if not any(choice.key == text for choice in attribute.choices):
        raise _wrong(attribute, ", ".join(choice.key for choice in attribute.choices))
    return text


def day(value: Any, field: str) -> date:
    """Read a day with the year first, as `2018-10-21`, `2018/10/21` or `2018年10月21日`; a time after it is dropped."""
    text = str(value).strip()
    try:
        parts = _DAY.match(text)
        return date(*map(int, parts.groups())) if parts else date.fromisoformat(text[:10])
    except ValueError:
        raise Refusal("components.day", "Give a date such as 2018-10-21.", field) from None


def _wrong(attribute: Attribute, wanted: str) -> Refusal:
    return Refusal(
        "components.attribute.value", "{key} must be: {wanted}.", attribute.key, key=attribute.key, wanted=wanted
    )
