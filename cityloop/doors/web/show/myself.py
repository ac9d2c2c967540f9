"""Who is signed in, in few letters and as their post is called: at the corner of every desk page."""

from django.utils.translation import gettext as _

from cityloop.doors.web.show import names
from cityloop.doors.web.show.times import language
from cityloop.loops.cases.loop import present
from cityloop.loops.cases.search.terms import is_han
from cityloop.town.orgs.authority import Scope


def post(scope: Scope) -> str:
    """Name the first post of whoever looks, "" where they hold none."""
    return role(scope.grants[0].role) if scope.grants else ""


def role(name: str) -> str:
    """Name a role: as the loop calls it, or, of those that stand in no loop, here."""
    own = {
        "integrator": _("Integrator"), "data_steward": _("Data steward"), "security_officer": _("Security officer"),
        "city_engineer": _("City engineer"),
    }  # fmt: skip
    return own.get(name) or names.role(present(), name)


def letters(username: str, called: str) -> str:
    """Give two letters: the end of a Chinese name, as Chinese readers shorten it; else the head of what is there.

    On a Chinese page a user name in Latin letters says nothing: the post does, by the words it begins with.
    """
    if username and is_han(username[-1:]):
        return username[-2:]
    if language().startswith("zh") and called and is_han(called[:1]):
        return called[:2]
    return username[:2].upper()
