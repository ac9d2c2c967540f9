"""Actions as programs send them: safe to repeat under a key, and asked for without being done."""

from collections.abc import Callable
from hashlib import sha256

import msgspec
from django.db import transaction

from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases.actions import answers
from cityloop.loops.cases.actions.answers import Asked
from cityloop.loops.cases.actions.prepare import organisations
from cityloop.loops.cases.actions.save import warm
from cityloop.loops.cases.actions.take import Taken, take
from cityloop.town.columns import real_now
from cityloop.town.orgs.authority import Scope

_encoder = msgspec.json.Encoder(order="sorted")


def asked(*, door: str, client: str, key: str, body: object) -> Asked:
    """Name a request by its idempotency key and what was sent with it."""
    answers.check_key(key)
    now = real_now()
    return Asked(door, client, key, sha256(_encoder.encode(body)).digest(), now, now - answers.DAY)


def once(by_key: Asked, work: Callable[[], str]) -> tuple[str, bool]:
    """Do the work and keep its answer, in one transaction; where that was done before, give what was answered then.

    The second value tells whether it is an answer of before. Two queries more than the work itself.
    """
    warm()
    organisations()
    before = answers.kept(by_key)
    if before is not None:
        return before, True
    try:
        with transaction.atomic():
            answer = work()
            answers.keep(by_key, answer)
            return answer, False
    except answers.Twice:
        before = answers.kept(by_key)
        if before is None:
            raise
        return before, True


def preview(*, case: int, act: Act, by: Actor, at: int, expected: int | None, scope: Scope, number: str = "") -> Taken:
    """Give what would become of an action, by taking it and undoing it all: nothing of it is kept or told."""
    warm()
    organisations()
    with transaction.atomic():
        taken = take(case=case, act=act, by=by, at=at, expected=expected, scope=scope, number=number)
        transaction.set_rollback(True)
    return taken
