"""Reads of subscriptions and deliveries."""

from django.db.models import Min, Q, QuerySet

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.hooks.models import Delivery, Subscription
from cityloop.town.ledger.queries import last_offset, recorded_at
from cityloop.town.persons.models import Account


def going(at: int) -> QuerySet[Subscription]:
    """Select what is sent for: not parked, and neither its key nor its account has ended."""
    alive = Q(key=None) | Q(key__expires__gt=at)
    return Subscription.objects.filter(alive, parked=None, account__is_active=True)


def longest_waiting(at: int) -> int:
    """Give how old the oldest step is that one that is sent for has not had yet, 0 where all had all. Three queries."""
    first = going(at).filter(offset__lt=last_offset()).aggregate(first=Min("offset"))["first"]
    recorded = None if first is None else recorded_at(first + 1)
    return 0 if recorded is None else at - recorded


def parked() -> int:
    """Give how many were given up. One query."""
    return Subscription.objects.filter(parked__isnull=False).count()


def paused(at: int) -> int:
    """Give how many wait for a key or an account that ended. One query."""
    ended = Q(account__is_active=False) | Q(key__expires__lte=at)
    return Subscription.objects.filter(ended, parked=None).count()


def of(account: Account) -> list[Subscription]:
    """Give the subscriptions of an account, the newest first. One query."""
    return list(Subscription.objects.filter(account=account).select_related("account", "key").order_by("-id"))


def one(account: Account, number: int) -> Subscription:
    """Give a subscription of this account; to others it does not exist. One query."""
    mine = Subscription.objects.filter(account=account).select_related("account", "key")
    found = mine.filter(pk=number).first() if 0 < number < 2**63 else None
    if found is None:
        raise Refusal("hooks.unknown", "There is no such webhook.", field="webhook")
    return found


def deliveries(subscription: Subscription, before: int | None, most: int) -> list[Delivery]:
    """Give what was sent for a subscription, the newest steps first, below an offset. One query."""
    rows = Delivery.objects.filter(subscription=subscription).order_by("-offset")
    return list((rows if before is None else rows.filter(offset__lt=before))[:most])
