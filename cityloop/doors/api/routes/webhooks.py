"""Webhooks: subscriptions of the account behind the key, what was sent, sending again."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query

from cityloop.doors.api.answers import listed, said
from cityloop.doors.api.asked import Paged
from cityloop.doors.api.bodies import json_body, known_query
from cityloop.doors.api.door import HOOKS, access, api, scope_of
from cityloop.doors.api.openapi import can
from cityloop.doors.api.paging import Id, following, place_of
from cityloop.doors.api.schemas_hooks import (
    DeliveriesPage,
    PingOut,
    ReplayIn,
    WebhookIn,
    WebhookNewOut,
    WebhookOut,
    WebhooksPage,
)
from cityloop.doors.api.shown import ROOT
from cityloop.doors.api.times import instant, maybe
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural
from cityloop.ground.loop.actor import Actor
from cityloop.loops.cases.loop import step_names
from cityloop.town.columns import real_now, rfc3339
from cityloop.town.hooks import actions, queries, tasks
from cityloop.town.hooks.rules import TYPE


@api.get("/webhooks", response=can(WebhooksPage, 200, "key"), auth=HOOKS, tags=["webhooks"])
def webhooks(request: HttpRequest) -> HttpResponse:
    """List the webhooks of this account, the newest first."""
    return listed([_webhook(row) for row in queries.of(access(request).account)])


@api.post(
    "/webhooks", response=can(WebhookNewOut, 201, "key body") | {200: WebhookNewOut}, auth=HOOKS, tags=["webhooks"]
)
def subscribe(request: HttpRequest, body: WebhookIn) -> HttpResponse:
    """Have steps of cases this account may see sent to an address, from now on. The secret is shown only here.

    It goes on as long as the key that asked. Asked again with that key for the same, it gives what is there with 200,
    and an empty secret: end it and open it anew where the secret was lost.
    """
    json_body(request)
    if not scope_of(request).sees_anything():
        raise Refusal("authority.denied", "None of your posts sees any case: there is nothing to send.")
    for kind in sorted(set(body.kinds) - step_names()):
        raise Refusal("hooks.kind", "No step of a case is named {kind}.", "kinds", kind=kind)
    made, secret = actions.subscribe(
        account=access(request).account, url=body.url, label=body.label, kinds=body.kinds, by=_by(request),
        at=real_now(), key=access(request).key,
    )  # fmt: skip
    return said({**_webhook(made), "secret": secret}, 201 if secret else 200)


@api.get("/webhooks/{webhook}", response=can(WebhookOut, 200, "key path"), auth=HOOKS, tags=["webhooks"])
def one(request: HttpRequest, webhook: str) -> HttpResponse:
    """Give a webhook: how far it has come, whether it is being retried or parked."""
    return said(_webhook(_own(request, webhook)))


@api.delete("/webhooks/{webhook}", response=can(None, 204, "key path"), auth=HOOKS, tags=["webhooks"])
def end(request: HttpRequest, webhook: str) -> HttpResponse:
    """End a webhook; what was sent for it is forgotten."""
    actions.end(subscription=_own(request, webhook), by=_by(request))
    answer = HttpResponse(status=204)
    del answer["Content-Type"]
    return answer


@api.get(
    "/webhooks/{webhook}/deliveries", response=can(DeliveriesPage, 200, "key path query"), auth=HOOKS, tags=["webhooks"]
)
def deliveries(request: HttpRequest, webhook: str, asked: Query[Paged]) -> HttpResponse:
    """List what was sent in the last thirty days, the newest steps first."""
    known_query(request, asked)
    row, place = _own(request, webhook), place_of(asked.cursor, Id)
    found = queries.deliveries(row, place.id if place else None, asked.limit + 1)
    page = found[: asked.limit]
    more = following(request, Id(page[-1].offset)) if len(found) > asked.limit and page[-1].offset else ""
    return listed([_delivery(one) for one in page], more)


@api.post("/webhooks/{webhook}/ping", response=can(PingOut, 200, "key path"), auth=HOOKS, tags=["webhooks"])
def ping(request: HttpRequest, webhook: str) -> HttpResponse:
    """Send an event that means nothing, at once, and say how it was answered."""
    answer = tasks.ping(_own(request, webhook))
    return said({"delivered": answer.taken, "status": answer.status, "error": answer.error})


@api.post("/webhooks/{webhook}/replay", response=can(WebhookOut, 200, "key path body"), auth=HOOKS, tags=["webhooks"])
def replay(request: HttpRequest, webhook: str, body: ReplayIn) -> HttpResponse:
    """Send again from an offset or a time on; a parked or paused webhook goes on with it, as long as this key."""
    json_body(request)
    row = _own(request, webhook)
    since = instant(body.time, "time") if body.time is not None else None
    actions.replay(
        subscription=row, by=_by(request), at=real_now(), offset=body.offset, time=since, key=access(request).key
    )
    return said(_webhook(queries.one(row.account, row.pk)))


def _own(request: HttpRequest, webhook: str) -> Any:
    return queries.one(access(request).account, natural(webhook) or 0)


def _by(request: HttpRequest) -> Actor:
    """Name who does this: the account's person, in their first post."""
    mine = scope_of(request).actors()
    return mine[0] if mine else Actor(kind="person", role="account", person=access(request).account.person_id)


def _webhook(row: Any) -> dict[str, Any]:
    return {
        "id": row.pk,
        "url": row.url,
        "label": row.label,
        "kinds": row.kinds.split(),
        "created": rfc3339(row.created),
        "state": _state(row),
        "offset": row.offset,
        "tries": row.tries,
        "next": rfc3339(row.next_at) if row.tries and not row.parked else None,
        "parked": maybe(row.parked),
        "error": row.error,
        "href": f"{ROOT}/webhooks/{row.pk}",
    }


def _state(row: Any) -> str:
    if row.parked:
        return "parked"
    return "paused" if row.paused(real_now()) else "retrying" if row.tries else "going"


def _delivery(row: Any) -> dict[str, Any]:
    named = {name: getattr(row, name) for name in ("offset", "tries", "status", "error", "delivered")}
    return {**named, "event": str(row.offset), "type": TYPE + row.what, "subject": row.number, "at": rfc3339(row.at)}
