"""What the city's instruments said last, all of them in one answer; everything else of theirs is at `/sta/v1.1/`."""

from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from cityloop.doors.api.answers import linked, said
from cityloop.doors.api.asked import Asked, Whole
from cityloop.doors.api.bodies import known_query
from cityloop.doors.api.door import READ, api, scope_of
from cityloop.doors.api.openapi import can
from cityloop.doors.api.paging import Id, following, place_of
from cityloop.doors.api.schemas_in import Text
from cityloop.doors.api.schemas_readings import LatestOut
from cityloop.loops.sensing import instruments
from cityloop.loops.sensing.rules.times import all_shown

MOST = 100_000


class LatestAsked(Asked):
    """Of which datastreams."""

    of: Text = Field("", max_length=200, description="What is measured: `plate/key`, or the name of the property.")
    unit: Text = Field("", max_length=32, description="A unit and all below it.")
    cursor: Text = Field("", max_length=400, description="Where the answer before ended: from its `next`.")
    limit: Whole = Field(MOST, ge=1, le=MOST)


@api.get("/readings/latest", response=can(LatestOut, 200, "key query"), auth=READ, tags=["readings"])
def latest(request: HttpRequest, asked: Query[LatestAsked]) -> HttpResponse:
    """Give the latest reading of each datastream in columns, in the order of the datastreams' ids.

    Nothing where none of the posts of the key's account sees anything.
    """
    known_query(request, asked)
    place = place_of(asked.cursor, Id)
    most = asked.limit + 1 if scope_of(request).sees_anything() else 0
    after, limit = place.id if place else 0, asked.limit
    streams, times, values = instruments.latest(measured=asked.of, unit=asked.unit, after=after, most=most)
    more = following(request, Id(streams[limit - 1])) if len(streams) > limit else ""
    told = {"datastreams": streams[:limit], "times": all_shown(times[:limit]), "values": values[:limit]}
    return linked(said({**told, "next": more or None}), more)
