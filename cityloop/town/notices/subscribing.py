"""Being told by mail of a place or a case: asked for, confirmed from the mailbox, ended by a link in each mail."""

from collections.abc import Iterable

from django.db import transaction

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.notices.actions import tell, unmute
from cityloop.town.notices.models import Notice, Subscription
from cityloop.town.persons.actions import find_or_register
from cityloop.town.persons.rules import email as checked

DAY = 86_400_000_000
MOST_ASKED = 3  # mails a day that ask one person to confirm


@transaction.atomic
def subscribe(*, email: str, subject: str, place: dict[str, str], daily: bool, language: str, at: int) -> None:
    """Ask the owner of an address whether they want mails about a subject; nothing else is sent before they say so.

    What is answered is the same for every address: nobody learns whether it is known here.
    """
    if not checked(email):
        raise Refusal("persons.email.malformed", "Give an e-mail address such as name@example.org.", "email")
    person = find_or_register(at=at, email=email, language=language)
    row, fresh = Subscription.objects.get_or_create(
        person=person, subject=subject, defaults={"created": at, "language": language}
    )
    if row.confirmed is None:
        row.next_at, row.language, row.created = (at if daily else None), language, at
        row.save(update_fields=["next_at", "language", "created"])
    asked = Notice.objects.filter(person=person, kind="confirm_mails", channel="email", created__gt=at - DAY)
    before = list(asked.values_list("subject", flat=True))
    if len(before) >= MOST_ASKED or (subject in before and not fresh):
        return
    tell(
        event=f"subscription:{row.pk}:{at}", kind="confirm_mails", subject=subject, params={"place": place}, at=at,
        person=person.pk, language=language, channels=["email"],
    )  # fmt: skip


@transaction.atomic
def confirm(*, person: int, subject: str, at: int) -> bool:
    """Begin a subscription, because its owner opened the link; tell whether there is one to begin."""
    row = Subscription.objects.select_for_update().filter(person_id=person, subject=subject).first()
    if row is None:
        return False
    if row.confirmed is None:
        row.confirmed = row.since = at
        row.next_at = None if row.next_at is None else at + DAY
        row.save(update_fields=["confirmed", "since", "next_at"])
        unmute(person=person, subject=subject)
    return True


def told_at_once(subjects: Iterable[str]) -> list[Subscription]:
    """Give who is told at once of any of these subjects. One query."""
    return list(Subscription.objects.filter(subject__in=list(subjects), confirmed__isnull=False, next_at__isnull=True))


def due_daily(at: int, most: int) -> list[Subscription]:
    """Give the daily subscriptions whose mail is due. One query."""
    rows = Subscription.objects.filter(confirmed__isnull=False, next_at__isnull=False, next_at__lte=at)
    return list(rows.order_by("next_at", "pk")[:most])


def told_daily(row: Subscription, *, at: int) -> None:
    """Note that a day's mail was made, or that there was nothing to tell."""
    Subscription.objects.filter(pk=row.pk).update(since=at, next_at=at + DAY)


def forget_unconfirmed(*, before: int) -> set[int]:
    """Drop what was asked for before an instant and never confirmed; give who has no other subscription now."""
    rows = Subscription.objects.filter(confirmed=None, created__lt=before)
    persons = set(rows.values_list("person_id", flat=True))
    if persons:
        rows.delete()
    return persons - set(Subscription.objects.filter(person_id__in=persons).values_list("person_id", flat=True))
