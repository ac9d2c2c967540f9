"""Accounts and the posts they hold. No personal data stands here, only user names."""

import secrets
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from cityloop.doors.api import shown
from cityloop.doors.api.answers import listed, nothing, said, unchanged
from cityloop.doors.api.asked import Paged
from cityloop.doors.api.bodies import json_body, known_query
from cityloop.doors.api.door import READ, SETUP, api
from cityloop.doors.api.openapi import can
from cityloop.doors.api.paging import Name, following, place_of
from cityloop.doors.api.schemas_in import Text
from cityloop.doors.api.schemas_settings import HeldOut, HoldingIn, PeoplePage, PersonIn, PersonNewOut, PersonOut
from cityloop.doors.api.settings import matched, named_tags, reader, setter, unit_code, version_of
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural
from cityloop.town.calendar.clock import city_clock
from cityloop.town.orgs import actions
from cityloop.town.orgs import queries as orgs
from cityloop.town.persons import actions as persons_actions
from cityloop.town.persons import queries as persons


class PeopleAsked(Paged):
    """Which accounts."""

    begins: Text = Field("", max_length=60, description="How the user name begins.")


@api.get("/settings/people", response=can(PeoplePage, 200, "key query"), auth=READ, tags=["settings"])
def people(request: HttpRequest, asked: Query[PeopleAsked]) -> HttpResponse:
    """List accounts by user name, with the posts each holds now."""
    known_query(request, asked)
    reader(request)
    place = place_of(asked.cursor, Name)
    rows = persons.accounts_listed(begins=asked.begins, after=place.name if place else "", most=asked.limit + 1)
    page = rows[: asked.limit]
    seats = orgs.seats_of_accounts([row.pk for row in page], city_clock.now())
    more = following(request, Name(page[-1].username)) if len(rows) > asked.limit else ""
    return listed([_person(row, seats.get(row.pk, [])) for row in page], more)


@api.get("/settings/people/{username}", response=can(PersonOut, 200, "key path tag"), auth=READ, tags=["settings"])
def person(request: HttpRequest, username: str) -> HttpResponse:
    """Give an account with the posts it holds now."""
    reader(request)
    told = _told(_account(username))
    tag = version_of(told)
    return unchanged(request, tag) or said(told, tag=tag)


@api.post("/settings/people", response=can(PersonNewOut, 201, "key body"), auth=SETUP, tags=["settings"])
@transaction.atomic
def open_account(request: HttpRequest, body: PersonIn) -> HttpResponse:
    """Open an account. Its password is made here and told once."""
    json_body(request)
    by, at, password = setter(request), city_clock.now(), secrets.token_urlsafe(15)
    person = persons_actions.register_person(at=at, name=body.name)
    made = persons_actions.open_account(username=body.username, password=password, person=person, by=by, at=at)
    return said({"username": made.username, "password": password}, 201)


@api.delete(
    "/settings/people/{username}", response=can(None, 204, "key path match ended"), auth=SETUP, tags=["settings"]
)
@transaction.atomic
def close_account(request: HttpRequest, username: str) -> HttpResponse:
    """Close an account at once: its sessions and its keys end."""
    by, account = setter(request), _account(username)
    _matched(request, account)
    actions.close_account(account=account, by=by, at=city_clock.now())
    return nothing()


@api.post(
    "/settings/people/{username}/reopen",
    response=can(PersonNewOut, 200, "key path match ended"),
    auth=SETUP,
    tags=["settings"],
)
@transaction.atomic
def reopen_account(request: HttpRequest, username: str) -> HttpResponse:
    """Open a closed account again, with a password made here and told once: its sessions and keys stay ended."""
    by, account, password = setter(request), _account(username), secrets.token_urlsafe(15)
    _matched(request, account)
    actions.reopen_account(account=account, password=password, by=by, at=city_clock.now())
    return said({"username": account.username, "password": password})


@api.post("/settings/holdings", response=can(HeldOut, 201, "key body match"), auth=SETUP, tags=["settings"])
@transaction.atomic
def appoint(request: HttpRequest, body: HoldingIn) -> HttpResponse:
    """Let an account hold a post from now on; a post that is not there yet is made.

    `If-Match` names the version of the account, as `/settings/people/{username}` gives it.
    """
    json_body(request)
    by, at, code = setter(request), city_clock.now(), unit_code(body.unit)
    org, account = orgs.organisation(body.organisation), persons.account_named(body.username)
    _matched(request, account)
    post = orgs.post_of(org, body.role, code, body.level) or actions.add_post(
        organisation=org, role=body.role, unit_code=code, level=body.level, by=by, at=at
    )
    held = actions.appoint(account=account, post=post, by=by, at=at)
    told = {"holding": held.pk, "post": post.pk, "role": post.role, "organisation": org.key}
    return said({**told, "unit": post.unit_code, "level": post.level}, 201)


@api.delete(
    "/settings/holdings/{holding}", response=can(None, 204, "key path match ended"), auth=SETUP, tags=["settings"]
)  # fmt: skip
@transaction.atomic
def dismiss(request: HttpRequest, holding: str) -> HttpResponse:
    """End an appointment now. `If-Match` names the version of the account that holds the post."""
    by, held = setter(request), orgs.holding(natural(holding) or 0)
    _matched(request, held.account)
    actions.dismiss(holding=held, by=by, at=city_clock.now())
    return nothing()


def _account(username: str) -> Any:
    try:
        return persons.account_named(username)
    except Refusal as refusal:
        raise Refusal("api.none", "There is no such account.", "username") from refusal


def _told(account: Any) -> dict[str, Any]:
    """Tell an account. One query."""
    return _person(account, orgs.seats_of_accounts([account.pk], city_clock.now()).get(account.pk, []))


def _matched(request: HttpRequest, account: Any) -> None:
    """Refuse a change of an account or of its posts that was made on another version. Nothing personal is told."""
    if named_tags(request):
        posts = (f"post:{post}" for post in orgs.posts_ever(account=account.pk))
        matched(request, version_of(_told(account)), *posts)


def _person(row: Any, seats: list[orgs.Seat]) -> dict[str, Any]:
    return {"username": row.username, "active": row.is_active, "holds": [_held(seat) for seat in seats]}


def _held(seat: orgs.Seat) -> dict[str, Any]:
    named = {name: getattr(seat, name) for name in ("holding", "post", "role", "level")}
    return {**named, "organisation": shown.key_of(seat.org), "unit": seat.unit_code}
