"""Smallville with names and passwords, for journeys through a running city.

Run inside a city's own process: `City.shell("from tests.journeys.town import found; found()")`.
"""

import tempfile
from pathlib import Path

from django.contrib.auth.hashers import make_password

from cityloop.loops.cases.models import Case
from cityloop.town.calendar.clock import city_clock
from cityloop.town.orgs.models import Organisation
from cityloop.town.persons.models import Account
from cityloop.town.units.queries import has_city
from tests.loops.cases.smallville import MINUTE, POSTS, Town, make

PASSWORD = "walk-the-whole-loop-1"


def found() -> None:
    """Build the town once; every post is held by an account of the post's own name."""
    if has_city():
        return
    with tempfile.TemporaryDirectory() as folder:
        named(make(Path(folder)))


def again() -> Town:
    """Give the town that stands, at this hour."""
    accounts = {name: Account.objects.get(username=name) for name in POSTS}
    return Town({o.key: o for o in Organisation.objects.all()}, accounts, city_clock.now() - 10 * MINUTE)


def hostile_case() -> None:
    """Bring a case whose words try to be a page to its handling; print its number and its follow code."""
    town = again()
    words = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'> \u202etxt.exe " + "长" * 80
    made = town.collect(words=words, address="<b>Long</b> " + "Donaudampfschifffahrtsgesellschaft" * 3)
    for action, who in (("file", "shift"), ("dispatch", "dispatcher"), ("accept", "parks")):
        town.take(made.case, action, who)
    town.take(made.case, "extend", "parks", words=words, by="2 wd")
    assert Case.objects.get(pk=made.case).state == "handling"
    print(made.number, made.follow)


def named(town: Town) -> Town:
    """Give each account the name of its post and a password."""
    password = make_password(PASSWORD)  # once: it is made to take long
    for name, account in town.accounts.items():
        account.call(name)
        account.password = password
        account.save()
    return town
