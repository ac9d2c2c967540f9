"""How much waits for somebody, beside every desk page: asked at most once in ten seconds for each account."""

from typing import Any

from django.core.cache import cache
from django.http import HttpRequest

from cityloop.town.notices import actions
from cityloop.town.notices import queries as notices
from cityloop.town.orgs.authority import Scope
from cityloop.town.worklist import queries as worklist

MOST = 1000
FRESH = 10  # seconds
LOOKED = "notices_looked"


def counts(request: HttpRequest, scope: Scope) -> tuple[int, int]:
    """Give how many rows the inbox has, and how many notices came since the account last looked. One query."""
    key = f"waiting:{scope.account}:{request.session.get(LOOKED, 0)}"
    known: tuple[int, int] | None = cache.get(key)
    if known is None:
        rows, new = worklist.counted([worklist.inbox(scope), notices.unseen(scope.account)], MOST)
        known = (rows, new)
        cache.set(key, known, FRESH)
    return known


def looked(request: HttpRequest, account: int, last: int) -> None:
    """Note that an account has looked at its notices, up to this one; in this browser the bell tells it at once."""
    actions.note_seen(account=account, last=last)
    request.session[LOOKED] = last


def shown(count: int) -> Any:
    """Write a count that was followed no further than `MOST`."""
    return f"{MOST - 1}+" if count >= MOST else count
