"""What every page knows of the city: its name, and the banner where not everything is in earnest."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from cityloop.doors.web.show import myself, waiting
from cityloop.doors.web.show.names import words
from cityloop.doors.web.show.times import in_full
from cityloop.town.calendar.clock import ClockFace, city_clock
from cityloop.town.components import rights
from cityloop.town.orgs import authority
from cityloop.town.orgs.roles import MAY_ENTER, MAY_FIND
from cityloop.town.units import queries as units


def city(request: HttpRequest) -> dict[str, Any]:
    """Give `city_name`, `has_city` and `banner`. No query within a second of the last."""
    if not units.has_city():
        return {"has_city": False}
    here = units.city()
    kind = "fiction" if here.fictional else here.kind
    return {"has_city": True, "city_name": words(here.names), "banner": banner(kind, city_clock.face())}


def desk(request: HttpRequest) -> dict[str, Any]:
    """Give for desk pages who is there and what that post takes part in, with `inbox_count` and `notices_count`.

    At most one query after the page's own, once in ten seconds.
    """
    user = getattr(request, "user", None)  # nobody asked yet who it is where the address alone was refused
    if user is None or not request.path.startswith("/desk/") or not user.is_authenticated:
        return {}
    scope = authority.signed_in(user, city_clock.now())
    called = myself.post(scope)
    mine = {"my_letters": myself.letters(user.get_username(), called), "my_post": called}
    if not scope.sees_anything():
        return {
            **mine,
            "may_enter": False,
            "may_find": False,
            "sees_cases": False,
            "reads_register": rights.may_read(scope),
        }
    rows, new = waiting.counts(request, scope)
    return {
        **mine,
        "may_enter": scope.has_role(*(set(MAY_ENTER) - set(MAY_FIND))),
        "may_find": scope.has_role(*MAY_FIND),
        "sees_cases": True,
        "inbox_count": waiting.shown(rows),
        "notices_count": waiting.shown(new),
    }


def banner(kind: str, face: ClockFace) -> dict[str, str] | None:
    """Say that this is a replay, an invention or an exercise, what time it is in it, and how quickly time runs."""
    first = {
        "replay": _("Replay of real records; nothing here reaches the authorities."),
        "fiction": _("An invented town with invented reports; nothing here reaches anybody."),
        "exercise": _("An exercise: nothing here is in earnest."),
    }.get(kind)
    if first is None:
        return None
    return {"kind": kind, "words": first, "time": in_full(face.now), "pace": pace(face)}


def pace(face: ClockFace) -> str:
    """Say how quickly the city's time runs."""
    if face.used_up:
        return _("The recorded time is used up; it now runs at its usual speed.")
    if not face.driven or face.speed == 1:
        return ""
    return _("Time runs {speed} × as fast.").format(speed=f"{face.speed:g}")
