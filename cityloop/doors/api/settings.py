"""Who may read and who may change how the city is set up, and holding a change against the version it was made on."""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_noop

from cityloop.doors.api.answers import encode
from cityloop.doors.api.door import scope_of
from cityloop.doors.api.openapi import tag_of
from cityloop.doors.api.problems import Moved
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.town.columns import rfc3339
from cityloop.town.ledger.queries import latest
from cityloop.town.units import queries as units

MOVED = gettext_noop("Somebody changed it meanwhile; read it again.")
MOST = 5
_TAG = re.compile(r'(?:W/)?"([^"]*)"')


def reader(request: HttpRequest) -> None:
    """Refuse who holds no post: the others may all read how the city is set up."""
    if not scope_of(request).grants:
        raise Refusal("authority.denied", "Only who holds a post may read the settings.")


def setter(request: HttpRequest) -> Actor:
    """Give the post in which settings are changed: the city engineer's of the whole city."""
    actor = scope_of(request).setter()
    if actor is None:
        raise Refusal("authority.denied", "Only the city engineer of the whole city may change the settings.")
    return actor


def version_of(told: Any) -> str:
    """Name a version by what is told of it."""
    return tag_of(encode(told))


def named_tags(request: HttpRequest) -> list[str]:
    """Give the tags that `If-Match` names (RFC 9110); none where any will do.

    A weak one is taken for the strong one it was: proxies that compress answers weaken ours.
    """
    text = request.META.get("HTTP_IF_MATCH", "").strip()
    if text in ("", "*"):
        return []
    return _TAG.findall(text) or [text.strip('"')]


def named_tag(request: HttpRequest, now: Callable[[], str]) -> str:
    """Give the tag that `If-Match` names; "" where any will do. Of several the one that is in force, else the first."""
    named = named_tags(request)
    if len(named) > 1 and (present := now()) in named:
        return present
    return named[0] if named else ""


def matched(request: HttpRequest, tag: str, *subjects: str) -> None:
    """Refuse a change that was made on another version than the present one."""
    if named_tag(request, lambda: tag) not in ("", tag):
        raise moved(tag, *subjects)


def moved(tag: str, *subjects: str, since: int = 0) -> Moved:
    """Say that another version is in force, which one, and what was done to these subjects last.

    Where it is known which published version the sender read, only what came after is told. One query.
    """
    return Moved("api.match", MOVED, "If-Match", tag=tag, changes=list(_changes(subjects, since)))


def _changes(subjects: Iterable[str], since: int) -> Iterable[dict[str, Any]]:
    for step in latest(subjects, MOST):
        data = json.loads(step.data)
        if data.get("number", since + 1) > since:
            yield {"kind": step.kind, "what": step.what, "at": rfc3339(step.at), "role": step.role, "data": data}


def unit_code(code: str) -> str:
    """Give the code of a unit; "" stands for the whole city."""
    return units.unit_of(code, "unit").code if code else ""
