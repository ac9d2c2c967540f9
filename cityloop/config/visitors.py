"""Behind proxies: who a visitor is. What counts by address reads `REMOTE_ADDR`, so it is put right here once.

A proxy adds the address it was asked from at the end of `X-Forwarded-For`; what stands before that was sent by the
visitor and may be anything. So with one proxy the last address is true, with two the last but one, and no other.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.visitor import nearest

FORWARDED = "HTTP_X_FORWARDED_FOR"


def proxies(text: str) -> int:
    """Read CITYLOOP_PROXIES: how many proxies of the city's own stand in front; none where nothing is said."""
    if not text.strip():
        return 0
    if not (text.strip().isdecimal() and int(text) <= 9):
        raise Refusal("config.proxies", "CITYLOOP_PROXIES is how many proxies stand in front of Cityloop: 0 to 9.")
    return int(text)


def visitors(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Put the visitor's own address in the place of the nearest proxy's."""

    def answered(request: HttpRequest) -> HttpResponse:
        hops = settings.PROXIES
        if hops:
            request.META["REMOTE_ADDR"] = visitor(request.META, hops)
        return answer(request)

    return answered


def visitor(meta: dict[str, str], hops: int) -> str:
    """Give the address that the outermost of our proxies was asked from; the peer's own where none stands there."""
    return nearest(str(meta.get("REMOTE_ADDR", "")), str(meta.get(FORWARDED, "")), hops)
