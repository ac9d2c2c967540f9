"""Founding a city: everything that was checked is written in one transaction, or nothing is."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from django.db import transaction

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.town.calendar.actions import keep_calendar, set_clock
from cityloop.town.catalog.actions import publish
from cityloop.town.founding.checks import Checked
from cityloop.town.founding.cityfile import OF_UNITS, AccountPart, CalendarPart, OrganisationPart, PeoplePart
from cityloop.town.founding.queries import refuse_second
from cityloop.town.orgs import actions as orgs_actions
from cityloop.town.orgs import queries as orgs
from cityloop.town.persons.actions import open_account, register_person
from cityloop.town.units.actions.load import load_units
from cityloop.town.units.rules.unitsmap import CityMap

CALENDAR = {"en": "City hours", "zh-hans": "办公时间"}


@dataclass(frozen=True)
class Founded:
    """What was made: the city's key, and each account with the password that is told once."""

    city: str
    accounts: list[dict[str, str]] = field(default_factory=list)


@transaction.atomic
def found(*, checked: Checked, by: Actor, at: int, real: int) -> Founded:
    """Make the city that a checked file describes. Refuses one with problems, and a second city.

    `real` is the system clock's instant: the new city's clock runs with it.
    """
    refuse_second()
    draft = checked.draft
    if draft.units is None or draft.people is None or draft.problems:
        raise Refusal("founding.problems", "Mend what is wrong with the city file first; nothing was written.")
    city = draft.units.city
    units = {key: value for key, value in draft.data.items() if key in OF_UNITS}
    load_units(units, draft.folder, by=by, at=at, check=False)
    set_clock(zone=city.zone, by=by, at=at, real=real)
    _calendar(draft.people.calendar, city.zone, by, at)
    orgs_actions.found_city(key=city.key.replace("_", "-"), names=city.names, by=by, at=at)
    _organisations(checked.organisations, by, at)
    if checked.plates:
        publish(plates=checked.plates, by=by, at=at)
    return Founded(city.key, _accounts(draft.people, city, by, at))


def _calendar(given: CalendarPart, zone: str, by: Actor, at: int) -> None:
    keep_calendar(
        key="city",
        zone=zone,
        shifts=given.week(),
        names=CALENDAR,
        day_minutes=given.day_minutes,
        country=given.country,
        subdivision=given.subdivision,
        holidays=given.holidays,
        workdays=dict.fromkeys(given.workdays),
        by=by,
        at=at,
    )


def _organisations(wanted: Mapping[str, OrganisationPart], by: Actor, at: int) -> None:
    """Add the city's own and those of the plates, parents first."""
    for key in TopologicalSorter({key: [org.parent] for key, org in wanted.items()}).static_order():
        if org := wanted.get(key):
            orgs_actions.add_organisation(
                key=key,
                names=org.names,
                kind=org.kind,
                parent=orgs.organisation(org.parent) if org.parent else orgs.city(),
                email=org.email,
                credit_code=org.credit_code,
                by=by,
                at=at,
            )


def _accounts(people: PeoplePart, city: CityMap, by: Actor, at: int) -> list[dict[str, str]]:
    language = city.languages[0]
    return [_account(account, account.language or language, by, at) for account in people.accounts]


def _account(given: AccountPart, language: str, by: Actor, at: int) -> dict[str, str]:
    password = secrets.token_urlsafe(15)
    person = register_person(at=at, name=given.name, language=language)
    account = open_account(username=given.user, password=password, person=person, by=by, at=at, language=language)
    for wanted in given.posts:
        organisation = orgs.organisation(wanted.organisation) if wanted.organisation else orgs.city()
        post = orgs.post_of(organisation, wanted.role, wanted.unit, wanted.level) or orgs_actions.add_post(
            organisation=organisation, role=wanted.role, unit_code=wanted.unit, level=wanted.level, by=by, at=at
        )
        orgs_actions.appoint(account=account, post=post, by=by, at=at)
    return {"user": given.user, "password": password}
