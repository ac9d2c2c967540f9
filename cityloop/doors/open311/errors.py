"""Everything that can go wrong, as the specification wants it: a list of code and description, in either form."""

import logging
import secrets
from collections.abc import Iterable

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _

from cityloop.doors.open311.formats import TYPES, Said, chosen, rendered
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean

log = logging.getLogger("cityloop.open311")

STATUS = {
    "open311.jurisdiction": 404, "open311.nothing": 404, "open311.token": 404, "catalog.matter.unknown": 404,
    "cases.unknown": 404, "cases.number": 404, "files.unknown": 404,
    "open311.key": 403, "open311.key.scope": 403, "open311.method": 405, "cases.key.reused": 409,
    "open311.large": 413, "files.photo.big": 413, "persons.key.pace": 429,
    "persons.codes.pace": 429,
    "units.none": 503, "catalog.none": 503, "open311.storage": 503,
}  # fmt: skip
# What our fields are called here.
FIELDS = {
    "lon": "long", "words": "description", "matter": "service_code", "unit": "address_id",
    "address": "address_string", "key": "Idempotency-Key", "photos": "media", "photo": "media",
    "number": "service_request_id", "name": "first_name", "radius_m": "radius", "file": "media",
}  # fmt: skip


class Faults(Exception):
    """Several things that are wrong with one request."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals = list(refusals)
        super().__init__(", ".join(refusal.code for refusal in self.refusals))


KNOWN = (
    Refusal, Faults, Http404, BadRequest, SuspiciousOperation, MultiPartParserError, UnreadablePostError,
    DatabaseError,
)  # fmt: skip


def said_of(error: Exception) -> Said:
    """Say what was wrong, whatever it was."""
    refusals = error.refusals if isinstance(error, Faults) else [_refusal(error)]
    status = max(STATUS.get(refusal.code, 400) for refusal in refusals)
    headers = {"Retry-After": "5" if status == 503 else "60"} if status in (429, 503) else {}
    return _said(status, [described(refusal) for refusal in refusals], headers)


def described(refusal: Refusal) -> str:
    """Give a refusal as a sentence in the visitor's language, the field first."""
    sentence = _(refusal.message).format(**refusal.params) if refusal.params else _(refusal.message)
    name = FIELDS.get(refusal.field or "", refusal.field or "")
    return clean(f"{name}: {sentence}" if name else sentence)


def _refusal(error: Exception) -> Refusal:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, Http404):
        return nothing()
    if isinstance(error, RequestDataTooBig):
        return large()
    if isinstance(error, DatabaseError):
        log.error("the database refused: %s", type(error).__name__, exc_info=error)
        return Refusal(
            "open311.storage",
            "This could not be kept just now; nothing was written. Send it again in a little while.",
        )
    return Refusal("open311.malformed", "The request cannot be read; send it as a form or as JSON, in UTF-8.")


def nothing() -> Refusal:
    """Say that there is nothing at an address."""
    return Refusal("open311.nothing", "There is nothing at this address; ask for an Open311 resource as .json or .xml.")


def large() -> Refusal:
    """Say that too much was sent."""
    return Refusal("open311.large", "This is too large; send fewer or smaller photos, or less text.")


def _said(status: int, descriptions: list[str], headers: dict[str, str] | None = None) -> Said:
    errors = [{"code": status, "description": text} for text in descriptions]
    return Said("errors", errors, headers or {}, status)


def unexpected(error: Exception) -> Said:
    """Say that the fault is ours, with a code to quote."""
    code = f"E-500-{secrets.token_hex(2).upper()}"
    log.error("a client was answered %s", code, exc_info=error)
    sentence = _("Something went wrong on our side. Tell the city this code: {code}.").format(code=code)
    return _said(500, [sentence])


# --- what Django itself would answer with a page --------------------------------------------------


def page(request: HttpRequest, status: int) -> HttpResponse:
    """Answer in place of Django's own error page of this status."""
    extension = request.path.rpartition(".")[2]
    sentence = {
        400: _("The request cannot be read; send it as a form or as JSON, in UTF-8."),
        403: _("This is not allowed."),
        404: _(nothing().message),
    }.get(status, _("Something went wrong on our side; send it again in a little while."))
    form, headers = chosen(request, extension), {"Retry-After": "5"} if status == 503 else {}
    return rendered(_said(status, [sentence], headers), form if form in TYPES else "xml")
