"""Django's own error answers, in the form of the door that was asked: a page for people, the standard's for clients."""

import sys

from django.http import HttpRequest, HttpResponse

from cityloop.doors.open311 import errors as open311
from cityloop.doors.web import errors as web

OPEN311 = "/open311/"


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: the request makes no sense."""
    return open311.page(request, 400) if _client(request) else web.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: known, but not allowed."""
    return open311.page(request, 403) if _client(request) else web.forbidden(request, exception)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: no such address."""
    return open311.page(request, 404) if _client(request) else web.not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: ours to mend; 503: the database is away or too busy."""
    return open311.page(request, web.status_of(sys.exc_info()[1])) if _client(request) else web.server_error(request)


def _client(request: HttpRequest) -> bool:
    return request.path.startswith(OPEN311)
