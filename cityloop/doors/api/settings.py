"""Who may read and who may change how the city is set up, and holding a change against the version it was made on."""

from django.http import HttpRequest

from cityloop.doors.api.door import scope_of
from cityloop.doors.api.problems import Moved
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.town.units import queries as units

MOVED = "Somebody changed it meanwhile; read it again."


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


def named_tag(request: HttpRequest) -> str:
    """Give the tag that `If-Match` names; "" where any will do."""
    tag = request.META.get("HTTP_IF_MATCH", "").strip().removeprefix("W/").strip('"')
    return "" if tag == "*" else tag


def matched(request: HttpRequest, tag: str) -> None:
    """Refuse a change that was made on another version than the present one."""
    if named_tag(request) not in ("", tag):
        raise Moved("api.match", MOVED, "If-Match")


def unit_code(code: str) -> str:
    """Give the code of a unit; "" stands for the whole city."""
    return units.unit_of(code, "unit").code if code else ""
