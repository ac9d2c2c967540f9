"""Rows of work and the warnings they gave."""

from django.db import models
from django.db.models import Q

from cityloop.town.columns import CodeField, InstantField, RowIdField
from cityloop.town.persons.models import Account

OPEN = Q(ended__isnull=True)


class Row(models.Model):
    """Something that someone must do: open until `ended`. `mark` keeps the worst warning passed, for ever."""

    id = RowIdField(primary_key=True)
    loop = models.CharField(max_length=24)
    subject_id = models.BigIntegerField()
    slot = models.CharField(max_length=48)
    opened_seq = models.IntegerField()
    what = models.CharField(max_length=40)
    role = models.CharField(max_length=24)
    org = models.BigIntegerField(default=0)
    org_path = CodeField(max_length=120, blank=True)
    person = models.BigIntegerField(default=0)
    unit_code = CodeField(max_length=40, blank=True)
    level = models.SmallIntegerField(default=0)
    origin = models.CharField(max_length=8, default="live")
    opened = InstantField()
    limit = models.BigIntegerField(default=0)
    due = InstantField(null=True)
    due50 = InstantField(null=True)
    due80 = InstantField(null=True)
    due150 = InstantField(null=True)
    pause = models.CharField(max_length=24, blank=True)
    on_due = models.CharField(max_length=24, blank=True)
    mark = models.SmallIntegerField(default=0)
    next_at = InstantField(null=True)
    ended = InstantField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["loop", "subject_id", "slot", "opened_seq"], name="worklist_row_duty"),
        ]
        indexes = [
            models.Index(fields=["next_at"], name="worklist_row_next", condition=OPEN & Q(next_at__isnull=False)),
            models.Index(
                fields=["due"], name="worklist_row_lapse", condition=OPEN & Q(due__isnull=False) & ~Q(on_due="")
            ),
            models.Index(fields=["role", "org", "due"], name="worklist_row_whose", condition=OPEN),
            # What others have: a few kinds of work in an area, whoever's it is.
            models.Index(fields=["what", "unit_code"], name="worklist_row_what", condition=OPEN),
            models.Index(fields=["role", "org_path", "due"], name="worklist_row_path", condition=OPEN & Q(org__gt=0)),
            models.Index(fields=["person", "due"], name="worklist_row_person", condition=OPEN & Q(person__gt=0)),
        ]


class Warning(models.Model):
    """A row passed a mark: 50, 80, 100 or 150 % of its limit. Notices are made from these, once each."""

    row = models.ForeignKey(Row, on_delete=models.CASCADE)
    mark = models.SmallIntegerField()
    at = InstantField()
    told = InstantField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["row", "mark"], name="worklist_warning_once")]
        indexes = [models.Index(fields=["id"], name="worklist_warning_untold", condition=Q(told__isnull=True))]


class View(models.Model):
    """A list as somebody keeps it: the filters of its address under a name of their own."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    page = models.CharField(max_length=12)
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=400)
    created = InstantField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "page", "name"], name="worklist_view_once")]
