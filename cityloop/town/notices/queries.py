"""Reads of notices."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from cityloop.town.notices.models import Notice, Seen
from cityloop.town.notices.templates import Said, render


class Shown(NamedTuple):
    """A notice as a page shows it."""

    id: int
    subject: str
    created: int
    said: Said
    kind: str = ""


def longest_waiting(at: int, most: int = 1000) -> int:
    """Give how long the oldest mail waits that is to be sent, 0 where none does; of very many, of those due first."""
    due = Notice.objects.filter(next_at__isnull=False).order_by("next_at").values_list("created", flat=True)
    return at - min(due[:most], default=at)


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
    """Give what persons, not staff, were told about a subject, in the order it was told. One query.

    The database counts: of a case that thousands follow, only one row for each thing told is read.
    """
    mail = Q(channel="email")
    first = Notice.objects.filter(event=OuterRef("event"), person__isnull=False).order_by("pk")
    told = Notice.objects.filter(subject=subject, person__isnull=False).values("event").order_by()
    rows = told.annotate(
        first=Min("pk"),
        at=Min("created"),
        said=Min("kind"),
        people=Count("recipient", distinct=True),
        mails=Count("pk", filter=mail),
        sent=Count("pk", filter=mail & Q(sent_at__isnull=False)),
        waiting=Count("pk", filter=mail & Q(next_at__isnull=False)),
    ).annotate(given=Subquery(first.values("params")[:1]))
    return [_receipt(row, language) for row in rows.order_by("first")]


def _receipt(row: Mapping[str, Any], language: str) -> Receipt:
    title = render(row["said"], language, row["given"]).title
    failed = row["mails"] - row["sent"] - row["waiting"]
    return Receipt(row["at"], title, row["people"], row["sent"], row["waiting"], failed)


def seen(account: int) -> int:
    """Give the id of the notice up to which an account has looked, 0 before it ever did. One query."""
    return Seen.objects.filter(account_id=account).values_list("last", flat=True).first() or 0


def unseen(account: int) -> QuerySet[Notice]:
    """Select an account's notices that came since it last looked."""
    last = Coalesce(Subquery(Seen.objects.filter(account_id=account).values("last")[:1]), 0)
    return Notice.objects.filter(account_id=account, channel="log", id__gt=last)
