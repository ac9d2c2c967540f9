"""What goes in and out of the JSON door."""

from typing import Any

from ninja import Schema
from pydantic import ConfigDict, Field


class _In(Schema):
    model_config = ConfigDict(extra="forbid")


class ReportIn(_In):
    """A report. At least one of place, words."""

    words: str = Field("", max_length=5000)
    matter: str = Field("", max_length=60)
    unit: str = Field("", max_length=32)
    lon: float | None = None
    lat: float | None = None
    address: str = Field("", max_length=200)
    language: str = Field("en", max_length=10)
    name: str = Field("", max_length=100)
    phone: str = Field("", max_length=40)
    email: str = Field("", max_length=254)


class CollectedOut(Schema):
    """The answer to a report: its number, the secret follow code, the signed promise."""

    number: str
    follow: str
    promise: dict[str, Any]


class ActionIn(_In):
    """An action on a case. `expected` is the number of the last step its sender saw."""

    data: dict[str, Any] = {}
    expected: int | None = None
    post: int | None = None


class CaseOut(Schema):
    """A case as its staff see it. Instants are RFC 3339 in UTC."""

    number: str
    state: str
    seq: int
    matter: str
    unit: str
    lead: int
    held: str
    created: str
    due: str | None
    closed: str | None
    resolution: str


class OfferOut(Schema):
    """What may be done now, with the fields it takes."""

    action: str
    names: dict[str, str]
    post: int
    request: int
    fields: dict[str, Any]
    href: str


class FaultOut(Schema):
    """What was wrong (RFC 9457): a code for machines, a sentence for people, the field it is about."""

    type: str
    title: str
    status: int
    code: str
    field: str | None = None
