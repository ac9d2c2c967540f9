"""What went wrong, as `application/problem+json` (RFC 9457)."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.csrf import csrf_exempt

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean
from cityloop.loops.cases.actions.take import Changed

PROBLEM = "application/problem+json"
TYPES = "/api/v1/problems"  # a page that says what each status and code means (`routes/about.py`)
NOT_FOUND = frozenset({
    "cases.unknown", "cases.number", "components.unknown", "files.unknown", "orgs.post.unknown",
    "orgs.holding.unknown", "units.code.unknown", "codes.length", "hooks.unknown", "api.none", "kit.plate.unknown",
    "sensing.alarm.unknown", "sensing.camera.unknown", "sensing.detector.unknown",
    "imagery.unknown",
})  # fmt: skip
FORBIDDEN = frozenset(
    {
        "authority.denied",
        "loop.role",
        "law.person",
        "law.organisation",
        "api.scope",
        "authority.signature",
        "orgs.holding.self",
        "orgs.gain.self",
    }
)
CONFLICT = frozenset({
    "cases.changed", "catalog.changed", "orgs.key.taken", "orgs.holding.held", "orgs.holding.over", "cases.key.reused",
    "orgs.setter.last",
    "catalog.plate.on", "catalog.plate.off", "catalog.plate.same", "catalog.matter.twice",
    "loop.state", "loop.held", "hooks.many", "persons.username.taken", "sensing.alarm.changed",
    "persons.account.open", "persons.account.erased",
    "sensing.detection.again",
})  # fmt: skip
STATUS = {
    "units.none": 503, "catalog.none": 503, "api.media": 415, "api.large": 413, "files.photo.big": 413,
    "api.shape": 422, "api.match": 412, "api.method": 405,
}  # fmt: skip
# What each status means: the `title` of every problem with it.
WORDS = {
    400: gettext_noop("Not understood, or not possible as asked"), 401: gettext_noop("No valid key"),
    403: gettext_noop("Not with this key or post"), 404: gettext_noop("Not there, or not for you"),
    405: gettext_noop("Another method than is taken here"), 409: gettext_noop("In conflict with what is"),
    412: gettext_noop("It has changed since you read it"), 413: gettext_noop("Too large"),
    415: gettext_noop("Another media type than is taken here"), 422: gettext_noop("A field has a wrong shape"),
    429: gettext_noop("Too many requests"), 503: gettext_noop("Not now; try again"),
}  # fmt: skip
_encoder = msgspec.json.Encoder()


class TooMany(Exception):
    """A key asked more often than it may."""


class Moved(Refusal):
    """What is to be changed is no longer what `If-Match` names: the version now, and what was done to it last."""

    def __init__(
        self,
        code: str,
        message: str,
        field: str,
        *,
        tag: str = "",
        changes: Sequence[Mapping[str, Any]] | None = None,
        **params: Any,
    ) -> None:
        super().__init__(code, message, field, **params)
        self.tag, self.changes = tag, changes


def of_moved(error: Moved) -> HttpResponse:
    """Answer that somebody else was quicker, with what they did."""
    told = of(error)
    if error.changes is not None:
        told["changes"] = error.changes
    answer = HttpResponse(_encoder.encode(told), status=told["status"], content_type=PROBLEM)
    if error.tag:
        answer["ETag"] = f'"{error.tag}"'
    return answer


def status_of(refusal: Refusal) -> int:
    """Give the HTTP status of a refusal."""
    if refusal.code in NOT_FOUND:
        return 404
    if refusal.code in FORBIDDEN:
        return 403
    if refusal.code in CONFLICT or isinstance(refusal, Changed):
        return 409
    return STATUS.get(refusal.code, 400)


def spoken(refusal: Refusal) -> str:
    """Give a refusal in the language that was asked for: the sentence is translated first, then filled."""
    sentence = _(refusal.message)
    return clean(sentence.format(**refusal.params) if refusal.params else sentence)[:500]


def field_of(refusal: Refusal) -> str | None:
    """Name what a refusal is about as a client knows it: a key of its own stands in a header."""
    return "Idempotency-Key" if refusal.code.startswith("cases.key.") else refusal.field


def described(status: int, code: str, detail: str, field: str | None = None) -> dict[str, Any]:
    """Give a problem as a table: in an answer of its own, or one of several in a list."""
    title = _(WORDS[status])
    return {
        "type": f"{TYPES}#{code}", "title": title, "status": status, "detail": detail, "code": code, "field": field,
    }  # fmt: skip


def of(refusal: Refusal) -> dict[str, Any]:
    """Give a refusal as a table."""
    return described(status_of(refusal), refusal.code, spoken(refusal), field_of(refusal))


def problem(status: int, code: str, detail: str, field: str | None = None) -> HttpResponse:
    """Answer with a problem."""
    told = _encoder.encode(described(status, code, detail, field))
    return HttpResponse(told, status=status, content_type=PROBLEM)


@csrf_exempt
def nothing_here(request: HttpRequest) -> HttpResponse:
    """Answer at an address of the door that leads nowhere."""
    return problem(404, "api.none", _("There is nothing at this address; /api/v1/openapi.json lists what there is."))
