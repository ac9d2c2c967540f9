"""Answers: written straight to JSON, tagged so that what has not changed is not sent again."""

from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from cityloop.doors.api.problems import problem

JSON = "application/json"
GEOJSON = "application/geo+json"
_encoder = msgspec.json.Encoder()
encode = _encoder.encode


def said(value: Any, status: int = 200, *, tag: str = "", kind: str = JSON) -> HttpResponse:
    """Answer with a value. What leaves here has the shape its route declares; tests hold it to that."""
    return written(encode(value), status, tag=tag, kind=kind)


def written(body: bytes, status: int = 200, *, tag: str = "", kind: str = JSON) -> HttpResponse:
    """Answer with bytes that are JSON already."""
    answer = HttpResponse(body, status=status, content_type=kind)
    if tag:
        answer["ETag"] = f'"{tag}"'
    return answer


def listed(items: list[Any], following: str = "", *, tag: str = "", **more: Any) -> HttpResponse:
    """Answer with a page of a list and the address of the next one; `more` stands beside them."""
    return linked(said({"items": items, "next": following or None, **more}, tag=tag), following)


def linked(answer: HttpResponse, following: str) -> HttpResponse:
    """Name the next page in the header as well (RFC 8288)."""
    if following:
        answer["Link"] = f'<{following}>; rel="next"'
    return answer


def tag_of_state(seq: int, body: bytes) -> str:
    """Name what is told of a case: by its last step, and by all that changes without one (photos, the time, seals)."""
    return f"{seq}.{sha256(body).hexdigest()[:12]}"


def nothing() -> HttpResponse:
    """Answer that it is done and there is nothing to say."""
    answer = HttpResponse(status=204)
    del answer["Content-Type"]
    return answer


def unchanged(request: HttpRequest, tag: str) -> HttpResponse | None:
    """Answer 304 where the client has this very state; None where it has not."""
    given = request.META.get("HTTP_IF_NONE_MATCH", "")
    if f'"{tag}"' not in (known := [one.strip().removeprefix("W/") for one in given.split(",")]) and "*" not in known:
        return None
    answer = HttpResponse(status=304)
    answer["ETag"] = f'"{tag}"'
    del answer["Content-Type"]
    return answer


def _allowed(told: str) -> str:
    """Give the methods of an address, always in one order; who may GET may ask for the headers alone."""
    methods = {one.strip() for one in told.split(",")}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


def _asked(view: Callable[..., HttpResponse], request: HttpRequest, args: Any, named: Any) -> HttpResponse:
    """Ask a view; HEAD is answered as GET would be, without the body (RFC 9110, 9.3.2)."""
    if request.method != "HEAD":
        return view(request, *args, **named)
    request.method = "GET"
    answer = view(request, *args, **named)
    request.method = "HEAD"
    if answer.status_code == 405:  # the address knows no GET either
        return answer
    if not answer.streaming:
        answer.headers.setdefault("Content-Length", str(len(answer.content)))
        answer.content = b""
    return answer


def finished(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Wrap a view of the door: the rate that is left on every answer, nothing kept by caches, problems throughout."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        if "\0" in request.path_info:
            answer = problem(404, "api.none", _("There is nothing at this address: it holds a NUL."))
        else:
            answer = _asked(view, request, args, named)
        if answer.status_code == 405 and "Allow" in answer:
            allowed = _allowed(answer["Allow"])
            answer = problem(405, "api.method", _("Use one of the methods {allowed} here.").format(allowed=allowed))
            answer["Allow"] = allowed
        left = getattr(request, "left", None)
        if left is not None:
            answer["RateLimit-Policy"] = f'"key";q={left.most};w=60'
            answer["RateLimit"] = f'"key";r={left.left};t={left.seconds}'
        answer.headers.setdefault("Cache-Control", "private, no-cache" if "ETag" in answer else "no-store")
        answer.headers.setdefault("Vary", "Authorization")
        return answer

    return answered
