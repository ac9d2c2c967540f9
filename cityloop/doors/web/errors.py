"""What a visitor sees when something is wrong: what, that nothing is lost, what next, a code to quote."""

import logging
import secrets
import sys
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from cityloop.ground.kit.refusal import Refusal

log = logging.getLogger("cityloop.web")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: the request makes no sense."""
    return render(request, "errors/400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: known, but not allowed."""
    return render(request, "errors/403.html", status=403)


def csrf_failure(request: HttpRequest, reason: str = "", **_: Any) -> HttpResponse:
    """403: the form was kept open too long, or cookies are off."""
    return render(request, "errors/stale_form.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: no such page."""
    return render(request, "errors/404.html", status=404)


def too_many(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """429: asked too often from there; when to come again."""
    shown = {"said": _(refusal.message).format(**refusal.params)}
    answer = render(request, "errors/429.html", shown, status=429)
    answer["Retry-After"] = str(refusal.params.get("seconds", 60))
    return answer


def server_error(request: HttpRequest) -> HttpResponse:
    """500: ours to mend, or 503: come again; drawn without the database, which may be the cause."""
    status = status_of(sys.exc_info()[1])
    code = f"E-{status}-{secrets.token_hex(2).upper()}"
    log.error("a visitor was shown %s on %s", code, route(request))
    headers = {"Retry-After": "5"} if status == 503 else {}
    return HttpResponse(render_to_string("errors/500.html", {"code": code}), status=status, headers=headers)


def status_of(error: BaseException | None) -> int:
    """Say whose fault it is: that of a database which is away or too busy passes by itself."""
    return 503 if isinstance(error, OperationalError | InterfaceError) else 500


def route(request: HttpRequest) -> str:
    """Name the page without the codes and numbers in its address, which do not belong into logs."""
    match = request.resolver_match
    return match.route if match else "an unknown page"


# What passes by itself, or what strangers send: a line each is enough, or an hour of it fills the disk.
SHORT = ("couldn't get a connection", "Invalid HTTP_HOST header")


class NoAddresses(logging.Filter):
    """Replaces the address in Django's lines about a request with the page's route; what comes often is one line."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest):
            record.args = tuple(route(request) if a == request.path else a for a in record.args or ())
        said = str(record.exc_info[1]) if record.exc_info else ""
        if said.startswith(SHORT):
            line = record.getMessage()
            record.msg, record.args = (line if said in line else f"{line} ({said})")[:300], ()
            record.exc_info = None
        return True
