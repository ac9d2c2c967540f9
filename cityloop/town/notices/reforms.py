"""Following a reform of units: who wants mails of a part of the city wants them of what became of it."""

from collections.abc import Iterable

from django.db import transaction

from cityloop.town.columns import under
from cityloop.town.ledger.actions import move_cursor
from cityloop.town.ledger.queries import cursor
from cityloop.town.notices.models import Choice, Subscription
from cityloop.town.units.events import UnitsRenumbered

READER = "notices.units"
UNIT = "unit:"


@transaction.atomic
def follow(event: UnitsRenumbered) -> int:
    """Rewrite what a reform touches; give how many subscriptions. One of a unit that became several becomes several.

    All are taken away before any is written anew: codes may have been swapped, and units of one person joined.
    """
    if cursor(READER) >= event.reform:
        return 0
    rows = Subscription.objects.select_for_update().filter(under("subject", UNIT)).order_by("pk")
    moved = [row for row in rows if _became(event, row.subject)]
    Subscription.objects.filter(pk__in=[row.pk for row in moved]).delete()
    Subscription.objects.bulk_create(_one_each(_moved(event, moved)), ignore_conflicts=True)
    for row in moved:  # who asked for mails of a part that now bears another code did not stop those of that code
        Choice.objects.filter(person=row.person_id, subject__in=_became(event, row.subject)).update(muted=None)
    move_cursor(READER, event.reform)
    return len(moved)


def _became(event: UnitsRenumbered, subject: str) -> list[str]:
    code = subject.removeprefix(UNIT)
    new = event.became.get(code) or [event.mapping[code]] if code in event.mapping or code in event.became else []
    return [UNIT + one for one in new]


def _moved(event: UnitsRenumbered, rows: Iterable[Subscription]) -> Iterable[Subscription]:
    for row in rows:
        for subject in _became(event, row.subject):
            yield Subscription(
                person_id=row.person_id, subject=subject, language=row.language, created=row.created,
                confirmed=row.confirmed, since=row.since, next_at=row.next_at, wanted=row.wanted,
                was=[*row.was, row.subject],
            )  # fmt: skip


def _one_each(rows: Iterable[Subscription]) -> list[Subscription]:
    """Keep one for each person and subject, a confirmed one before one that is not; it knows what all of them were."""
    kept: dict[tuple[int, str], Subscription] = {}
    for row in sorted(rows, key=lambda row: row.confirmed is None):
        first = kept.setdefault((row.person_id, row.subject), row)
        if first is not row:
            first.was = [*first.was, *row.was]
    return list(kept.values())
