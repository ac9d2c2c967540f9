"""Answers in JSON and XML, with just the content types of the specification."""

import re
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

import msgspec
from django.http import HttpRequest, HttpResponse

PAGES = {"html": "text/html; charset=utf-8", "rss": "application/rss+xml; charset=utf-8"}  # by extension alone
TYPES = {"json": "application/json; charset=utf-8", "xml": "text/xml; charset=utf-8"}
# What one element of each list is called in XML; in JSON a list has no names for its elements.
ELEMENTS = {
    "services": "service", "attributes": "attribute", "values": "value", "service_requests": "request",
    "service_request_updates": "request_update", "errors": "error", "endpoints": "endpoint", "formats": "format",
    "media": "media_url",
}  # fmt: skip
# Characters that no XML 1.0 document can hold, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Said:
    """An answer before it has a form: the name of its root, its value, and headers that go with it."""

    root: str
    value: Any
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200


def chosen(request: HttpRequest, extension: str | None) -> str:
    """Give the form asked for: by extension, else by `Accept`; XML, which every client knows, where neither says."""
    if extension in TYPES or extension in PAGES:
        return str(extension)
    for name in ("json", "xml"):
        kind = TYPES[name].partition(";")[0]
        if kind in request.headers.get("Accept", ""):
            return name
    return "xml"


def rendered(said: Said, form: str) -> HttpResponse:
    """Write an answer in its form."""
    body = msgspec.json.encode(said.value) if form == "json" else document(said.root, said.value)
    answer = HttpResponse(body, status=said.status, content_type=TYPES[form], headers=said.headers)
    answer["Access-Control-Allow-Origin"] = "*"  # open to programs in any page; nothing here rests on cookies
    answer.setdefault("Vary", "Accept, Accept-Language")
    return answer


def document(root: str, value: Any) -> bytes:
    """Give a whole XML document."""
    return ('<?xml version="1.0" encoding="utf-8"?>\n' + _element(root, value)).encode()


def _element(name: str, value: Any) -> str:
    inner = _inner(name, value)
    return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"


def _inner(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return "".join(_element(key, part) for key, part in value.items())
    if isinstance(value, list | tuple):
        return "".join(_element(ELEMENTS[name], part) for part in value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(allowed(str(value)))


def allowed(text: str) -> str:
    """Give a text without what no document of XML can hold."""
    return _FORBIDDEN.sub("", text)
