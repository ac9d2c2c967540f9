"""One action on several cases: each answered by itself, or only asked what would become of it."""

from hashlib import sha256
from typing import Any

from django.http import HttpRequest, HttpResponse
from msgspec.json import decode

from cityloop.doors.api import problems, shown
from cityloop.doors.api.answers import encode, said
from cityloop.doors.api.bodies import json_body
from cityloop.doors.api.door import ACT, api, client_of, scope_of
from cityloop.doors.api.openapi import can
from cityloop.doors.api.routes.acting import first_that_may
from cityloop.doors.api.schemas import BulkOut
from cityloop.doors.api.schemas_in import BulkIn
from cityloop.doors.api.times import maybe
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.snapshot import GONE, Act
from cityloop.loops.cases import actions, behind, numbers
from cityloop.town.orgs.authority import Scope


@api.post("/cases/actions/{action}", response=can(BulkOut, 200, "key body once"), auth=ACT, tags=["actions"])
def several(request: HttpRequest, action: str, body: BulkIn) -> HttpResponse:
    """Take one action on at most 100 cases. Each is answered by itself, with the status it would have alone.

    With `preview` nothing is done: it says where each case would stand, with whom, and how many reporters it has.
    """
    json_body(request)
    scope = scope_of(request)
    followed = _followed(scope, body.numbers) if body.preview else {}
    wanted = list(dict.fromkeys(one.strip().upper() for one in body.numbers))
    results = [_each(request, scope, number, action, body, followed) for number in wanted]
    return said({"preview": body.preview, "results": results})


def _followed(scope: Scope, names: list[str]) -> dict[int, tuple[str, int]]:
    """Give the present state and the number of reports of each case that may be seen. Two queries."""
    ids = []
    for name in names:
        try:
            ids.append(numbers.case_id(name))
        except Refusal:
            continue
    return behind.standing(scope, ids)


def _each(
    request: HttpRequest, scope: Scope, number: str, action: str, body: BulkIn, followed: dict[int, tuple[str, int]]
) -> dict[str, Any]:
    try:
        if body.preview:
            return {"number": number, "status": 200, "would": _would(scope, number, action, body, followed)}
        return {"number": number, "status": 200, "case": _done(request, scope, number, action, body)}
    except Refusal as refusal:
        return {"number": number, "status": problems.status_of(refusal), "problem": problems.of(refusal)}


def _would(
    scope: Scope, number: str, action: str, body: BulkIn, followed: dict[int, tuple[str, int]]
) -> dict[str, Any]:
    case = numbers.case_id(number)
    if case not in followed:
        raise Refusal("cases.unknown", "There is no such case.", field="number")
    was, reports = followed[case]
    taken = first_that_may(scope, number, Act(action, body.data), body.post, None, only_ask=True)
    return {
        "state": taken.snapshot.state,
        "was": was,
        "due": maybe(taken.case.due),
        "organisations": [shown.key_of(part.org) for part in taken.snapshot.parts if part.state not in GONE],
        "reporters": reports,
    }


def _done(request: HttpRequest, scope: Scope, number: str, action: str, body: BulkIn) -> dict[str, Any]:
    again = request.headers.get("Idempotency-Key", "")

    def work() -> str:
        taken = first_that_may(scope, number, Act(action, body.data), body.post, None)
        return encode(shown.taken(taken.case)).decode()

    if not again:
        return dict(decode(work()))
    sent = {"key": again, "number": number, "action": action, "data": body.data, "post": body.post}
    mine = sha256(f"{number}\n{again}".encode()).hexdigest()  # the key of one case of several
    by_key = actions.asked(door="api.bulk", client=client_of(request), key=mine, body=sent)
    return dict(decode(actions.once(by_key, work)[0]))
