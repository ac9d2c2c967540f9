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

    What is answered is the same for every address: nobody learns whether it is known here. Who is told already, and
    now wants it otherwise, confirms that too.
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
    else:
        row.wanted = "" if daily == (row.next_at is not None) else "daily" if daily else "once"
        row.save(update_fields=["wanted"])
    asked = Notice.objects.filter(person=person, kind="confirm_mails", channel="email", created__gt=at - DAY)
    before = list(asked.values_list("subject", flat=True))
    if len(before) >= MOST_ASKED or (subject in before and not fresh and not row.wanted):
        return
    tell(
        event=f"subscription:{row.pk}:{at}", kind="confirm_mails", subject=subject, params={"place": place}, at=at,
        person=person.pk, language=language, channels=["email"],
    )  # fmt: skip


@transaction.atomic
def confirm(*, person: int, subject: str, at: int) -> bool:
    """Begin a subscription, or change how it tells, because its owner said so; tell whether there is one."""
    row = Subscription.objects.select_for_update().filter(person_id=person, subject=subject).first()
    if row is None:
        return False
    if row.confirmed is None:
        row.confirmed = row.since = at
        row.next_at = None if row.next_at is None else at + DAY
        row.save(update_fields=["confirmed", "since", "next_at"])
        unmute(person=person, subject=subject)
    elif row.wanted:
        row.since, row.next_at, row.wanted = at, at + DAY if row.wanted == "daily" else None, ""
        row.save(update_fields=["since", "next_at", "wanted"])
    return True


def present(*, person: int, subject: str) -> str:
    """Give what somebody's subscription to a subject is about now: a unit may bear another code since. One query."""
    found = [row.subject for row in Subscription.objects.filter(person_id=person) if row.is_of(subject)]
    return subject if subject in found or not found else found[0]


def told_at_once(subjects: Iterable[str]) -> list[Subscription]:
    """Give who is told at once of what happens to any of these subjects, from each one's `since` on. One query."""
    rows = Subscription.objects.filter(confirmed__isnull=False, next_at__isnull=True)
    return list(rows.filter(subject__in=list(subjects)).order_by("pk"))


def due_daily(at: int, most: int) -> list[Subscription]:
    """Give the daily subscriptions whose mail is due. One query."""
    rows = Subscription.objects.filter(confirmed__isnull=False, next_at__isnull=False, next_at__lte=at)
    return list(rows.order_by("next_at", "pk")[:most])


def told_daily(row: Subscription, *, at: int) -> None:
    """Note that a day's mail was made, or that there was nothing to tell; not where its owner changed it meanwhile."""
    Subscription.objects.filter(pk=row.pk, next_at=row.next_at).update(since=at, next_at=at + DAY)


def forget_unconfirmed(*, before: int) -> set[int]:
    """Drop what was asked for before an instant and never confirmed; give who has no other subscription now."""
    rows = Subscription.objects.filter(confirmed=None, created__lt=before)
    persons = set(rows.values_list("person_id", flat=True))
    if persons:
        rows.delete()
    return persons - set(Subscription.objects.filter(person_id__in=persons).values_list("person_id", flat=True))
