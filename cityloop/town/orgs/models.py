"""Tables of organisations and posts. Only this room's actions write them."""

from django.db import models
from django.db.models.functions import Coalesce

from cityloop.town.columns import CodeField, InstantField
from cityloop.town.orgs.rules import KINDS
from cityloop.town.persons.models import Account

FOREVER = 2**63 - 1


class Organisation(models.Model):
    """A body that can be given work. All hang under one root, the city itself, whose path is `/<id>/`."""

    key = CodeField(max_length=60, unique=True)
    names = models.JSONField(default=dict)
    kind = models.CharField(max_length=20)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    path = CodeField(max_length=200, unique=True)
    active = models.BooleanField(default=True)
    calendar = models.CharField(max_length=60, blank=True, default="")
    email = models.EmailField(blank=True, default="")
    credit_code = models.CharField(max_length=18, blank=True, default="")
    revision = models.BigIntegerField(default=0, db_index=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=KINDS), name="organisation_kind"),
            models.UniqueConstraint(
                Coalesce("parent", 0), condition=models.Q(parent__isnull=True), name="organisation_one_root"
            ),
        ]

    def __str__(self) -> str:
        return str(self.key)

    @property
    def is_root(self) -> bool:
        return self.parent_id is None

    @property
    def actor_path(self) -> str:
        """The path as an actor carries it: `""` for the city itself, which separation excepts."""
        return "" if self.is_root else str(self.path)


class Post(models.Model):
    """A role in an organisation, for the units under `unit_code` (`""` = the whole city)."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="posts")
    role = models.CharField(max_length=40)
    unit_code = CodeField(max_length=40, blank=True, default="")
    level = models.PositiveSmallIntegerField(default=0)
    names = models.JSONField(default=dict)
    active = models.BooleanField(default=True)

    class Meta:
        indexes = [models.Index(fields=["role", "unit_code"], name="post_role_unit")]
        constraints = [models.CheckConstraint(condition=models.Q(level__range=(0, 3)), name="post_level")]

    def __str__(self) -> str:
        return f"{self.role} {self.unit_code or 'city'} ({self.organisation_id})"


class Holding(models.Model):
    """An account holds a post from `valid_from` up to, but not including, `valid_to`."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="holdings")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="holdings")
    valid_from = InstantField()
    valid_to = InstantField(default=FOREVER)

    class Meta:
        indexes = [models.Index(fields=["account", "valid_to"], name="holding_account")]
        constraints = [
            models.CheckConstraint(condition=models.Q(valid_from__lt=models.F("valid_to")), name="holding_order"),
        ]
