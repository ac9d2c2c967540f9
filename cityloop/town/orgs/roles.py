"""The roles a post may have, the track each stands on, and what it sees."""

from typing import Literal, NamedTuple

from cityloop.ground.kit.refusal import Refusal

Track = Literal["supervision", "command", "centre", "outside", "system"]
Sees = Literal["area", "organisation", "nothing"]


# Who may ask who reported; a search by phone or e-mail is such a question, and is recorded as one.
MAY_LOOK = ("intake_officer", "shift_leader", "inspector", "dispatcher", "department_officer", "crew")
# Who enters reports taken by phone, at the counter or by letter.
MAY_ENTER = ("intake_officer", "inspector")
# Who reports what they found themselves, within the units of the post.
MAY_FIND = ("inspector",)

# Who sets the city up, where the post is for the whole of it.
SETS_UP = "city_engineer"
# Who is told which personal data was looked at, by whom and what for, where the post is for the whole city.
WATCHES = "security_officer"


class Role(NamedTuple):
    """`sees`: all cases of its area, only those its organisation takes part in, or none at all."""

    name: str
    track: Track
    sees: Sees


ROLES: dict[str, Role] = {
    role.name: role
    for role in (
        Role("intake_officer", "supervision", "area"),
        Role("shift_leader", "supervision", "area"),
        Role("inspector", "supervision", "area"),
        Role("assessor", "supervision", "area"),
        Role("dispatcher", "command", "area"),
        Role("department_officer", "command", "organisation"),
        Role("crew", "command", "organisation"),
        Role("duty_commander", "centre", "area"),
        Role("leader", "centre", "area"),
        Role("public_group", "outside", "organisation"),
        Role("integrator", "system", "nothing"),
        Role("data_steward", "system", "nothing"),
        Role("security_officer", "system", "nothing"),
        Role("city_engineer", "system", "nothing"),
    )
}


def known_role(role: str) -> str:
    """Give back a role that there is; refuse any other, naming those that are."""
    if role not in ROLES:
        raise Refusal("orgs.role.unknown", "Choose one of these roles: {roles}.", "role", roles=", ".join(ROLES))
    return role
