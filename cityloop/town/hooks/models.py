"""Subscriptions and what was sent. Only this room's actions write them."""

from django.db import models
from django.db.models import Q

from cityloop.town.columns import InstantField
from cityloop.town.persons.fields import EncryptedField
from cityloop.town.persons.models import AccessKey, Account


class Subscription(models.Model):
    """Where an account wants steps to be sent. `offset` is the last one dealt with; times are real.

    It goes on as long as its account and the access key that asked for it, which is not known of the oldest.

    `next_at` is when it is looked at again; until `leased` one runner sends for it, and nobody else does.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="subscriptions")
    key = models.ForeignKey(AccessKey, null=True, db_index=False, on_delete=models.SET_NULL, related_name="+")
    url = models.CharField(max_length=500)
    label = models.CharField(max_length=60, blank=True, default="")
    kinds = models.CharField(max_length=1300, blank=True, default="")
    secret = EncryptedField()
    created = InstantField()
    offset = models.BigIntegerField()
    replayed = models.IntegerField(default=0)
    next_at = InstantField()
    leased = InstantField(default=0)
    tries = models.IntegerField(default=0)
    failing_since = InstantField(null=True)
    parked = InstantField(null=True)
    error = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["next_at"], condition=Q(parked__isnull=True), name="subscription_due"),
        ]

    def __str__(self) -> str:
        return f"subscription {self.pk}"

    def paused(self, at: int) -> bool:
        """Tell whether the key or the account it hangs on has ended: nothing is sent, and nothing passed over."""
        return not self.account.is_active or (self.key is not None and self.key.expires <= at)

    @property
    def wants(self) -> frozenset[str]:
        """The actions it wants to be told of; none means all."""
        return frozenset(self.kinds.split())


class Delivery(models.Model):
    """One event of a subscription: how often it was tried and how the last try ended. Kept for thirty days."""

    subscription = models.ForeignKey(Subscription, db_index=False, on_delete=models.CASCADE, related_name="deliveries")
    offset = models.BigIntegerField()
    what = models.CharField(max_length=24)
    number = models.CharField(max_length=32)
    at = InstantField()
    tries = models.IntegerField(default=1)
    status = models.SmallIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True, default="")
    delivered = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subscription", "offset"], name="delivery_once")]
        indexes = [models.Index(fields=["at"], name="delivery_at")]
