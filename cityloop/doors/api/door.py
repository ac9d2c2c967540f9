"""The door itself: who comes in, and what is said to whom does not get through."""

import logging
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer

from cityloop.doors.api import openapi
from cityloop.doors.api.bodies import json_body
from cityloop.doors.api.problems import Moved, TooMany, field_of, of_moved, problem, spoken, status_of
from cityloop.ground.kit import shape
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import real_now
from cityloop.town.orgs import authority
from cityloop.town.persons import pace
from cityloop.town.persons.queries import Access, access_of

log = logging.getLogger("cityloop.api")


class Door(NinjaAPI):
    """The JSON door with a document that is true."""

    def get_openapi_schema(self, *args: Any, **named: Any) -> Any:
        """Give the OpenAPI document, finished by ours."""
        return openapi.finish(super().get_openapi_schema(*args, **named), self)


api = Door(
    title="Cityloop", version="1", urls_namespace="api-v1", description=openapi.ABOUT, openapi_url=None,
    docs_url=None,
)  # fmt: skip


class Key(HttpBearer):
    """An access key in the header `Authorization: Bearer …`, good for `wanted` and not asked too often."""

    def __init__(self, wanted: str) -> None:
        super().__init__()
        self.wanted = wanted

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        access = access_of(token, real_now())
        if access is None:
            return None
        left = pace.count(access.key, token, access.per_minute)
        request.left = left  # type: ignore[attr-defined]
        if left.refused:
            raise TooMany
        if self.wanted not in access.scopes:
            raise Refusal(
                "api.scope", "This key is not good for this: it needs the scope {scope}.", "scope", scope=self.wanted
            )
        return access


READ, ACT, HOOKS, SETUP = Key("read"), Key("act"), Key("hooks"), Key("setup")


class Anybody:
    """Lets in who shows no key at all; a wrong key is still refused."""

    def __call__(self, request: HttpRequest) -> Any:
        return None if "HTTP_AUTHORIZATION" in request.META else True


def access(request: HttpRequest) -> Access:
    """Give what the key of a request allows."""
    found: Access = request.auth  # type: ignore[attr-defined]
    return found


def client_of(request: HttpRequest) -> str:
    """Name who sends, for idempotency keys: the access key, else the address."""
    known = getattr(request, "auth", None)
    return f"key:{known.key}" if isinstance(known, Access) else request.META.get("REMOTE_ADDR", "")[:64]


def scope_of(request: HttpRequest) -> authority.Scope:
    """Give what the account behind the key may see now. One query a request."""
    return authority.scope(access(request).account, city_clock.now())


# --- what does not get through --------------------------------------------------------------------


@api.exception_handler(Refusal)
def refused(request: HttpRequest, error: Refusal) -> HttpResponse:
    """Say why not."""
    if isinstance(error, Moved):
        return of_moved(error)
    return problem(status_of(error), error.code, spoken(error), field_of(error))


@api.exception_handler(ValidationError)
def malformed(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Name the first field that has a wrong shape."""
    first = error.errors[0]
    field = _place_of(first["loc"])
    return problem(422, "api.shape", spoken(shape.told(first, "api.shape", field, field)), field)


def _place_of(loc: Sequence[Any]) -> str:
    """Name a place in what was sent: where any of several kinds would do, pydantic ends with the kind it tried."""
    way = [str(part) for part in loc[1:] if part not in ("body", "query")]
    while len(way) > 1 and (way[-1] in ("bool", "int", "float", "str") or "[" in way[-1]):
        way.pop()
    return ".".join(way)[:200] or "body"


@api.exception_handler(DatabaseError)
def not_kept(request: HttpRequest, error: DatabaseError) -> HttpResponse:
    """Say that nothing was kept: the disk is full, the database away or too busy."""
    log.error("the database refused: %s", type(error).__name__, exc_info=error)
    detail = _(
        "This could not be kept just now; nothing was written. Send it again in a little while, with the same key."
    )
    answer = problem(503, "api.storage", detail)
    answer["Retry-After"] = "5"
    return answer


@api.exception_handler(AuthenticationError)
def stranger(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """Ask for a key."""
    answer = problem(401, "api.key", _("Send a valid access key: Authorization: Bearer KEY."))
    answer["WWW-Authenticate"] = 'Bearer realm="cityloop"'
    return answer


@api.exception_handler(TooMany)
def too_many(request: HttpRequest, error: TooMany) -> HttpResponse:
    """Say when to come again."""
    left = request.left  # type: ignore[attr-defined]
    if getattr(request, "auth", None) is None:
        detail = _("This key may make {most} requests a minute; come again in {seconds} seconds.")
    else:
        detail = _("Without a key one may make {most} requests a minute; come again in {seconds} seconds.")
    answer = problem(429, "api.rate", detail.format(most=left.most, seconds=left.seconds))
    answer["Retry-After"] = str(left.seconds)
    return answer


@api.exception_handler(HttpError)
def unread(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Say that a body could not be read; of one that says it is no JSON, say that."""
    try:
        json_body(request)
    except Refusal as refusal:
        return refused(request, refusal)
    return problem(error.status_code, "api.body", _("The body is not readable as JSON in UTF-8."))


@api.exception_handler(RequestDataTooBig)
def too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    """Say that a body is too large."""
    return problem(413, "api.large", _("This body is larger than 4 MB."))


@api.exception_handler(UnreadablePostError)
def broken_off(request: HttpRequest, error: UnreadablePostError) -> HttpResponse:
    """Say that a body broke off; whoever sent it has mostly gone."""
    return problem(400, "api.body", _("The body broke off before its end."))


@api.exception_handler(RecursionError)
def too_deep(request: HttpRequest, error: RecursionError) -> HttpResponse:
    """Say that a body is nested too deeply to be read."""
    return problem(400, "api.body", _("The body is nested too deeply."))
