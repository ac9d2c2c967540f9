"""Who may do what with components. A scope is asked for its grants only: it comes from a room above."""

from typing import Any

from cityloop.ground.loop.actor import Actor

# Whose posts see no case, but the register: in their units, up to their level.
READERS = ("data_steward", "city_engineer")
# Who stands before a thing, or answers for it, or for the register.
KEEPERS = ("inspector", "dispatcher", "department_officer", "crew", "data_steward")
PLACERS = ("inspector", "dispatcher", "department_officer")  # who puts new things into the register


def may_read(scope: Any) -> bool:
    """Tell whether somebody reads the register at the desk: whose posts see something, and who looks after it."""
    return bool(scope.sees_anything() or scope.has_role(*READERS))


def keeper(scope: Any, one: Any) -> Actor | None:
    """Give the post in which somebody says how a component is: of its area, or of who answers for it."""
    answering = {one.responsible, one.owner, one.maintainer} - {0}
    return _acting(scope, KEEPERS, one.unit_code, one.level, lambda grant: grant.org in answering)


def placer(scope: Any, unit_code: str, level: int, answering: int) -> Actor | None:
    """Give the post in which somebody adds a component there: of the area, or of who will answer for it."""
    return _acting(scope, PLACERS, unit_code, level, lambda grant: grant.org == answering)


def may_place(scope: Any) -> bool:
    """Tell whether somebody may add components anywhere at all."""
    return scope.has_role(*PLACERS) or scope.setter() is not None


def assigner(scope: Any, one: Any) -> Actor | None:
    """Give the post in which somebody says whose a component is: who dispatches there, or sets the city up."""
    return _acting(scope, ("dispatcher",), one.unit_code, one.level, lambda grant: False)


def _acting(scope: Any, roles: tuple[str, ...], unit_code: str, level: int, mine: Any) -> Actor | None:
    posts = {
        grant.post
        for grant in scope.grants
        if grant.role in roles and grant.covers(unit_code, level) and (_whole(grant) or mine(grant))
    }
    found: Actor | None = next((actor for actor in scope.actors() if actor.post in posts), scope.setter())
    return found


def _whole(grant: Any) -> bool:
    """Tell whether a post has to do with everything in its units, not with what is its organisation's alone."""
    return bool(grant.sees == "area" or grant.role in READERS)
