"""The cases of a list, all of them, however many: for files.

One rule about what happens meanwhile. A walk goes from the newest case at its beginning down to the oldest, and each
page is one short question of its own: what came in later is in none, a case stands in one page at most, and it stands
there as it was when that page was read, also where a list is narrowed by what has changed since.
"""

from collections.abc import Iterator
from typing import NamedTuple

from django.db.models import QuerySet

from cityloop.loops.cases import queries
from cityloop.loops.cases.models import Case
from cityloop.loops.cases.queries import Wanted
from cityloop.loops.cases.search.queries import Asked, candidates, looked_through
from cityloop.town.orgs.authority import Scope

PAGE = 1_000
COUNTED = 5_000  # of the cases with some words, so many are counted at once


class Listed(NamedTuple):
    """A list of cases: who asks, for what, with which words, below which id."""

    scope: Scope
    wanted: Wanted
    asked: Asked | None = None
    before: int = 0


def walk(what: Listed) -> Iterator[list[Case]]:
    """Give all the cases of a list, page by page, the newest first. One query a page, two with words."""
    return _plain(what) if what.asked is None else _with_words(what, what.asked)


def _plain(what: Listed) -> Iterator[list[Case]]:
    before = what.before
    while found := queries.listed(what.scope, what.wanted, before=before, most=PAGE):
        yield found
        before = int(found[-1].pk)


def _with_words(what: Listed, asked: Asked) -> Iterator[list[Case]]:
    for ids in _ids(asked, what.before, PAGE):
        if found := list(_among(what, ids).order_by("-pk").defer("snapshot", "slots", "head")):
            yield found


def _among(what: Listed, ids: list[int]) -> "QuerySet[Case]":
    return queries.among(what.scope, ids).filter(queries.wanted_of(what.wanted))


def _ids(asked: Asked, before: int, most: int) -> Iterator[list[int]]:
    """Give the ids of the cases with all the words, the newest first: also below what one search looks through."""
    lowest: int | None = before
    while lowest is not None:
        if ids := candidates(asked, before=lowest, most=most):
            yield ids
        lowest = ids[-1] if len(ids) == most else looked_through(asked, before=lowest)


def how_many(what: Listed) -> int:
    """Count the cases of a list. It reads as many as it counts: for what was cut, and for no page."""
    if what.asked is not None:
        return sum(_among(what, ids).count() for ids in _ids(what.asked, what.before, COUNTED))
    rows = queries.narrowed(what.scope, what.wanted)
    return (rows.filter(pk__lt=what.before) if what.before else rows).count()
