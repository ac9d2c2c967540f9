"""Keeping the roll-up of days: which days steps have touched since the last time is known from the ledger.

A case is counted where it stands now: who reads the figures of a day sees that a case counted there was reopened, made
confidential, or is another matter. So all days on which anything was done with a case are counted anew once it changes.
"""

import logging
import threading
from collections.abc import Iterable
from time import monotonic

from django.db import connection, transaction

from cityloop.loops.cases.daily.counting import COUNTS, FEW, Counted, counted, day_of
from cityloop.loops.cases.loop import LOOP
from cityloop.loops.cases.models import SOURCE, SUBJECT, DayCount, DayTime
from cityloop.town.calendar.clock import city_clock
from cityloop.town.ledger import queries as ledger
from cityloop.town.ledger.actions import move_cursor
from cityloop.town.ledger.models import Step
from cityloop.town.tabular.writing import write
from cityloop.town.units import queries as units

log = logging.getLogger("cityloop.daily")
READER = "cases.daily"  # up to which step days are counted
THROUGH = "cases.daily.through"  # the last day that is counted
AT_ONCE = 20_000  # steps
CELL = ("unit_code", "day", "org", "matter")
_busy = threading.Lock()


def follow_in_peace() -> bool:
    """Begin counting what has changed, beside the steward's other work; tell whether it began."""
    if not units.has_city() or not _busy.acquire(blocking=False):
        return False
    threading.Thread(target=_follow, name="daily", daemon=True).start()
    return True


def _follow() -> None:
    try:
        started = monotonic()
        if days := follow():
            log.info("%d days were counted anew in %.1f s", days, monotonic() - started)
    except Exception:  # noqa: BLE001 - a thread has nobody to raise to
        log.exception("counting days broke off")
    finally:
        connection.close()
        _busy.release()


def follow() -> int:
    """Count anew the days that steps since the last time have touched, as far as they are over; give how many."""
    last, today = ledger.cursor(READER), day_of(city_clock.now())
    touched, upto = _touched(last)
    days = sorted(day for day in touched if day < today)
    for day in days:
        keep(day, counted(day, day))
    move_cursor(THROUGH, today - 1)
    if upto > last:
        move_cursor(READER, upto)
    return len(days)


def _touched(last: int) -> tuple[set[int], int]:
    """Give the days on which anything was done with a case that has a step after an offset, and the last offset."""
    days, known = set[int](), set[str]()
    before = ledger.cursor(THROUGH)
    while rows := list(
        Step.objects.filter(offset__gt=last).order_by("offset").values_list("offset", "kind", "subject")[:AT_ONCE]
    ):
        last = rows[-1][0] or last
        fresh = sorted({_case_of(subject) for _offset, kind, subject in rows if kind in (LOOP, SOURCE)} - known)
        known |= set(fresh)
        for start in range(0, len(fresh), FEW):
            some = fresh[start : start + FEW]
            days |= {day_of(at) for at in Step.objects.filter(subject__in=some).values_list("at", flat=True)}
    return days | _unfinished(before), last


def _case_of(subject: str) -> str:
    """Name the case that a step is about: its own, or what its source said of it later."""
    return f"{SUBJECT}:{subject.partition(':')[2]}"


def _unfinished(through: int) -> set[int]:
    """Give the days that were under way at the last count: nothing of them is kept yet."""
    today = day_of(city_clock.now())
    return set(range(through + 1, today)) if 0 <= through < today else set()


@transaction.atomic
def keep(day: int, found: Counted) -> None:
    """Write a day in the place of what was known of it."""
    DayCount.objects.filter(day=day).delete()
    DayTime.objects.filter(day=day).delete()
    counts = [(*cell, *(int(sums[name]) for name in COUNTS)) for cell, sums in sorted(found.counts.items())]
    write(DayCount._meta.db_table, (*CELL, *COUNTS), counts)
    write(DayTime._meta.db_table, (*CELL, "size", "number"), list(_times(found)))


def _times(found: Counted) -> Iterable[tuple[object, ...]]:
    for cell, sizes in sorted(found.times.items()):
        yield from ((*cell, size, number) for size, number in sorted(sizes.items()))


def through() -> int:
    """Give the last day that is kept; below 0 where none is yet. One query."""
    return ledger.cursor(THROUGH)
