"""Photos: sent before the action that names them, and fetched with authority."""

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Query
from ninja.files import UploadedFile

from cityloop.doors.api import shown
from cityloop.doors.api.answers import said
from cityloop.doors.api.asked import Asked, Whole
from cityloop.doors.api.bodies import known_form, known_query
from cityloop.doors.api.door import ACT, READ, api, scope_of
from cityloop.doors.api.openapi import can
from cityloop.doors.api.schemas import PhotoKeptOut
from cityloop.doors.api.schemas_in import Text
from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases import queries
from cityloop.town.calendar.clock import city_clock
from cityloop.town.files import actions as keeping
from cityloop.town.files import queries as files


class Size(Asked):
    """Which size of a photo: the whole, or a thumbnail of so many pixels."""

    side: Whole = 0


@api.post("/photos", response=can(PhotoKeptOut, 201, "key body"), auth=ACT, tags=["photos"])
def keep(request: HttpRequest, number: Form[Text], photo: File[UploadedFile]) -> HttpResponse:
    """Keep a photo of a case: JPEG, PNG or WebP of at most 20 MB. Its key goes into the field `photos` of an action."""
    known_form(request, "number", "photo")
    scope = scope_of(request)
    case = queries.by_number(number, scope)
    actors = queries.actors_for(case, scope)
    if not actors:
        raise Refusal("authority.denied", "Your post does not cover this case.")
    file = keeping.keep(photo, subject=case.subject, by=actors[0], at=city_clock.now())
    kept = shown.photo(file)
    return said({name: kept[name] for name in ("key", "width", "height", "href")}, 201)


@api.get("/photos/{key}", response=can(None, 200, "key path query"), auth=READ, tags=["photos"])
def photo(request: HttpRequest, key: str, asked: Query[Size]) -> HttpResponse:
    """Give a photo of a case that this key may see, or its thumbnail (`side` 320 or 1280)."""
    known_query(request, asked)
    file = files.by_uuid(key)
    if not files.readable(file, scope_of(request)):
        raise Refusal("files.unknown", "There is no such file.", "file")
    with files.opened(file, asked.side) as opened:
        answer = HttpResponse(opened.read(), content_type=files.mime(file, asked.side))
    answer["Cache-Control"] = "private, max-age=3600"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
