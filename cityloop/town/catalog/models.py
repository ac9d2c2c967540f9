"""The published catalogue, one immutable row a version."""

from django.db import models

from cityloop.town.columns import CodeField, InstantField


class CatalogVersion(models.Model):
    """All matters and responsibility rules as they stood, in canonical JSON, named by its SHA-256."""

    number = models.PositiveIntegerField(unique=True)
    digest = CodeField(max_length=64, db_index=True)
    content = models.TextField()
    published_at = InstantField()

    def __str__(self) -> str:
        return f"catalogue {self.number} ({self.digest[:8]})"
