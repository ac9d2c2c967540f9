"""Shapes of subscriptions: where steps are sent to, and how that went."""

from typing import Annotated

from ninja import Schema
from pydantic import Field

from cityloop.doors.api.schemas_in import In, Text


class WebhookIn(In):
    """Where steps are sent to. `kinds` are names of actions; none means all."""

    url: Text = Field(min_length=8, max_length=500, examples=["https://example.org/hooks/cityloop"])
    label: Text = Field("", max_length=60)
    kinds: list[Annotated[str, Field(pattern=r"^[a-z_]{1,24}$")]] = Field([], max_length=50)


class ReplayIn(In):
    """From where to send again: an offset of the ledger, or a real time. Exactly one of them."""

    offset: int | None = Field(None, ge=0, lt=2**63)
    time: Annotated[str, Field(max_length=40)] | None = Field(None, examples=["2026-05-01T08:00:00Z"])


class WebhookOut(Schema):
    """A subscription. `offset` is the last step dealt with; `parked` says when it was given up."""

    id: int
    url: str
    label: str
    kinds: list[str]
    created: str
    state: str = Field(description="`going`, `retrying`, `parked`, or `paused` while its key has ended.")
    offset: int
    tries: int
    next: str | None
    parked: str | None
    error: str
    href: str


class WebhookNewOut(WebhookOut):
    """A new subscription with the secret that signs what is sent, shown only now; of one that was there it is empty."""

    secret: str


class DeliveryOut(Schema):
    """One event sent, or tried."""

    offset: int
    event: str
    type: str
    subject: str
    at: str
    tries: int
    status: int
    error: str
    delivered: bool


class PingOut(Schema):
    """How the other side answered to a ping."""

    delivered: bool
    status: int
    error: str


class WebhooksPage(Schema):
    items: list[WebhookOut]
    next: str | None


class DeliveriesPage(Schema):
    items: list[DeliveryOut]
    next: str | None
