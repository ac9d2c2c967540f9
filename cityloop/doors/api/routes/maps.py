"""Open cases as points on a map."""

from django.http import HttpRequest, HttpResponse
from ninja import Query

from cityloop.doors.api.answers import GEOJSON, written
from cityloop.doors.api.asked import MapAsked, near, wanted
from cityloop.doors.api.bodies import known_query
from cityloop.doors.api.door import READ, api, scope_of
from cityloop.doors.api.openapi import can
from cityloop.doors.api.schemas import MapOut
from cityloop.loops.cases import listing
from cityloop.town.calendar.clock import city_clock


@api.get("/map", response=can(MapOut, 200, "key query"), auth=READ, tags=["cases"])
def city_map(request: HttpRequest, asked: Query[MapAsked]) -> HttpResponse:
    """Give the open cases of an area as GeoJSON points, the newest first, at most 4,000."""
    known_query(request, asked)
    now = city_clock.now()
    box, most = near(asked.bbox), asked.limit
    count, features = listing.features(scope_of(request), wanted(asked, now), box, now=now, most=most)
    truncated = "true" if count == most else "false"
    body = f'{{"type":"FeatureCollection","features":[{features}],"truncated":{truncated}}}'
    return written(body.encode(), kind=GEOJSON)
