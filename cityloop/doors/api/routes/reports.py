"""Handing in a report; and the document of the door itself."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from cityloop.doors.api import openapi
from cityloop.doors.api.answers import encode, said, unchanged, written
from cityloop.doors.api.bodies import json_body
from cityloop.doors.api.door import Anybody, Key, api, client_of
from cityloop.doors.api.openapi import can
from cityloop.doors.api.problems import TooMany
from cityloop.doors.api.schemas import CollectedOut
from cityloop.doors.api.schemas_in import ReportIn
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.loops.cases import actions
from cityloop.town.calendar.clock import city_clock
from cityloop.town.catalog import queries as catalog
from cityloop.town.catalog.answers import read
from cityloop.town.persons import strangers
from cityloop.town.persons.queries import Access

REPORTER = Actor(kind="reporter", role="reporter")


@api.post(
    "/reports", response=can(CollectedOut, 201, "key body once"), auth=[Key("report"), Anybody()], tags=["reports"]
)
def report(request: HttpRequest, body: ReportIn) -> HttpResponse:
    """Take a report into the book. The header `Idempotency-Key` makes repeating it safe for a day.

    Anybody may report; a key that is shown needs the scope `report`.
    """
    json_body(request)
    not_too_often(request)
    collected = actions.collect(
        report=lambda: actions.Report(channel="api", **body.dict(exclude={"answers"}), answers=_answers(body)),
        by=REPORTER,
        at=city_clock.now(),
        door="api",
        client=client_of(request),
        key=request.headers.get("Idempotency-Key", ""),
        sent=body.dict(),
    )
    return said({"number": collected.number, "follow": collected.follow, "promise": collected.promise}, 201)


def _answers(body: ReportIn) -> dict[str, str]:
    """Give the answers to the matter's questions, as every door checks them; the first fault names its question."""
    if body.matter and body.answers:
        catalog.current().matter(body.matter)  # of one that is not offered, no answer is at fault
    given = {key: [said] if isinstance(said, str) else said for key, said in body.answers.items()}
    found, faults = read(catalog.questions(body.matter), given)
    for fault in faults:
        raise Refusal(fault.code, fault.message, f"answers.{fault.field}", **fault.params)
    return found


def not_too_often(request: HttpRequest) -> None:
    """Count reports handed in without a key by where they come from; a key has a pace of its own."""
    if isinstance(request.auth, Access) or not settings.STRANGERS:  # type: ignore[attr-defined]
        return
    left = strangers.count("reports", request.META.get("REMOTE_ADDR", ""), settings.STRANGERS)
    request.left = left  # type: ignore[attr-defined]
    if left.refused:
        raise TooMany


_document: dict[str, bytes] = {}


@api.get("/openapi.json", include_in_schema=False)
def document(request: HttpRequest) -> HttpResponse:
    """Give the OpenAPI document of this door; made once in a process."""
    if not _document:
        _document["body"] = encode(schema())
    tag = openapi.tag_of(_document["body"])
    return unchanged(request, tag) or written(_document["body"], tag=tag)


def schema() -> dict[str, Any]:
    """Give the OpenAPI document."""
    return dict(api.get_openapi_schema(path_prefix="api/v1/"))
