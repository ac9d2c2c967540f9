"""Who looked at personal data, for programs of the security officer."""

from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from cityloop.doors.api.answers import listed
from cityloop.doors.api.asked import Paged
from cityloop.doors.api.bodies import known_query
from cityloop.doors.api.door import READ, api, scope_of
from cityloop.doors.api.openapi import can
from cityloop.doors.api.paging import Id, following, place_of
from cityloop.doors.api.schemas_in import Text
from cityloop.doors.api.schemas_settings import LooksPage
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.columns import rfc3339
from cityloop.town.persons import queries as persons


class LooksAsked(Paged):
    """Which looks."""

    username: Text = Field("", max_length=150, description="Of this user alone.")
    person: int = Field(0, ge=0, lt=2**63, description="At the data of this person alone.")


@api.get("/settings/looks", response=can(LooksPage, 200, "key query"), auth=READ, tags=["settings"])
def looks(request: HttpRequest, asked: Query[LooksAsked]) -> HttpResponse:
    """List who saw personal data in the clear or looked for a person by it, the latest first.

    For the security officer of the whole city. Whose data it was is told by a number alone.
    """
    known_query(request, asked)
    if not scope_of(request).watches():
        raise Refusal("authority.denied", "Only the security officer of the whole city may read who looked.")
    place = place_of(asked.cursor, Id)
    rows = persons.looks(person=asked.person, username=asked.username, before=place.id if place else 0)
    found = list(rows[: asked.limit + 1])
    page = found[: asked.limit]
    names = persons.usernames(look.by_person for look in page)
    more = following(request, Id(page[-1].pk)) if len(found) > asked.limit else ""
    return listed([
        {
            "at": rfc3339(look.at),
            "username": names.get(look.by_person, ""),
            "role": look.by_role,
            "purpose": look.purpose,
            "person": look.person_id,
        }
        for look in page
    ], more)  # fmt: skip
