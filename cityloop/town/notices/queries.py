"""Reads of notices."""

from typing import NamedTuple

from django.db.models import QuerySet

from cityloop.town.notices.models import Notice
from cityloop.town.notices.templates import Said, render


class Shown(NamedTuple):
    """A notice as a page shows it."""

    id: int
    subject: str
    created: int
    said: Said


def of_account(account: int, before: int | None = None, most: int = 50) -> list[Shown]:
    """Give an account's notices, the newest first, below the id `before` where given. One query."""
    rows = Notice.objects.filter(account_id=account, channel="log")
    if before is not None:
        rows = rows.filter(id__lt=before)
    return [_shown(row) for row in rows.order_by("-id")[:most]]


def of_subject(subject: str) -> QuerySet[Notice]:
    """Select all notices about a subject, in the order they were told."""
    return Notice.objects.filter(subject=subject).order_by("id")


def _shown(row: Notice) -> Shown:
    return Shown(row.pk, row.subject, row.created, render(row.kind, row.language, row.params))
