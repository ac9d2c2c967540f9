"""Service requests for everybody: lists, single ones, tokens, photos of the work."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import FileResponse, HttpRequest

from cityloop.doors.open311 import filters, showing
from cityloop.doors.open311.formats import Said
from cityloop.doors.open311.keys import scope_of
from cityloop.ground.codes import metres_between
from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases import behind, numbers, openly
from cityloop.loops.cases.openly import Wanted
from cityloop.town.calendar.clock import city_clock
from cityloop.town.files import queries as files
from cityloop.town.persons.strangers import guess, guessed


def requests(request: HttpRequest) -> Said:
    """Give a list of service requests, the newest first. Three queries, four of what changed of late.

    With a key that reads at most four more.
    """
    wanted = filters.wanted(request.GET, city_clock.now())
    scope = scope_of(request)
    cases = openly.listed(wanted)
    following = next_page(request, "before", (cases[-1].created, cases[-1].pk)) if _more(cases, wanted) else {}
    if wanted.ids is not None:
        cases = [case for case in cases if _as_asked(request, case)]
    if wanted.circle is not None:
        cases = [case for case in cases if _within(case, wanted.circle)]
    return Said("service_requests", showing.requests(request, cases, scope), following)


def _more(cases: list[Any], wanted: Wanted) -> bool:
    return wanted.ids is None and len(cases) == wanted.most


def _as_asked(request: HttpRequest, case: Any) -> bool:
    """Tell whether the whole number was right, not only its last digits."""
    asked = {text.upper() for text in filters.listed(request.GET, "service_request_id")}
    return numbers.number(case) in asked


def _within(case: Any, circle: tuple[float, float, float]) -> bool:
    return bool(metres_between(case.lon, case.lat, circle[0], circle[1]) <= circle[2])


def next_page(request: HttpRequest, name: str, last: tuple[int, int]) -> dict[str, str]:
    """Give the header that leads to what comes after a row: the same question, from there on."""
    asked = [(key, value) for key, values in request.GET.lists() for value in values if key not in (name, "page")]
    asked = [(key, value) for key, value in asked if key != "api_key"]  # a key does not belong into an answer
    address = request.build_absolute_uri(f"{request.path}?{urlencode([*asked, (name, f'{last[0]}.{last[1]}')])}")
    return {"Link": f'<{address}>; rel="next"'}


def request_of(request: HttpRequest, number: str) -> Said:
    """Give one service request, as a list of one. Three queries; with a key that reads at most four more."""
    case = openly.by_number(number)
    return Said("service_requests", showing.requests(request, [case], scope_of(request)))


def token(request: HttpRequest, token: str) -> Said:
    """Give the number behind a token: the secret follow code of a report, or the number itself. Two queries."""
    address = request.META.get("REMOTE_ADDR", "")
    guess(address, "token")
    found = behind.followed(token)
    try:
        number = numbers.number(found[0] if found is not None else openly.by_number(token))
    except Refusal:
        raise Refusal("open311.token", "There is no request behind this token.", "token") from None
    guessed(address)
    return Said("service_requests", [{"service_request_id": number, "token": token}], {"Cache-Control": "no-store"})


def media(request: HttpRequest, uuid: UUID) -> FileResponse:
    """Give a photo of the work that everybody may see, at most 1,280 pixels wide or high. Three queries."""
    file = openly.work_photo(uuid)
    answer = FileResponse(files.opened(file, 1280), content_type=files.mime(file, 1280))
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "public, max-age=3600"
    return answer
