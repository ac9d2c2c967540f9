"""Reading a post: form, multipart or JSON, as texts by name. Nothing is believed, nothing is fetched."""

import json
import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

from cityloop.doors.open311.door import jurisdiction
from cityloop.doors.open311.errors import large
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean

MOST_BYTES = 64 * 1024 * 1024
MOST_FILES = 10
LONGEST_VALUE = 5000
_ATTRIBUTE = re.compile(r"attributes?\[([^\]\[]{1,60})\](\[\d{0,3}\])?")


class Posted:
    """What was sent: single values by name, answers by attribute code, files."""

    def __init__(self, values: Mapping[str, str], attributes: Mapping[str, list[str]], files: list[Any]) -> None:
        self.values, self.attributes, self.files = values, attributes, files

    def text(self, name: str, most: int = LONGEST_VALUE) -> str:
        """Give a value without white space around it, '' where there is none; refuse one that is too long."""
        text = self.values.get(name, "").strip()
        if len(text) > most:
            raise Refusal("open311.long", "Give at most {most} characters.", name, most=most)
        return text


def posted(request: HttpRequest) -> Posted:
    """Read a post whole; refuse one that is too large or cannot be read."""
    length = request.headers.get("Content-Length", "0")
    if length.isdigit() and (len(length) > 12 or int(length) > MOST_BYTES):
        raise large()
    try:
        found = _from_json(request) if _is_json(request) else _from_form(request)
    except RequestDataTooBig:
        _drain(request)
        raise
    jurisdiction(found.text("jurisdiction_id"))
    if len(found.files) > MOST_FILES:
        raise Refusal("cases.photos.many", "Send at most 10 photos.", field="photos")
    return found


def _drain(request: HttpRequest) -> None:
    """Take in what is still being sent: who is cut off in the middle of sending never hears why."""
    while request.read(1 << 16):
        pass


def _is_json(request: HttpRequest) -> bool:
    kind = request.content_type or ""
    return kind == "application/json" or kind.endswith("+json")


def _from_form(request: HttpRequest) -> Posted:
    if request.content_type not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        raise Refusal("open311.type", "Send a form (urlencoded or multipart) or application/json.", "Content-Type")
    values: dict[str, str] = {}
    attributes: dict[str, list[str]] = {}
    for name, texts in request.POST.lists():
        found = _ATTRIBUTE.fullmatch(name)
        if found:
            attributes.setdefault(clean(found[1]), []).extend(clean(str(text)) for text in texts)
        elif name == "media_url":
            values[name] = "\n".join(clean(str(text)) for text in texts if text)
        else:
            values[name] = clean(str(texts[-1])) if texts else ""
    files: list[Any] = [file for many in request.FILES.lists() for file in many[1] if file]
    return Posted(values, attributes, files)


def _from_json(request: HttpRequest) -> Posted:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise Refusal("open311.json", "This is not JSON.", "body") from error
    if not isinstance(body, dict):
        raise Refusal("open311.json.object", "Send one JSON object.", "body")
    values: dict[str, str] = {}
    attributes: dict[str, list[str]] = {}
    for name, value in body.items():
        found = _ATTRIBUTE.fullmatch(name)
        if name in ("attribute", "attributes"):
            attributes |= _table(name, value)
        elif found:
            attributes.setdefault(clean(found[1]), []).extend(_texts(name, value))
        else:
            values[name] = "\n".join(_texts(name, value)) if name == "media_url" else _text(name, value)
    return Posted(values, attributes, [])


def _table(name: str, value: Any) -> dict[str, list[str]]:
    """Read answers given as `{code: value}`, or as `[{"code": …, "value": …}]`."""
    if isinstance(value, list):
        if not all(isinstance(one, dict) and isinstance(one.get("code"), str | int) for one in value):
            raise _wrong(name)  # an answer that names no question would be lost unseen
        value = {str(one["code"]): one.get("value") for one in value}
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong(name)
    return {clean(code)[:60]: _texts(f"attribute[{clean(code)[:60]}]", one) for code, one in value.items()}


def _texts(name: str, value: Any) -> list[str]:
    return [_text(name, one) for one in (value if isinstance(value, list) else [value])]


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not abs(value) < 1e300:
        raise _wrong(name)
    if isinstance(value, int) and abs(value) > 2**63:
        raise _wrong(name)
    if not isinstance(value, str | int | float):
        raise _wrong(name)
    return clean(str(value))


def _wrong(name: str) -> Refusal:
    name = clean(name)[:80]
    return Refusal("cases.field.type", "{name} has a wrong type.", field=name, name=name)
