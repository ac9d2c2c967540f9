"""Steps, seals and keys."""

from django.db import models
from django.db.models import Q

from cityloop.town.columns import InstantField, RowIdField


class Step(models.Model):
    """One step of one subject. `offset` is given by the sequencer, all else when it is written."""

    id = RowIdField(primary_key=True)
    offset = models.BigIntegerField(null=True, editable=False)
    subject = models.CharField(max_length=64)
    seq = models.IntegerField()
    kind = models.CharField(max_length=24)
    origin = models.CharField(max_length=8, default="live")
    v = models.SmallIntegerField(default=1)
    actor = models.CharField(max_length=8)
    role = models.CharField(max_length=24, blank=True)
    name = models.CharField(max_length=80, blank=True)
    org = models.BigIntegerField(default=0)
    what = models.CharField(max_length=40)
    before = models.CharField(max_length=24, blank=True)
    after = models.CharField(max_length=24, blank=True)
    at = InstantField()
    recorded_at = InstantField()
    due = InstantField(null=True)
    data = models.TextField(default="{}")
    inner = models.TextField(default="{}")
    salt = models.BinaryField(max_length=16)
    prev = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "seq"], name="ledger_step_subject_seq"),
            models.UniqueConstraint(fields=["offset"], name="ledger_step_offset"),
        ]
        indexes = [
            models.Index(fields=["at"], name="ledger_step_at"),
            models.Index(fields=["id"], name="ledger_step_waiting", condition=Q(offset__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.subject} #{self.seq} {self.what}"


class Sequencer(models.Model):
    """The one row that gives out offsets; whoever holds its lock sequences."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    next_offset = models.BigIntegerField(default=0)


class Key(models.Model):
    """A public key that signs roots and promises. Private keys never enter the database."""

    key_id = models.CharField(max_length=32, primary_key=True)
    algorithm = models.CharField(max_length=16, default="Ed25519")
    public = models.BinaryField()
    created = InstantField()


class Seal(models.Model):
    """A signed Merkle root over the hashes of the steps `first` ≤ offset < `first + size`."""

    number = models.BigIntegerField(primary_key=True)
    first = models.BigIntegerField(unique=True)
    size = models.IntegerField()
    root = models.BinaryField(max_length=32)
    prev = models.BinaryField(max_length=32)
    sealed_at = InstantField()
    key = models.ForeignKey(Key, on_delete=models.PROTECT)
    signature = models.BinaryField(max_length=96)


class Cursor(models.Model):
    """How far a reader of the ledger has come: the last offset it has dealt with."""

    name = models.CharField(max_length=60, primary_key=True)
    offset = models.BigIntegerField(default=-1)
