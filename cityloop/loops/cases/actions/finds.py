"""In which post somebody reports a find of their own: one that covers the place."""

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.loops.cases.actions.intake import Report, beyond, locate
from cityloop.town.orgs.authority import Scope
from cityloop.town.orgs.roles import MAY_FIND


def finder(*, report: Report, scope: Scope) -> Actor:
    """Give the post of a scope that covers the place of a find; refuse where none does. No query of its own."""
    posts = [actor for actor in scope.actors() if actor.role in MAY_FIND]
    if not posts:
        raise Refusal("authority.denied", "None of your posts reports finds of its own.")
    unit = locate(report).unit
    covering = next((post for post in posts if scope.may(post, unit)), None)
    if covering is None:
        raise beyond()
    return covering
