"""People and organisations for tests: a city, departments, and accounts that hold posts."""

from collections.abc import Iterator
from itertools import count

from cityloop.ground.loop.actor import Actor
from cityloop.town.orgs import actions as orgs
from cityloop.town.orgs.models import Organisation, Post
from cityloop.town.persons import actions as persons
from cityloop.town.persons.models import Account

AT = 1_540_000_000_000_000
BY = Actor(kind="rule", role="rule", name="test")
_numbers: Iterator[int] = count()


def both(text: str) -> dict[str, str]:
    return {"en": text, "zh-hans": text}


def make_city() -> Organisation:
    return orgs.found_city(key="city", names=both("City"), by=BY, at=AT)


def make_org(key: str, parent: Organisation, kind: str = "government") -> Organisation:
    return orgs.add_organisation(key=key, names=both(key), kind=kind, parent=parent, by=BY, at=AT)


def make_account(username: str = "", **person: str) -> Account:
    who = persons.register_person(at=AT, **person)
    name = username or f"user-{next(_numbers)}"
    return persons.open_account(username=name, password=None, person=who, by=BY, at=AT)


def make_post(org: Organisation, role: str, unit: str = "", level: int = 0) -> Post:
    return orgs.add_post(organisation=org, role=role, unit_code=unit, level=level, by=BY, at=AT)


def seat(org: Organisation, role: str, unit: str = "", level: int = 0, account: Account | None = None) -> Account:
    """Give an account (a new one if none is given) that holds a new post."""
    holder = account or make_account()
    orgs.appoint(account=holder, post=make_post(org, role, unit, level), by=BY, at=AT)
    return holder
