"""How much waits for somebody, beside every desk page: asked at most once in ten seconds for each account."""

from typing import Any

from django.core.cache import cache
from django.http import HttpRequest

from cityloop.town.notices import queries as notices
from cityloop.town.orgs.authority import Scope
from cityloop.town.worklist import queries as worklist

MOST = 1000
FRESH = 10  # seconds
SEEN = "notices_seen"


def counts(request: HttpRequest, scope: Scope) -> tuple[int, int]:
    """Give how many rows the inbox has, and how many notices came since the account last looked. One query."""
    key = f"waiting:{scope.account}:{seen(request)}"
    known: tuple[int, int] | None = cache.get(key)
    if known is None:
        rows, new = worklist.counted([worklist.inbox(scope), notices.newer(scope.account, seen(request))], MOST)
        known = (rows, new)
        cache.set(key, known, FRESH)
    return known


def seen(request: HttpRequest) -> int:
    """Give the id of the notice seen last in this sign-in."""
    return int(request.session.get(SEEN, 0))


def note_seen(request: HttpRequest, last: int) -> None:
    """Keep for this sign-in which notice was seen last."""
    if last > seen(request):
        request.session[SEEN] = last


def shown(count: int) -> Any:
    """Write a count that was followed no further than `MOST`."""
    return f"{MOST - 1}+" if count >= MOST else count
