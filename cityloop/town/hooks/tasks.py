"""Sending what is due: called by the steward again and again, done on threads of their own.

A subscription has one runner at a time, so its events go out in order; one that hangs holds up no other and not the
steward. No transaction is open and no connection of PostgreSQL's pool is held while the network is waited for.
"""

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import close_old_connections, connection

from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import real_now
from cityloop.town.hooks import actions, rules, signing
from cityloop.town.hooks.models import Subscription
from cityloop.town.hooks.ports import Steps
from cityloop.town.hooks.queries import going
from cityloop.town.hooks.sending import Answer, Line
from cityloop.town.orgs import authority
from cityloop.town.units.queries import city

RUNNERS = 8
RUN = 20.0  # seconds for which one runner stays with a subscription before others have their turn
AT_ONCE = 100

log = logging.getLogger("cityloop.hooks")
_pool = ThreadPoolExecutor(RUNNERS, thread_name_prefix="hooks")
_running: set[Future[int]] = set()


def deliver() -> int:
    """Set runners to the subscriptions that are due; give how many. Never waits for the network."""
    free = RUNNERS - len(_running)
    claimed = actions.claim(at=real_now(), most=free) if free else []
    for number in claimed:
        task = _pool.submit(_alone, number)
        _running.add(task)
        task.add_done_callback(_running.discard)
    return len(claimed)


def forget() -> int:
    """Take away old deliveries."""
    return actions.forget_deliveries(at=real_now())


def _alone(number: int) -> int:
    close_old_connections()
    try:
        return run(number)
    except Exception:
        log.exception("webhook %s broke off; it is taken up again when its lease ends", number)
        raise
    finally:
        connection.close()


def run(number: int) -> int:
    """Send what a claimed subscription has not had yet, in order; give how many events were taken."""
    row = Subscription.objects.select_related("account").filter(pk=number, parked=None).first()
    if row is None:
        return 0
    line, sent = Line(row.url, inside=settings.HOOKS_INSIDE, seconds=settings.HOOKS_SECONDS), 0
    until = time.monotonic() + RUN
    try:
        while time.monotonic() < until:
            taken, more = _portion(row, line, until)
            sent += taken
            if not more:
                break
    finally:
        line.close()
        actions.release(subscription=row)
    return sent


def _portion(row: Subscription, line: Line, until: float) -> tuple[int, bool]:
    """Send some events; give how many were taken, and whether there may be more to send now."""
    if not going(real_now()).filter(pk=row.pk).exists():  # its key or its account ended meanwhile
        return 0, False
    steps: Any = import_module(settings.WIRING).PORTS[Steps]
    scope = authority.scope(row.account, city_clock.now())
    last, found = steps(scope, row.offset, AT_ONCE)
    wanted = [(offset, facts) for offset, facts in found if not row.wants or facts["what"] in row.wants]
    for count, (offset, facts) in enumerate(wanted):
        if time.monotonic() >= until:
            return count, False
        if not _one(row, line, offset, facts):
            return count, False
        row.offset = offset
    if last == row.offset:
        return len(wanted), bool(wanted)
    row.offset = last
    return len(wanted), actions.note_passed(subscription=row, offset=last)


def _one(row: Subscription, line: Line, offset: int, facts: dict[str, Any]) -> bool:
    body = rules.body(rules.event(city().key, offset, facts))
    answer = post(row, line, f"msg_{row.pk}_{offset}", body)
    if answer.taken:
        return actions.note_delivered(subscription=row, offset=offset, facts=facts, status=answer.status, at=real_now())
    actions.note_failed(subscription=row, offset=offset, facts=facts, answer=answer, at=real_now())
    return False


def post(row: Subscription, line: Line, message: str, body: bytes) -> Answer:
    """Sign and send one message; the database connection goes back to its pool before."""
    secret = row.secret.open() if hasattr(row.secret, "open") else str(row.secret)
    headers = signing.headers(secret, message, real_now() // rules.SECOND, body)
    if not connection.in_atomic_block:
        connection.close()
    return line.send(body, headers)


def ping(row: Subscription) -> Answer:
    """Send an event that only tries whether the other side answers. Nothing of it is kept."""
    now = real_now()
    line = Line(row.url, inside=settings.HOOKS_INSIDE, seconds=settings.HOOKS_SECONDS)
    try:
        return post(row, line, f"ping_{row.pk}_{now}", rules.body(rules.ping(city().key, now)))
    finally:
        line.close()
