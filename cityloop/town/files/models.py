"""Tables of files. Only this room's actions write them."""

from uuid import uuid4

from django.db import models

from cityloop.town.columns import CodeField, InstantField, real_now


class File(models.Model):
    """A photo as kept. `uuid` is how it is asked for; `sha256` is of the kept bytes, `source_sha256` of those sent.

    `created` is the city's time, `recorded_at` the real one; `subject` is empty while a report is being written.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    subject = CodeField(max_length=80)
    sha256 = CodeField(max_length=64, db_index=True)
    source_sha256 = CodeField(max_length=64)
    size = models.PositiveIntegerField()
    mime = models.CharField(max_length=40)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    created = InstantField()
    recorded_at = InstantField(default=real_now)
    by_person = models.BigIntegerField(default=0)
    by_post = models.BigIntegerField(default=0)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    taken_at = InstantField(null=True)

    class Meta:
        indexes = [models.Index(fields=["subject", "id"], name="file_subject")]

    def __str__(self) -> str:
        return f"file {self.uuid}"
