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


class Seen(models.Model):
    """The notice up to which an account has looked, on whatever device."""

    account = models.OneToOneField(Account, primary_key=True, on_delete=models.CASCADE)
    last = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "seen"


class Choice(models.Model):
    """What a person has said of mails about a subject: none any more since an instant; links before one are void.

    Both instants are real time, as the age of a link is.
    """

    person = models.ForeignKey(Person, db_index=False, on_delete=models.CASCADE)
    subject = CodeField(max_length=80)
    muted = InstantField(null=True)
    void_before = InstantField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "subject"], name="notice_choice_once")]


class Subscription(models.Model):
    """Somebody wants to be told by mail what happens in a part of the city (`unit:<code>`) or to a case (`case:<id>`).

    It holds from `confirmed` on: until then nothing is sent but the one mail that asks. `next_at` is when the next
    daily mail is due; None for one that is told at once. `wanted` is "once" or "daily" where somebody asked to be told
    otherwise than confirmed, and has not confirmed that. `was` are its subjects before reforms of units.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    subject = CodeField(max_length=80)
    language = models.CharField(max_length=16, default="en")
    created = InstantField()
    confirmed = InstantField(null=True)
    since = InstantField(default=0)
    next_at = InstantField(null=True)
    wanted = models.CharField(max_length=8, blank=True, default="")
    was = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "subject"], name="notice_subscription_once")]
        indexes = [
            models.Index(fields=["subject"], name="notice_subscribed", condition=Q(confirmed__isnull=False)),
            models.Index(
                fields=["next_at"], name="notice_daily", condition=Q(confirmed__isnull=False, next_at__isnull=False)
            ),
        ]

    def is_of(self, subject: str) -> bool:
        """Tell whether it is about a subject, or was before a reform."""
        return subject == self.subject or subject in self.was
