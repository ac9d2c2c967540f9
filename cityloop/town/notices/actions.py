"""The only writer of notices."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from django.db import connection, transaction

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.notices import templates
from cityloop.town.notices.models import Choice, Notice, Seen, Subscription
from cityloop.town.orgs import queries as orgs
from cityloop.town.persons import queries as persons

Channel = Literal["log", "email"]
CHANNELS: tuple[Channel, ...] = ("log", "email")


def tell(
    *,
    event: str,
    kind: str,
    subject: str,
    params: Mapping[str, Any],
    at: int,
    account: int = 0,
    person: int = 0,
    post: int = 0,
    language: str = "",
    channels: Iterable[Channel] = CHANNELS,
    origin: str = "live",
) -> list[Notice]:
    """Tell an account, a person, or everyone who holds a post; give the notices that are new.

    `event` names what happened (such as `case:17#4`): the same event, kind and recipient are told once, however
    often this is called. Only what is `live` is told; imported, replayed and exercised history is not.
    `params` hold numbers, names of matters and organisations, links: never personal words.
    """
    templates.check_kind(kind)
    if origin != "live":
        return []
    if sum(map(bool, (account, person, post))) != 1:
        raise Refusal("notices.recipient", "Name one recipient: an account, a person or a post.", "recipient")
    if post:
        recipients = [{"account_id": holder, "post_id": post} for holder in orgs.holders(post, at)]
    else:
        recipients = [{"account_id": account} if account else {"person_id": person}]
    return _append(recipients, tuple(channels), f"{event} {kind}", kind, subject, dict(params), language, at)


def _append(
    recipients: list[dict[str, int]],
    channels: tuple[Channel, ...],
    event: str,
    kind: str,
    subject: str,
    params: dict[str, Any],
    language: str,
    at: int,
) -> list[Notice]:
    spoken = persons.languages(
        accounts=[r["account_id"] for r in recipients if "account_id" in r],
        persons=[r["person_id"] for r in recipients if "person_id" in r],
    )
    rows = [
        Notice(
            event=event,
            recipient=_name(recipient),
            channel=channel,
            kind=kind,
            subject=subject,
            params=params,
            language=language or spoken.get(_name(recipient), "en"),
            created=at,
            next_at=at if channel == "email" else None,
            sent_at=at if channel == "log" else None,
            **recipient,
        )
        for recipient in recipients
        for channel in channels
    ]
    return _insert(rows, event)


def _name(recipient: dict[str, int]) -> str:
    return f"account:{recipient['account_id']}" if "account_id" in recipient else f"person:{recipient['person_id']}"


@transaction.atomic
def _insert(rows: list[Notice], event: str) -> list[Notice]:
    told = set(Notice.objects.filter(event=event).values_list("recipient", "channel"))
    fresh = [row for row in rows if (row.recipient, row.channel) not in told]
    Notice.objects.bulk_create(fresh, ignore_conflicts=True)
    return fresh


@transaction.atomic
def claim_due(*, at: int, most: int, lease: int) -> list[Notice]:
    """Take e-mails that are due, and put them off by `lease`, so that no other sender takes them meanwhile."""
    due = Notice.objects.select_for_update(skip_locked=_can_skip()).filter(next_at__lte=at).order_by("next_at", "id")
    rows = list(due[:most])
    Notice.objects.filter(pk__in=[row.pk for row in rows]).update(next_at=at + lease)
    return rows


def note_sent(*, notice: Notice, at: int) -> None:
    """Note that a notice went out; it is not due any more."""
    Notice.objects.filter(pk=notice.pk).update(sent_at=at, next_at=None, tries=notice.tries + 1, error="")


def note_failed(*, notice: Notice, error: str, next_at: int | None) -> None:
    """Note a failure and when to try again; `None` gives up."""
    Notice.objects.filter(pk=notice.pk).update(next_at=next_at, tries=notice.tries + 1, error=error[:300])


@transaction.atomic
def note_seen(*, account: int, last: int) -> None:
    """Note up to which notice an account has looked; what was seen stays seen."""
    row, _new = Seen.objects.select_for_update().get_or_create(account_id=account, defaults={"last": last})
    if row.last < last:
        Seen.objects.filter(pk=account).update(last=last)


def is_muted(*, person: int, subject: str) -> bool:
    """Tell whether a person wants no more mails about a subject. One query, none where there is no person."""
    return bool(person) and Choice.objects.filter(person_id=person, subject=subject, muted__isnull=False).exists()


@transaction.atomic
def mute(*, person: int, subject: str, at: int) -> None:
    """Send a person no more mails about a subject; what they subscribed to there is ended. `at` is real time.

    Of a part of the city that bore another code when the link was mailed, too.
    """
    ended = [row for row in Subscription.objects.filter(person_id=person) if row.is_of(subject)]
    for name in {subject, *(row.subject for row in ended)}:
        Choice.objects.update_or_create(person_id=person, subject=name, defaults={"muted": at})
    Subscription.objects.filter(pk__in=[row.pk for row in ended]).delete()


def unmute(*, person: int, subject: str) -> None:
    """Send a person mails about a subject again, because they asked for them."""
    Choice.objects.filter(person_id=person, subject=subject).update(muted=None)


def void_links(*, person: int, subject: str, at: int) -> None:
    """Make every link void that was mailed to a person about a subject before now. `at` is real time."""
    Choice.objects.update_or_create(person_id=person, subject=subject, defaults={"void_before": at})


def _can_skip() -> bool:
    return connection.features.has_select_for_update_skip_locked
