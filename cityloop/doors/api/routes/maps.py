"""Open cases as points on a map."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from zlib import crc32

from django.http import HttpRequest, HttpResponse
from ninja import Query

from cityloop.doors.api.answers import GEOJSON, unchanged, written
from cityloop.doors.api.asked import MapAsked, near, refuse_unknown, wanted
from cityloop.doors.api.bodies import known_query
from cityloop.doors.api.door import READ, api, scope_of
from cityloop.doors.api.openapi import can
from cityloop.doors.api.schemas import MapOut
from cityloop.loops.cases import listing
from cityloop.town.calendar.clock import city_clock
from cityloop.town.ledger.queries import newest
from cityloop.town.orgs.authority import Scope
from cityloop.town.units.queries import city

KEPT = 8  # answers of half a megabyte kept in a process
SECONDS = 5_000_000
_kept: OrderedDict[Hashable, tuple[Hashable, bytes]] = OrderedDict()
_lock = threading.Lock()


@api.get("/map", response=can(MapOut, 200, "key query tag"), auth=READ, tags=["cases"])
def city_map(request: HttpRequest, asked: Query[MapAsked]) -> HttpResponse:
    """Give the open cases of an area as GeoJSON points, the newest first, at most 4,000."""
    known_query(request, asked)
    scope, now = scope_of(request), city_clock.now()
    question: Hashable = (scope, tuple(sorted(asked.dict().items())))
    state = (city().key, newest(), now // SECONDS)
    tag = f"{state[1]}-{state[2]}-{crc32(repr(question).encode()):x}"
    return unchanged(request, tag) or written(_body(scope, asked, now, question, state), tag=tag, kind=GEOJSON)


def _body(scope: Scope, asked: MapAsked, now: int, question: Hashable, state: Hashable) -> bytes:
    """Give the answer to who sees the same, kept until a step is taken anywhere, or five seconds have gone."""
    kept = _kept.get(question)
    if kept is not None and kept[0] == state:
        return kept[1]
    body = _made(scope, asked, now)
    with _lock:
        _kept[question] = (state, body)
        _kept.move_to_end(question)
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return body


def _made(scope: Scope, asked: MapAsked, now: int) -> bytes:
    most = asked.limit
    found = wanted(asked, now)
    count, features = listing.features(scope, found, near(asked.bbox), now=now, most=most)
    if not count:
        refuse_unknown(found)
    truncated = "true" if count == most else "false"
    return f'{{"type":"FeatureCollection","features":[{features}],"truncated":{truncated}}}'.encode()
