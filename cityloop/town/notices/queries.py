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
    kind: str = ""


def of_account(account: int, before: int | None = None, most: int = 50, language: str = "") -> list[Shown]:
    """Give an account's notices, the newest first, below the id `before` where given. One query.

    They are said in `language`, else in the one they were told in.
    """
    rows = Notice.objects.filter(account_id=account, channel="log")
    if before is not None:
        rows = rows.filter(id__lt=before)
    return [_shown(row, language) for row in rows.order_by("-id")[:most]]


def of_subject(subject: str) -> QuerySet[Notice]:
    """Select all notices about a subject, in the order they were told."""
    return Notice.objects.filter(subject=subject).order_by("id")


def _shown(row: Notice, language: str) -> Shown:
    said = render(row.kind, language or row.language, row.params)
    return Shown(row.pk, row.subject, row.created, said, row.kind)


class Receipt(NamedTuple):
    """What became of one thing told to the persons of a subject: how many were told, what their e-mails came to."""

    created: int
    title: str
    people: int
    sent: int
    waiting: int
    failed: int


def to_persons(subject: str, language: str) -> list[Receipt]:
    """Give what persons, not staff, were told about a subject, in the order it was told. One query."""
    told: dict[str, list[Notice]] = {}
    for row in of_subject(subject).filter(person__isnull=False):
        told.setdefault(row.event, []).append(row)
    return [_receipt(rows, language) for rows in told.values()]


def _receipt(rows: list[Notice], language: str) -> Receipt:
    first, mails = rows[0], [row for row in rows if row.channel == "email"]
    sent, waiting = sum(row.sent_at is not None for row in mails), sum(row.next_at is not None for row in mails)
    title = render(first.kind, language, first.params).title
    people = len({row.recipient for row in rows})
    return Receipt(first.created, title, people, sent, waiting, len(mails) - sent - waiting)


def newer(account: int, seen: int) -> QuerySet[Notice]:
    """Select an account's notices above the id last seen."""
    return Notice.objects.filter(account_id=account, channel="log", id__gt=seen)
