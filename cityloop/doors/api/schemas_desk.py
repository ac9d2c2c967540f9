"""Shapes of what the desk has around a case: who reported, what lies near, counts, views, notices."""

from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field

from cityloop.doors.api.schemas import CaseBrief, Names
from cityloop.doors.api.schemas_in import In, ReportIn, Text

Filter = dict[Annotated[str, Field(pattern=r"^[a-z_]{1,20}$")], Annotated[Text, Field(min_length=1, max_length=200)]]


class EnteredIn(ReportIn):
    """A report that an officer takes down; `channel` says how it came: `inspector` is a find of the sender's own."""

    channel: Literal["phone", "counter", "letter", "email", "inspector"] = "phone"


class ContactIn(In):
    """Why somebody's name and address are needed; it is kept with who asked and when."""

    purpose: Text = Field(min_length=1, max_length=200, examples=["Ask which of the two trees is meant."])


class ViewIn(In):
    """A list to keep under a name: filters of the desk's inbox or of its cases, as they stand in its address."""

    page: Literal["inbox", "cases"] = "cases"
    name: Text = Field(min_length=1, max_length=40)
    filters: Filter = Field({}, max_length=10, examples=[{"state": "open", "matter": "tree"}])


class ReporterOut(Schema):
    """A report behind a case with who made it, masked."""

    report: int
    case: str
    channel: str
    created: str
    name: str
    phone: str
    email: str
    contact: str = Field(description="Where the whole is asked for; empty where nobody left a name, or no post may.")


class ReportersOut(Schema):
    """The reports a case grew from, those folded into it too; `followers` counts all who follow it."""

    items: list[ReporterOut]
    followers: int


class ContactOut(Schema):
    """Somebody's name and addresses in the clear."""

    name: str
    phone: str
    email: str


class NearOut(CaseBrief):
    """A case near another, and how far away it is."""

    metres: float


class AlikeOut(NearOut):
    """A case that may be about the same thing: `score` from 0 to 1, `seconds` between the two."""

    score: float
    seconds: float


class AlikesOut(Schema):
    items: list[AlikeOut]


class NearsOut(Schema):
    items: list[NearOut]


class MessageOut(Schema):
    """Something said about a case: `side` is `city` or `reporter` in the conversation, `note` among staff alone."""

    seq: int
    side: str
    at: str
    what: str
    names: Names
    role: str
    organisation: str
    words: list[str]
    photos: list[str]


class MessagesOut(Schema):
    items: list[MessageOut]


class ReplyOut(Schema):
    """Words ready for actions on a case; names in braces, such as `{number}`, are to be filled in."""

    key: str
    names: Names
    actions: list[str]
    words: Names


class RepliesOut(Schema):
    """What is ready, and the language in which whoever reported is told."""

    language: str
    items: list[ReplyOut]


class PromiseOut(Schema):
    """The signed promise that a report was taken into the book."""

    promise: dict[str, Any]
    signature: str


class ReceiptOut(Schema):
    """Every sealed step of a case with its place under the signed roots; `cityloop ledger check` proves it."""

    v: int
    kind: str
    issued: dict[str, Any]
    number: str
    subject: str
    note: str
    steps: list[dict[str, Any]]
    unsealed: int
    seals: list[dict[str, Any]]
    keys: list[dict[str, Any]]


class CountOut(Schema):
    """A unit with its open cases, and how many of them are past their limit."""

    unit: str
    names: Names
    level: int
    open: int
    over: int
    km2: float
    inhabitants: int | None = Field(description="Where the city has told how many live there.")


class CountsOut(Schema):
    """The parts of a unit with their open cases at an instant; `open` and `over` are of the unit itself."""

    under: str
    at: str
    open: int
    over: int
    items: list[CountOut]


class ViewOut(Schema):
    """A list kept under a name."""

    id: int
    page: str
    name: str
    filters: dict[str, str]
    created: str
    href: str


class ViewsOut(Schema):
    items: list[ViewOut]


class NoticeOut(Schema):
    """Something the account was told."""

    id: int
    subject: str
    created: str
    title: str
    body: str


class NoticesPage(Schema):
    items: list[NoticeOut]
    next: str | None
