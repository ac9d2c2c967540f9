"""What comes out of the JSON door: the shapes its document shows."""

from typing import Any

from ninja import Schema
from pydantic import Field

Names = dict[str, str]


class CollectedOut(Schema):
    """The answer to a report: its number, the secret follow code, the signed promise."""

    number: str
    follow: str
    promise: dict[str, Any]


class CaseBrief(Schema):
    """A case as a row of a list. Instants are RFC 3339 in UTC."""

    number: str
    state: str
    seq: int
    matter: str
    unit: str
    organisation: str = Field(description="The key of who leads; empty before dispatch.")
    held: str
    urgent: bool
    created: str
    updated: str
    due: str | None
    overdue: bool
    closed: str | None
    resolution: str
    lon: float | None
    lat: float | None
    address: str
    href: str


class ClockOut(Schema):
    """A clock: of a state, a part, a request or a milestone. `limit` and `used` are seconds of its own time."""

    limit: float
    used: float
    counts: str = Field(description="`working` or `always`: which time it counts.")
    due: str | None
    paused: str


class PartOut(Schema):
    """What one organisation does for the case."""

    id: int
    organisation: str
    role: str
    state: str
    task: str
    clock: ClockOut


class RequestOut(Schema):
    """A question with an asker, a decider and a limit."""

    id: int
    kind: str
    state: str
    part: int
    organisation: str
    clock: ClockOut


class MilestoneOut(Schema):
    """A step that the matter's limits name."""

    key: str
    names: Names
    limit: str
    reached: bool
    clock: ClockOut | None


class PhotoOut(Schema):
    """A photo of the case."""

    key: str
    href: str
    width: int
    height: int
    created: str


class CaseOut(CaseBrief):
    """A case as its staff see it."""

    round: int
    level: int
    channel: str
    origin: str
    into: str = Field(description="The number of the case this one was folded into.")
    parent: str = Field(description="The number of the case this one was split from.")
    component: str = Field(description="The identity code of the component it is about, if it is about one.")
    closing: Names = Field(description="When it may be closed, by the catalogue it was filed under; empty before.")
    late: bool = Field(description="Whether its handling went past the limit; overdue or closed late.")
    late_adjusted: bool = Field(description="The same, false once an appeal was upheld.")
    clocks: dict[str, ClockOut]
    parts: list[PartOut]
    requests: list[RequestOut]
    milestones: list[MilestoneOut]
    photos: list[PhotoOut]
    links: dict[str, str]


class TakenOut(Schema):
    """A case right after an action."""

    number: str
    state: str
    seq: int
    matter: str
    unit: str
    lead: int
    organisation: str = Field(description="The key of who leads; empty before dispatch.")
    held: str
    created: str
    due: str | None
    closed: str | None
    resolution: str


class StepOut(Schema):
    """One step of a case, as it stands on the ledger, with the words that may be shown."""

    seq: int
    what: str
    names: Names
    at: str
    actor: str
    role: str
    organisation: str
    from_state: str
    to_state: str
    due: str | None
    words: dict[str, str]
    photos: list[str]
    away_m: int | None = Field(description="How far from the place of the case it was done, where that was told.")
    offset: int | None


class OfferOut(Schema):
    """What may be done now: send a body of this `schema` to `href` by `method`."""

    action: str
    names: Names
    post: int
    role: str
    request: int
    part: int
    to: str
    method: str
    href: str
    condition: Names = Field(description="What who takes it judges by: the filing or closing condition; else empty.")
    body: dict[str, Any] = Field(description="JSON Schema (2020-12) of the body to send.")


class DeniedOut(Schema):
    """An action of this state that is not open, and why."""

    action: str
    names: Names
    code: str
    reason: str


class OffersOut(Schema):
    """What may be done with a case now, and what not yet."""

    number: str
    seq: int
    offers: list[OfferOut]
    denied: list[DeniedOut]


class ChangeOut(Schema):
    """Something done meanwhile, as it stands on the ledger: what, when, in which role, and its particulars."""

    kind: str
    what: str
    at: str
    role: str
    data: dict[str, Any]


class FaultOut(Schema):
    """What was wrong (RFC 9457): a code for machines, a sentence for people, the field it is about."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    field: str | None = None
    changes: list[ChangeOut] | None = Field(None, description="With 412: what was done last, the newest first.")


class WouldOut(Schema):
    """What would become of an action: where the case would stand, until when, with whom, and who would be told."""

    state: str
    was: str
    due: str | None
    organisations: list[str]
    reporters: int


class EachOut(Schema):
    """What became of one case of several; `status` is as if it had been asked alone."""

    number: str
    status: int
    case: TakenOut | None = None
    would: WouldOut | None = None
    problem: FaultOut | None = None


class BulkOut(Schema):
    """What became of each, in the order asked."""

    preview: bool
    results: list[EachOut]


class DutyOut(Schema):
    """Something that must be done now, by one of the posts behind this key."""

    loop: str = Field(description="`case` or `alarm`: of what the page at `href` is.")
    number: str = Field(description='Of a case; "" for an alarm.')
    what: str
    slot: str
    role: str
    organisation: str
    mine: bool
    unit: str
    opened: str
    due: str | None
    late: str = Field(description="`over`, `due` (four fifths used) or `ontime`.")
    href: str
    actions: str


class UnitOut(Schema):
    """A governance unit."""

    code: str
    level: int
    kind: str
    names: Names
    lon: float | None
    lat: float | None
    href: str


class UnitFullOut(UnitOut):
    """A unit with the way to it from the city, and what lies directly under it."""

    path: list[UnitOut]
    children: list[UnitOut]


class OrganisationOut(Schema):
    """A body that can be given work."""

    key: str
    names: Names
    kind: str
    parent: str
    active: bool


class ChoiceOut(Schema):
    key: str
    names: Names


class QuestionOut(Schema):
    """A question put to who reports."""

    key: str
    type: str
    names: Names
    required: bool
    choices: list[ChoiceOut]


class MatterOut(Schema):
    """A kind of matter the city handles."""

    code: str
    names: Names
    group: Names
    kind: str
    plate: str
    urgent: bool
    limit: str
    questions: list[QuestionOut]


class PostOut(Schema):
    """A post that the account holds now."""

    post: int
    role: str
    organisation: str
    unit: str
    level: int
    sees: str


class MeOut(Schema):
    """Whose key this is and what it is good for."""

    username: str
    label: str
    scopes: list[str]
    per_minute: int
    posts: list[PostOut]


class PhotoKeptOut(Schema):
    """A photo kept: its key goes into the field `photos` of an action on the same case."""

    key: str
    width: int
    height: int
    href: str


class MeantOut(Schema):
    """A word that nobody used, and the used ones it was taken for."""

    word: str
    taken_for: list[str]


class CasesPage(Schema):
    items: list[CaseBrief]
    next: str | None
    meant: list[MeantOut] = []


class StepsPage(Schema):
    items: list[StepOut]
    next: str | None


class DutiesPage(Schema):
    items: list[DutyOut]
    next: str | None


class UnitsPage(Schema):
    items: list[UnitOut]
    next: str | None


class OrganisationsPage(Schema):
    items: list[OrganisationOut]
    next: str | None


class MattersPage(Schema):
    items: list[MatterOut]
    next: str | None


class PointGeometry(Schema):
    type: str
    coordinates: list[float] = Field(min_length=2, max_length=2)


class MarkProperties(Schema):
    state: str
    matter: str
    overdue: bool


class Mark(Schema):
    type: str
    id: str
    geometry: PointGeometry
    properties: MarkProperties


class MapOut(Schema):
    """Open cases as GeoJSON points (RFC 7946), the newest first; `truncated` where there may be more."""

    type: str
    features: list[Mark]
    truncated: bool
