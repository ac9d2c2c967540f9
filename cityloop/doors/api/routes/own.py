"""What belongs to the account behind the key: the lists it keeps, and what it was told."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from cityloop.doors.api.answers import listed, nothing, said
from cityloop.doors.api.asked import Asked, Paged
from cityloop.doors.api.bodies import json_body, known_query
from cityloop.doors.api.door import ACT, READ, access, api
from cityloop.doors.api.openapi import can
from cityloop.doors.api.paging import Id, following, place_of
from cityloop.doors.api.schemas_desk import NoticesPage, ViewIn, ViewOut, ViewsOut
from cityloop.doors.api.schemas_in import Text
from cityloop.doors.api.shown import ROOT
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import rfc3339
from cityloop.town.notices import queries as notices
from cityloop.town.worklist import actions
from cityloop.town.worklist import queries as worklist

PAGES = ("inbox", "cases")


class ViewsAsked(Asked):
    """Which page's views."""

    page: Text = Field("cases", max_length=12, description="`inbox` or `cases`.")


@api.get("/views", response=can(ViewsOut, 200, "key query"), auth=READ, tags=["work"])
def views(request: HttpRequest, asked: Query[ViewsAsked]) -> HttpResponse:
    """List the views this account keeps of a page of the desk, in the order they were kept."""
    known_query(request, asked)
    if asked.page not in PAGES:
        raise Refusal("api.page", "Views are kept of inbox and cases.", "page")
    return said({"items": [_view(one) for one in worklist.views_of(access(request).account.pk, asked.page)]})


@api.post("/views", response=can(ViewOut, 201, "key body"), auth=ACT, tags=["work"])
def keep(request: HttpRequest, body: ViewIn) -> HttpResponse:
    """Keep a list under a name; the same name again takes the place of the first."""
    json_body(request)
    kept = actions.keep_view(
        account=access(request).account, page=body.page, name=body.name, query=urlencode(sorted(body.filters.items())),
        at=city_clock.now(),
    )  # fmt: skip
    return said(_view(kept), 201)


@api.delete("/views/{view}", response=can(None, 204, "key path"), auth=ACT, tags=["work"])
def drop(request: HttpRequest, view: str) -> HttpResponse:
    """Take a kept view away."""
    account, number = access(request).account, natural(view)
    mine = {one.pk for page in PAGES for one in worklist.views_of(account.pk, page)}
    if number not in mine:
        raise Refusal("api.none", "You keep no such view.", "view")
    actions.drop_view(account=account, view=number)
    return nothing()


def _view(one: Any) -> dict[str, Any]:
    return {
        "id": one.pk,
        "page": one.page,
        "name": one.name,
        "filters": dict(parse_qsl(one.query)),
        "created": rfc3339(one.created),
        "href": f"{ROOT}/views/{one.pk}",
    }


@api.get("/notices", response=can(NoticesPage, 200, "key query"), auth=READ, tags=["work"])
def told(request: HttpRequest, asked: Query[Paged]) -> HttpResponse:
    """List what the account was told, the newest first."""
    known_query(request, asked)
    place = place_of(asked.cursor, Id)
    rows = notices.of_account(access(request).account.pk, place.id if place else None, asked.limit + 1)
    page = rows[: asked.limit]
    more = following(request, Id(page[-1].id)) if len(rows) > asked.limit else ""
    return listed([_notice(one) for one in page], more)


def _notice(one: notices.Shown) -> dict[str, Any]:
    return {
        "id": one.id,
        "subject": one.subject,
        "created": rfc3339(one.created),
        "title": one.said.title,
        "body": one.said.body,
    }
