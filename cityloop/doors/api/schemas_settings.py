"""Shapes of how the city is set up: catalogue, organisations, posts, people, calendars, units, loops."""

from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field, StrictBool

from cityloop.doors.api.schemas import MatterOut, Names, OrganisationOut
from cityloop.doors.api.schemas_in import In, Text

Lang = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[a-z0-9]{2,8})*$")]
Said = Annotated[dict[Lang, Annotated[Text, Field(max_length=120)]], Field(min_length=1, max_length=20)]
Told = dict[Lang, Annotated[Text, Field(max_length=2000)]]
Key = Annotated[Text, Field(min_length=1, max_length=60)]
Code = Annotated[Text, Field(max_length=32)]
Level = Annotated[int, Field(ge=0, le=3, strict=True)]
Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Clock = Annotated[str, Field(pattern=r"^[0-2][0-9]:[0-5][0-9]$")]
Shift = Annotated[list[Clock], Field(min_length=2, max_length=2)]


# --- catalogue


class StepIn(In):
    """A milestone: what is reached, within which limit."""

    name: Told
    limit: str = Field(max_length=20, examples=["5 wd"])


class MatterIn(In):
    """What is changed of a matter; what is left out stays. `milestones` take the place of all there are."""

    names: Said | None = None
    filing: Told | None = None
    closing: Told | None = None
    milestones: Annotated[list[StepIn], Field(min_length=1, max_length=20)] | None = None
    urgent: StrictBool | None = None
    level: Level | None = None
    public_place: Literal["exact", "street", "unit", "none"] | None = None


class LineIn(In):
    """A line of the city's own: who leads and assists for a matter in a unit; "" is the whole city."""

    unit: Code = ""
    lead: Key
    assisting: list[Key] = Field([], max_length=20)


class LineOut(Schema):
    """A line of responsibility that speaks of a matter; `own` where it is the city's, not its plate's."""

    matter: str
    unit: str
    lead: str
    assisting: list[str]
    own: bool


class LimitOut(Schema):
    """A milestone of a matter with its limit."""

    names: Names
    limit: str


class MatterFullOut(MatterOut):
    """A matter whole, with the version of the catalogue it stands in; its `ETag` is that version's digest."""

    catalogue: str
    version: int
    filing: Names
    closing: Names
    milestones: list[LimitOut]
    stages: list[str]
    level: int
    public_place: str
    lines: list[LineOut]


class VersionOut(Schema):
    """A published version of the catalogue."""

    number: int
    digest: str
    published: str


class VersionsOut(Schema):
    items: list[VersionOut]


# --- plates


class PlateIn(In):
    """Whether a plate is on; `renew`: it is on, and what is new in its folder is taken over."""

    on: StrictBool
    renew: StrictBool = False


class PlateOut(Schema):
    """A plate: `version` is the one that is on, `installed` the one in its folder; "" where there is none.

    `counts` says how many of each part it has.
    """

    key: str
    names: Names
    about: Names
    on: bool
    version: str
    installed: str
    counts: dict[str, int]


class PlatesOut(Schema):
    items: list[PlateOut]


class AdditionOut(Schema):
    """What switching a plate on adds: matters, and organisations by whether their key is there already."""

    matters: int
    organisations_new: list[str]
    organisations_there: list[str]


class PlateFullOut(PlateOut):
    """A plate whole; `manifest` is as its schema says, with matters and lines as this city published them.

    `broken` says why its folder cannot be read; `newer` is what taking over its folder would change, part by part;
    the `ETag` is the digest of the catalogue.
    """

    catalogue: str
    broken: str
    stories: int
    adds: AdditionOut | None
    newer: list[dict[str, Any]]
    manifest: dict[str, Any] | None


# --- organisations, posts, people


class OrganisationIn(In):
    """A new organisation under another; without `parent` under the city itself."""

    key: Text = Field(min_length=1, max_length=60, examples=["parks"])
    names: Said
    kind: Literal["government", "enterprise", "social", "media", "public_group"] = "government"
    parent: Key | None = None


class OrganisationChangeIn(In):
    """What is changed of an organisation; what is left out stays."""

    names: Said | None = None
    parent: Key | None = None
    active: StrictBool | None = None


class PostIn(In):
    """A new post: a role for a unit ("" is the whole city), up to a level of confidentiality."""

    role: Key
    unit: Code = ""
    level: Level = 0


class SeatOut(Schema):
    """A post with one who holds it; `holding` is 0 where nobody does."""

    post: int
    role: str
    unit: str
    level: int
    holding: int
    username: str


class OrganisationFullOut(OrganisationOut):
    """An organisation with its open posts."""

    posts: list[SeatOut]


class HeldOut(Schema):
    """A post that an account holds."""

    holding: int
    post: int
    role: str
    organisation: str
    unit: str
    level: int


class PersonOut(Schema):
    """An account with the posts it holds now. Nothing personal is in it."""

    username: str
    active: bool
    holds: list[HeldOut]


class PeoplePage(Schema):
    items: list[PersonOut]
    next: str | None


class LookOut(Schema):
    """Somebody saw personal data in the clear, or looked for a person by it."""

    at: str
    username: str
    role: str
    purpose: str
    person: int


class LooksPage(Schema):
    items: list[LookOut]
    next: str | None


class PersonIn(In):
    """A new account. Its password is made here and told once."""

    username: Text = Field(min_length=1, max_length=150, examples=["m.lee"])
    name: Text = Field("", max_length=100)


class PersonNewOut(Schema):
    """An account with a new password: it is shown only now, and good for one sign-in, at which its owner chooses."""

    username: str
    password: str


class HoldingIn(In):
    """Who shall hold which post; a post that is not there yet is made."""

    username: Text = Field(min_length=1, max_length=150)
    organisation: Key
    role: Key
    unit: Code = ""
    level: Level = 0


# --- calendars, units, loops


class CalendarIn(In):
    """A calendar: seven lists of shifts, Monday first; `workdays` are worked like a weekday (0 Monday) or as usual."""

    names: Said | None = None
    zone: Text = Field(min_length=1, max_length=60, examples=["America/New_York"])
    shifts: list[Annotated[list[Shift], Field(max_length=10)]] = Field(min_length=7, max_length=7)
    day_minutes: int = Field(480, ge=1, le=1440, strict=True)
    country: Annotated[str, Field(pattern=r"^[A-Z]{0,3}$")] = ""
    subdivision: Annotated[str, Field(pattern=r"^[A-Z0-9]{0,10}$")] = ""
    holidays: list[Day] = Field([], max_length=2000)
    workdays: dict[Day, Annotated[int, Field(ge=0, le=6, strict=True)] | None] = Field({}, max_length=2000)


class CalendarOut(Schema):
    """A calendar as kept."""

    key: str
    names: Names
    zone: str
    shifts: list[list[list[str]]]
    day_minutes: int
    country: str
    subdivision: str
    holidays: list[str]
    workdays: dict[str, int | None]


class CalendarsOut(Schema):
    items: list[CalendarOut]


class UnitIn(In):
    """Other names for a unit; it is found by the old ones too."""

    names: Said


class StateOut(Schema):
    """A state of a loop: whose it is, how long it may last."""

    key: str
    names: Names
    track: str
    holder: str
    clock: str
    end: bool


class EdgeOut(Schema):
    """A way from one state to another."""

    action: str
    names: Names
    source: str
    target: str
    by: list[str]


class FindingOut(Schema):
    """What the verifier finds."""

    code: str
    where: str
    message: str


class LoopOut(Schema):
    """A loop as it is defined here, with what its verifier finds: nothing, where it is sound."""

    key: str
    names: Names
    profile: str
    digest: str
    states: list[StateOut]
    ways: list[EdgeOut]
    findings: list[FindingOut]
