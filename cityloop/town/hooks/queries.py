"""Reads of subscriptions and deliveries."""

from django.db.models import Q, QuerySet

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.hooks.models import Delivery, Subscription
from cityloop.town.persons.models import Account


def going(at: int) -> QuerySet[Subscription]:
    """Select what is sent for: not parked, and neither its key nor its account has ended."""
    alive = Q(key=None) | Q(key__expires__gt=at)
    return Subscription.objects.filter(alive, parked=None, account__is_active=True)


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
