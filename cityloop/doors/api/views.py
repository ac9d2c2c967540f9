"""Routes of the JSON door, version 1."""

import logging
from datetime import UTC, datetime
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError
from ninja.security import HttpBearer

from cityloop.doors.api.schemas import ActionIn, CaseOut, CollectedOut, FaultOut, OfferOut, ReportIn
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases import actions, queries
from cityloop.loops.cases.actions.take import Changed
from cityloop.loops.cases.numbers import case_id, number
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import real_now
from cityloop.town.orgs import authority
from cityloop.town.persons.queries import access_of

REPORTER = Actor(kind="reporter", role="reporter")
FAULTS = frozenset({400, 401, 403, 404, 409, 422})
PROBLEM = "application/problem+json"

log = logging.getLogger("cityloop.api")

api = NinjaAPI(title="Cityloop", version="1", urls_namespace="api-v1")


class Key(HttpBearer):
    """An access key in the header `Authorization: Bearer …`."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        access = access_of(token, real_now())
        return access.account if access is not None else None


@api.post("/reports", response={201: CollectedOut, FAULTS: FaultOut})
def report(request: HttpRequest, body: ReportIn) -> tuple[int, Any]:
    """Take a report into the book. The header `Idempotency-Key` makes repeating it safe for a day."""
    collected = actions.collect(
        report=actions.Report(channel="api", **body.dict()),
        by=REPORTER,
        at=city_clock.now(),
        door="api",
        client=request.META.get("REMOTE_ADDR", "")[:64],
        key=request.headers.get("Idempotency-Key", ""),
    )
    return 201, {"number": collected.number, "follow": collected.follow, "promise": collected.promise}


@api.get("/cases/{number}", response={200: CaseOut, FAULTS: FaultOut}, auth=Key())
def show(request: HttpRequest, number: str) -> Any:
    """Give a case."""
    return _shown(queries.by_number(number, _scope(request)))


@api.get("/cases/{number}/actions", response={200: list[OfferOut], FAULTS: FaultOut}, auth=Key())
def offered(request: HttpRequest, number: str) -> Any:
    """List what may be done with a case now."""
    scope = _scope(request)
    case = queries.by_number(number, scope)
    may, _ = queries.open_to(case, tuple(scope.actors()), city_clock.now())
    return [
        {
            "action": o.action,
            "names": o.names,
            "post": o.actor.post,
            "request": o.request,
            "fields": o.fields,
            "href": f"{request.path}/{o.action}",
        }
        for o in may
    ]


@api.post("/cases/{number}/actions/{action}", response={200: CaseOut, FAULTS: FaultOut}, auth=Key())
def act(request: HttpRequest, number: str, action: str, body: ActionIn) -> Any:
    """Take an action on a case, in the post named or the first of the account's that may."""
    scope, key = _scope(request), case_id(number)
    taken = _first_that_may(scope, key, Act(action, body.data), body)
    return _shown(taken.case)


def _first_that_may(scope: authority.Scope, case: int, wanted: Act, body: ActionIn) -> actions.Taken:
    refusal = Refusal("authority.denied", "Your post does not cover this case.")
    for actor in scope.actors():
        if body.post and actor.post != body.post:
            continue
        try:
            return actions.take(
                case=case, act=wanted, by=actor, at=city_clock.now(), expected=body.expected, scope=scope
            )
        except Refusal as error:
            if error.code not in ("loop.role", "authority.denied"):
                raise
            refusal = error
    raise refusal


def _scope(request: HttpRequest) -> authority.Scope:
    return authority.scope(request.auth, city_clock.now())  # type: ignore[attr-defined]


def _shown(case: Any) -> dict[str, Any]:
    return {
        "number": number(case),
        "state": case.state,
        "seq": case.seq,
        "matter": case.matter,
        "unit": case.unit_code,
        "lead": case.lead_org,
        "held": case.held,
        "created": _time(case.created),
        "due": _time(case.due),
        "closed": _time(case.closed),
        "resolution": case.resolution,
    }


def _time(at: int | None) -> str | None:
    if at is None:
        return None
    return datetime.fromtimestamp(at / 1_000_000, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


# --- faults ---------------------------------------------------------------------------------------

NOT_FOUND = frozenset({"cases.unknown", "cases.number"})
FORBIDDEN = frozenset({"authority.denied", "loop.role", "law.person", "law.organisation"})
CONFLICT = frozenset({"cases.changed", "cases.key.reused", "loop.state", "loop.held"})


def status_of(refusal: Refusal) -> int:
    """Give the HTTP status of a refusal."""
    if refusal.code in NOT_FOUND:
        return 404
    if refusal.code in FORBIDDEN:
        return 403
    return 409 if refusal.code in CONFLICT or isinstance(refusal, Changed) else 400


def _problem(request: HttpRequest, status: int, code: str, title: str, field: str | None) -> HttpResponse:
    said = {"type": f"/docs/refusals#{code}", "title": title, "status": status, "code": code, "field": field}
    answer = api.create_response(request, said, status=status)
    answer["Content-Type"] = PROBLEM
    return answer


@api.exception_handler(Refusal)
def refused(request: HttpRequest, error: Refusal) -> HttpResponse:
    """Say why not."""
    return _problem(request, status_of(error), error.code, str(error), error.field)


@api.exception_handler(ValidationError)
def malformed(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Name the first field that has a wrong shape."""
    first = error.errors[0]
    field = ".".join(str(part) for part in first["loc"][1:] if part != "body")
    return _problem(request, 422, "api.shape", f"{field}: {first['msg']}", field)


@api.exception_handler(DatabaseError)
def not_kept(request: HttpRequest, error: DatabaseError) -> HttpResponse:
    """Say that nothing was kept: the disk is full, the database away or too busy."""
    log.error("the database refused: %s", type(error).__name__, exc_info=error)
    title = "This could not be kept just now; nothing was written. Send it again in a little while, with the same key."
    answer = _problem(request, 503, "api.storage", title, None)
    answer["Retry-After"] = "5"
    return answer


@api.exception_handler(AuthenticationError)
def stranger(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """Ask for a key."""
    return _problem(request, 401, "api.key", "Send a valid access key: Authorization: Bearer KEY.", None)
