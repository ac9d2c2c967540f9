"""The only writer of subscriptions and deliveries. Times are real: a city clock that is held must hold up nobody."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean
from cityloop.ground.loop.actor import Actor
from cityloop.town.calendar.clock import city_clock
from cityloop.town.hooks import queries, rules, signing
from cityloop.town.hooks.models import Delivery, Subscription
from cityloop.town.hooks.sending import Answer
from cityloop.town.ledger.actions import record
from cityloop.town.ledger.queries import last_offset, offset_at
from cityloop.town.notices.actions import tell
from cityloop.town.persons.models import Account

MOST = 20
GONE = 410
LEASE = 120 * rules.SECOND
KEPT = 30 * 86_400 * rules.SECOND

log = logging.getLogger("cityloop.hooks")


@transaction.atomic
def subscribe(
    *, account: Account, url: str, label: str, kinds: Iterable[str], by: Actor, at: int, key: int = 0
) -> tuple[Subscription, str]:
    """Let an account be told of steps from now on; give the subscription and its secret, which is shown only now.

    Asked once more with the same key for the same steps at the same address it is the one that is there, without its
    secret: whoever repeats what got no answer is not told everything twice. `key` is the id of the access key.
    """
    plain, wanted = rules.address(url.strip(), inside=settings.HOOKS_INSIDE).geturl(), " ".join(sorted(set(kinds)))
    Account.objects.select_for_update().get(pk=account.pk)  # of two at once the second finds what the first made
    if same := Subscription.objects.filter(account=account, key=key or None, url=plain, kinds=wanted).first():
        return same, ""
    if Subscription.objects.filter(account=account).count() >= MOST:
        raise Refusal("hooks.many", "An account has at most {most} webhooks; end one first.", "url", most=MOST)
    secret = signing.new_secret()
    made = Subscription.objects.create(
        account=account,
        key_id=key or None,
        url=plain,
        label=clean(label)[:60],
        kinds=wanted,
        secret=secret,
        created=at,
        offset=last_offset(),
        next_at=at,
    )
    _record(made, "opened", by, {"account": account.pk})
    return made, secret


@transaction.atomic
def end(*, subscription: Subscription, by: Actor) -> None:
    """End a subscription and forget what was sent for it."""
    _record(subscription, "ended", by, {"account": subscription.account_id})
    subscription.delete()


@transaction.atomic
def replay(
    *, subscription: Subscription, by: Actor, at: int, offset: int | None = None, time: int | None = None, key: int = 0
) -> int:
    """Send again from an offset, or from the first step recorded at a time; give the offset begun with.

    A parked subscription goes on with it, and from now on as long as the access key that asked (`key`). What is just
    being sent is not sent again before it ended.
    """
    if (offset is None) == (time is None):
        raise Refusal("hooks.from", "Name either an offset or a time to begin from.", "offset")
    first, end = offset if offset is not None else offset_at(time or 0), last_offset()
    if first > end + 1:  # a slip of the hand would pass over all that still waits
        raise Refusal("hooks.beyond", "The ledger ends at the offset {end}; begin there or before.", "offset", end=end)
    if time is not None and time > at:
        raise Refusal("hooks.future", "Name a time that has passed.", "time")
    row = Subscription.objects.select_for_update().get(pk=subscription.pk)
    row.offset, row.replayed, row.key_id = first - 1, row.replayed + 1, key or row.key_id
    row.next_at, row.tries, row.failing_since, row.parked, row.error = at, 0, None, None, ""
    row.save()
    _record(row, "replayed", by, {"from": first})
    return first


def _record(row: Subscription, what: str, by: Actor, data: dict[str, int]) -> None:
    record(subject=f"hook:{row.pk}", kind="hook", what=what, by=by, at=city_clock.now(), data=data)


# --- sending --------------------------------------------------------------------------------------


def claim(*, at: int, most: int) -> list[int]:
    """Take the subscriptions that are due and free, for one runner each; give their ids. One query where none is."""
    waiting = queries.going(at).filter(next_at__lte=at, leased__lte=at)
    due = list(waiting.filter(offset__lt=last_offset()).order_by("next_at").values_list("pk", flat=True)[:most])
    return [
        pk for pk in due if Subscription.objects.filter(pk=pk, parked=None, leased__lte=at).update(leased=at + LEASE)
    ]


def release(*, subscription: Subscription) -> None:
    """Let the next runner have a subscription."""
    Subscription.objects.filter(pk=subscription.pk).update(leased=0)


def note_passed(*, subscription: Subscription, offset: int) -> bool:
    """Note that all steps up to an offset are dealt with; False where a replay has begun meanwhile."""
    mine = Subscription.objects.filter(pk=subscription.pk, replayed=subscription.replayed)
    return mine.update(offset=offset) == 1


@transaction.atomic
def note_delivered(*, subscription: Subscription, offset: int, facts: Mapping[str, Any], status: int, at: int) -> bool:
    """Note that an event was taken; False where a replay has begun meanwhile, which then goes first."""
    mine = Subscription.objects.filter(pk=subscription.pk, replayed=subscription.replayed)
    kept = mine.update(offset=offset, tries=0, failing_since=None, error="", next_at=at)
    if kept:
        _deliver(subscription, offset, facts, Answer(status), at)
    return kept == 1


@transaction.atomic
def note_failed(*, subscription: Subscription, offset: int, facts: Mapping[str, Any], answer: Answer, at: int) -> None:
    """Note that an event was not taken: tried again later, after three days (or a 410) parked, and that is said."""
    row = Subscription.objects.select_for_update().filter(pk=subscription.pk, replayed=subscription.replayed).first()
    if row is None:
        return
    row.tries, row.error, row.leased = row.tries + 1, answer.error, 0
    row.failing_since = row.failing_since or at
    row.next_at = at + rules.wait(row.tries)
    if at - row.failing_since >= rules.GIVE_UP or answer.status == GONE:
        row.parked = at
        _say_parked(row)
    row.save()
    _deliver(row, offset, facts, answer, at)


def _say_parked(row: Subscription) -> None:
    log.warning("webhook %s is parked: %s", row.pk, row.error)
    params = {"number": str(row.pk), "label": row.label, "error": row.error}
    event = f"hook:{row.pk}@{row.parked}"
    tell(
        event=event, kind="webhook_parked", subject=f"hook:{row.pk}", params=params, at=city_clock.now(),
        account=row.account_id,
    )  # fmt: skip


_DELIVERY = (
    f'INSERT INTO "{Delivery._meta.db_table}"'
    ' ("subscription_id", "offset", "what", "number", "at", "tries", "status", "error", "delivered")'
    " VALUES (%s, %s, %s, %s, %s, 1, %s, %s, %s)"
    ' ON CONFLICT ("subscription_id", "offset") DO UPDATE SET "at" = excluded."at",'
    f' "tries" = "{Delivery._meta.db_table}"."tries" + 1, "status" = excluded."status",'
    ' "error" = excluded."error", "delivered" = excluded."delivered"'
)


def _deliver(row: Subscription, offset: int, facts: Mapping[str, Any], answer: Answer, at: int) -> None:
    values = [row.pk, offset, facts["what"], facts["number"], at, answer.status, answer.error[:200], answer.taken]
    with connection.cursor() as cursor:
        cursor.execute(_DELIVERY, values)


def forget_deliveries(*, at: int) -> int:
    """Take away what was sent more than thirty days ago; give how much."""
    return Delivery.objects.filter(at__lt=at - KEPT).delete()[0]
