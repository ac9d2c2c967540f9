"""The log of notices. Only this room's actions write it."""

from django.db import models
from django.db.models import Q

from cityloop.town.columns import CodeField, InstantField
from cityloop.town.orgs.models import Post
from cityloop.town.persons.models import Account, Person


class Notice(models.Model):
    """One thing told to one recipient by one channel. `params` never hold personal words."""

    event = CodeField(max_length=120)
    recipient = CodeField(max_length=60)
    channel = models.CharField(max_length=10)
    kind = models.CharField(max_length=40)
    subject = CodeField(max_length=80)
    params = models.JSONField(default=dict)
    language = models.CharField(max_length=16, default="en")
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT)
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT)
    post = models.ForeignKey(Post, null=True, on_delete=models.PROTECT)
    created = InstantField()
    next_at = InstantField(null=True)
    sent_at = InstantField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "recipient", "channel"], name="notice_once"),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="notice_due"),
            models.Index(fields=["account", "created"], name="notice_account"),
            models.Index(fields=["subject"], name="notice_subject"),
        ]
