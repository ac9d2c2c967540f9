"""What may be done with a case, and doing it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from cityloop.doors.api import fields, shown
from cityloop.doors.api.answers import encode, said, written
from cityloop.doors.api.bodies import json_body
from cityloop.doors.api.door import ACT, READ, api, client_of, scope_of
from cityloop.doors.api.openapi import can
from cityloop.doors.api.problems import Moved
from cityloop.doors.api.schemas import OffersOut, TakenOut
from cityloop.doors.api.schemas_in import ActionIn
from cityloop.doors.api.settings import named_tags
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural
from cityloop.ground.loop.offers import Denied, Offer
from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases import actions, conditions, numbers, queries
from cityloop.loops.cases.actions.take import Changed
from cityloop.loops.cases.loop import pinned
from cityloop.town.calendar.clock import city_clock
from cityloop.town.orgs.authority import Scope

OTHERS = ("loop.role", "loop.proof.unasked", "authority.denied")  # another of the account's posts may yet do


@api.get("/cases/{number}/actions", response=can(OffersOut, 200, "key path"), auth=READ, tags=["actions"])
def offered(request: HttpRequest, number: str) -> HttpResponse:
    """List what may be done with a case now: each with its address and the JSON Schema of its body."""
    scope, now = scope_of(request), city_clock.now()
    case = queries.by_number(number, scope)
    may, not_yet = queries.open_to(case, queries.actors_for(case, scope), now)
    about = (pinned(case.definition), queries.snapshot_of(case))
    return said({
        "number": numbers.number(case),
        "seq": case.seq,
        "offers": [_offer(fields.About(*about, offer, case.unit_code, now), case) for offer in may],
        "denied": [_denied(one) for one in not_yet],
    })  # fmt: skip


def _offer(about: fields.About, case: Any) -> dict[str, Any]:
    offer: Offer = about.offer
    return {
        "action": offer.action,
        "names": dict(offer.names),
        "post": offer.actor.post,
        "role": offer.actor.role,
        "request": offer.request,
        "part": offer.part,
        "to": offer.to,
        "method": "POST",
        "href": f"{shown.href(numbers.number(case))}/actions/{offer.action}",
        "condition": conditions.judged(offer.action, about.snapshot),
        "body": fields.body(about, case.seq),
    }


def _denied(one: Denied) -> dict[str, Any]:
    return {"action": one.action, "names": dict(one.names), "code": one.code, "reason": gettext(one.reason)}


@api.post(
    "/cases/{number}/actions/{action}", response=can(TakenOut, 200, "key path body once match"), auth=ACT,
    tags=["actions"],
)  # fmt: skip
def act(request: HttpRequest, number: str, action: str, body: ActionIn) -> HttpResponse:
    """Take an action on a case, in the post named or the first of the account's that may.

    `expected` or `If-Match` name the step the sender saw; `Idempotency-Key` makes repeating it safe for a day.
    """
    json_body(request)
    scope, expected = scope_of(request), _expected(request, number, body.expected)
    again = request.headers.get("Idempotency-Key", "")

    def work() -> str:
        taken = first_that_may(scope, number, Act(action, body.data), body.post, expected)
        return encode(shown.taken(taken.case)).decode()

    try:
        answer, _ = _once(request, again, number, action, body, work) if again else (work(), False)
    except Changed as error:
        if "HTTP_IF_MATCH" not in request.META:
            raise
        raise Moved("api.match", error.message, "If-Match", **error.params) from None
    return written(answer.encode(), tag=str(_seq(answer)))


def _once(request: HttpRequest, key: str, number: str, action: str, body: ActionIn, work: Any) -> tuple[str, bool]:
    sent = {"number": number, "action": action, **body.dict()}
    by_key = actions.asked(door="api.act", client=client_of(request), key=key, body=sent)
    return actions.once(by_key, work)


def _seq(answer: str) -> int:
    begin = answer.index('"seq":') + 6
    return int(answer[begin : answer.index(",", begin)])


def _expected(request: HttpRequest, number: str, given: int | None) -> int | None:
    """Read the step that `If-Match` names, of several the last one taken; `*` asks for none in particular."""
    tags = named_tags(request)
    if not tags:
        return given
    named = [seq for tag in tags if (seq := natural(tag.partition(".")[0])) is not None]
    if not named:
        raise Moved("api.match", "If-Match names no step of this case; read it again.", "If-Match")
    if len(named) == 1:
        return named[0]
    present = queries.by_number(number, scope_of(request)).seq
    return present if present in named else named[0]


def first_that_may(
    scope: Scope, number: str, wanted: Act, post: int | None, expected: int | None, *, only_ask: bool = False
) -> actions.Taken:
    """Take an action in the post named, or in the first that may; with `only_ask` nothing of it is kept."""
    case = numbers.case_id(number)
    refusal = Refusal("authority.denied", "Your post does not cover this case.")
    for actor in scope.actors():
        if post and actor.post != post:
            continue
        try:
            do = actions.preview if only_ask else actions.take
            now = city_clock.now()
            return do(case=case, act=wanted, by=actor, at=now, expected=expected, scope=scope, number=number)
        except Refusal as error:
            if error.code not in OTHERS:
                raise
            refusal = error
    raise refusal
