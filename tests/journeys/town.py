"""Smallville with names and passwords, for journeys through a running city.

Run inside a city's own process: `City.shell("from tests.journeys.town import found; found()")`.
"""

import tempfile
from pathlib import Path

from cityloop.town.units.queries import has_city
from tests.loops.cases.smallville import Town, build

PASSWORD = "walk-the-whole-loop-1"


def found() -> None:
    """Build the town once; every post is held by an account of the post's own name."""
    if has_city():
        return
    with tempfile.TemporaryDirectory() as folder:
        named(build(Path(folder)))


def named(town: Town) -> Town:
    """Give each account the name of its post and a password."""
    for name, account in town.accounts.items():
        account.username = name
        account.set_password(PASSWORD)
        account.save()
    return town
