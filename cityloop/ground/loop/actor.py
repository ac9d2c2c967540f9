"""Who acts: a person in a post, a reporter, a rule, the clock, or a source of imported history."""

from typing import Literal

import msgspec

Kind = Literal["person", "reporter", "rule", "clock", "source"]


class Actor(msgspec.Struct, frozen=True):
    """One who takes a step.

    `role` names a role of the loop definition (it decides the track); `person`, `post` and `org` are ids,
    0 where there is none; `org_path` is the organisation's path of ids such as `/3/17/` (`""` for the city
    itself, which the separation of organisations excepts); `name` names a rule or a source.
    """

    kind: Kind
    role: str
    person: int = 0
    post: int = 0
    org: int = 0
    org_path: str = ""
    name: str = ""


def belongs(actor: Actor, org: int, org_path: str) -> bool:
    """Tell whether the actor stands in this organisation or in one below it."""
    return actor.org == org or bool(org_path) and actor.org_path.startswith(org_path)


CLOCK = Actor(kind="clock", role="clock", name="clock")
