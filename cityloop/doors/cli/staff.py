"""`cityloop staff`: organisations, posts and the people who hold them."""

import secrets
from typing import Any

import click

from cityloop.doors.cli.main import FINDINGS, OK
from cityloop.doors.cli.verb import Out, verb
from cityloop.ground.loop.actor import Actor

BY = Actor(kind="rule", role="rule", name="command line")


@click.group()
def staff() -> None:
    """Organisations, posts and the people who hold them."""


@staff.command("organisation")
@click.argument("key")
@click.argument("name")
@click.option("--kind", default="government", show_default=True, help="government, enterprise, social, media, ...")
@click.option("--under", default="", help="Key of the organisation it belongs to; the city itself where none is named.")
@verb()
def organisation(out: Out, key: str, name: str, kind: str, under: str) -> int:
    """Add the organisation KEY called NAME."""
    from cityloop.town.calendar.clock import city_clock
    from cityloop.town.orgs import actions, queries

    parent = queries.organisation(under) if under else _city(city_clock.now())
    made = actions.add_organisation(key=key, names={"en": name}, kind=kind, parent=parent, by=BY, at=city_clock.now())
    out.give({"organisation": made.key})
    out.say(f"{made.key}: {name}")
    return OK


@staff.command("appoint")
@click.argument("user")
@click.argument("role")
@click.argument("organisation")
@click.option("--unit", default="", help="Code of the unit the post covers; the whole city where none is named.")
@click.option("--level", default=0, show_default=True, help="Up to which confidentiality level, 0 to 3.")
@click.option("--name", default="", help="The person's name, for a new account.")
@verb()
def appoint(out: Out, user: str, role: str, organisation: str, unit: str, level: int, name: str) -> int:
    """Let USER hold the post of ROLE in ORGANISATION; a new user gets an account, and a password printed once."""
    from django.db import transaction

    from cityloop.town.calendar.clock import city_clock
    from cityloop.town.orgs import actions, queries
    from cityloop.town.units.queries import unit_of

    at, code = city_clock.now(), unit_of(unit, "unit").code if unit else ""
    with transaction.atomic():
        account, password = _account(user, name, at)
        org = queries.organisation(organisation)
        post = queries.post_of(org, role, code, level) or actions.add_post(
            organisation=org, role=role, unit_code=code, level=level, by=BY, at=at
        )
        actions.appoint(account=account, post=post, by=BY, at=at)
    told = {"user": user, "role": role, "organisation": organisation, "unit": code, "level": level}
    out.give({**told, **({"password": password} if password else {})})
    out.say(f"{user} is {role} in {organisation}." + (f" Password: {password}" if password else ""))
    return OK


@staff.command("dismiss")
@click.argument("user")
@click.argument("role")
@verb()
def dismiss(out: Out, user: str, role: str) -> int:
    """End all posts of ROLE that USER holds; a finding where there is none."""
    from cityloop.town.calendar.clock import city_clock
    from cityloop.town.orgs import actions, queries
    from cityloop.town.orgs.roles import known_role
    from cityloop.town.persons.queries import account_named

    at = city_clock.now()
    held = queries.held(account_named(user), known_role(role), at)
    for holding in held:
        actions.dismiss(holding=holding, by=BY, at=at)
    out.give({"user": user, "role": role, "ended": len(held)})
    out.say(f"{user} holds {len(held)} posts of {role} less.")
    return OK if held else FINDINGS


@staff.command("password")
@click.argument("user")
@verb()
def password(out: Out, user: str) -> int:
    """Give USER a new password, printed once; where they are signed in they are so no more."""
    from cityloop.town.calendar.clock import city_clock
    from cityloop.town.persons import actions
    from cityloop.town.persons.queries import account_named

    made = secrets.token_urlsafe(15)
    actions.set_password(account=account_named(user), password=made, by=BY, at=city_clock.now())
    out.give({"user": user, "password": made})
    out.say(f"Password of {user}: {made}")
    return OK


def _city(at: int) -> Any:
    """Give the city itself, the root of its organisations; founded now where nobody has done so."""
    from cityloop.ground.kit.refusal import Refusal
    from cityloop.town.orgs import actions, queries
    from cityloop.town.units.queries import city

    try:
        return queries.city()
    except Refusal:
        here = city()
        return actions.found_city(key=here.key.replace("_", "-"), names=here.names, by=BY, at=at)


def _account(user: str, name: str, at: int) -> tuple[Any, str]:
    """Give the account of a user, made with a fresh password where there is none."""
    from cityloop.ground.kit.refusal import Refusal
    from cityloop.town.persons import actions
    from cityloop.town.persons.queries import account_named

    try:
        return account_named(user), ""
    except Refusal:
        password = secrets.token_urlsafe(15)
        person = actions.register_person(at=at, name=name)
        return actions.open_account(username=user, password=password, person=person, by=BY, at=at), password
