"""Organisations and their posts as they are set up."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from cityloop.doors.api.answers import said, unchanged
from cityloop.doors.api.bodies import json_body
from cityloop.doors.api.door import READ, SETUP, api
from cityloop.doors.api.openapi import can
from cityloop.doors.api.schemas_settings import OrganisationChangeIn, OrganisationFullOut, OrganisationIn, PostIn
from cityloop.doors.api.settings import matched, named_tags, reader, setter, unit_code, version_of
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural
from cityloop.town.calendar.clock import city_clock
from cityloop.town.orgs import actions
from cityloop.town.orgs import queries as orgs


@api.post("/settings/organisations", response=can(OrganisationFullOut, 201, "key body"), auth=SETUP, tags=["settings"])
def add(request: HttpRequest, body: OrganisationIn) -> HttpResponse:
    """Add an organisation; all of them are listed at `/organisations`."""
    json_body(request)
    by = setter(request)
    parent = orgs.organisation(body.parent) if body.parent else orgs.city()
    actions.add_organisation(
        key=body.key, names=body.names, kind=body.kind, parent=parent, by=by, at=city_clock.now()
    )  # fmt: skip
    return _said(body.key, 201)


@api.get(
    "/settings/organisations/{organisation}", response=can(OrganisationFullOut, 200, "key path tag"), auth=READ,
    tags=["settings"],
)  # fmt: skip
def one(request: HttpRequest, organisation: str) -> HttpResponse:
    """Give an organisation with its open posts and who holds them."""
    reader(request)
    told = _told(_found(organisation))
    tag = version_of(told)
    return unchanged(request, tag) or said(told, tag=tag)


@api.patch(
    "/settings/organisations/{organisation}", response=can(OrganisationFullOut, 200, "key path body match"),
    auth=SETUP, tags=["settings"],
)  # fmt: skip
@transaction.atomic
def change(request: HttpRequest, organisation: str, body: OrganisationChangeIn) -> HttpResponse:
    """Rename an organisation, hang it under another, close it or open it again: all or nothing."""
    json_body(request)
    by, at = setter(request), city_clock.now()
    actions.lock_tree()
    found = _found(organisation)
    _matched(request, found)
    if body.names is not None:
        actions.rename_organisation(organisation=found, names=body.names, by=by, at=at)
    if body.parent is not None:
        actions.move_organisation(organisation=found, parent=orgs.organisation(body.parent), by=by, at=at)
    if body.active is not None:
        actions.set_active(organisation=found, active=body.active, by=by, at=at)
    return _said(organisation)


@api.post(
    "/settings/organisations/{organisation}/posts", response=can(OrganisationFullOut, 201, "key path body match"),
    auth=SETUP, tags=["settings"],
)  # fmt: skip
@transaction.atomic
def add_post(request: HttpRequest, organisation: str, body: PostIn) -> HttpResponse:
    """Add a post to an organisation."""
    json_body(request)
    by = setter(request)
    actions.lock_tree()
    found, code = _found(organisation), unit_code(body.unit)
    _matched(request, found)
    actions.add_post(
        organisation=found, role=body.role, unit_code=code, level=body.level, by=by, at=city_clock.now()
    )  # fmt: skip
    return _said(organisation, 201)


@api.delete(
    "/settings/organisations/{organisation}/posts/{post}", auth=SETUP, tags=["settings"],
    response=can(OrganisationFullOut, 200, "key path match ended"),
)  # fmt: skip
@transaction.atomic
def close_post(request: HttpRequest, organisation: str, post: str) -> HttpResponse:
    """Close a post; whoever holds it can no longer act in it."""
    by = setter(request)
    actions.lock_tree()
    found = _found(organisation)
    _matched(request, found)
    wanted = orgs.post(natural(post) or 0)
    if wanted.organisation_id != found.pk or not wanted.active:
        raise Refusal("orgs.post.unknown", "There is no such post.", "post")
    actions.close_post(post=wanted, by=by, at=city_clock.now())
    return _said(organisation)


def _found(key: str) -> Any:
    try:
        return orgs.organisation(key)
    except Refusal as refusal:
        raise Refusal("api.none", "There is no such organisation.", "organisation") from refusal


def _matched(request: HttpRequest, found: Any) -> None:
    """Refuse a change of an organisation or its posts that was made on another version."""
    if named_tags(request):
        posts = (f"post:{post}" for post in orgs.posts_ever(organisation=found.pk))
        matched(request, version_of(_told(found)), f"organisation:{found.pk}", *posts)


def _said(key: str, status: int = 200) -> HttpResponse:
    """Answer with an organisation. Four queries."""
    told = _told(_found(key))
    return said(told, status, tag=version_of(told))


def _told(found: Any) -> dict[str, Any]:
    known = orgs.directory()
    above = next((org.key for org in known.values() if org.id == found.parent_id), "")
    return {
        "key": found.key,
        "names": found.names,
        "kind": found.kind,
        "parent": above,
        "active": found.active,
        "posts": [_seat(seat) for seat in orgs.seats_of(found.pk, city_clock.now())],
    }


def _seat(seat: orgs.Seat) -> dict[str, Any]:
    named = {name: getattr(seat, name) for name in ("post", "role", "level", "holding", "username")}
    return {**named, "unit": seat.unit_code}
