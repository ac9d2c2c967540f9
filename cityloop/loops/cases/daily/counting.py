"""Counting days of the city straight from the cases: for the roll-up, and for the days it does not have yet."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from math import exp, log
from typing import NamedTuple

from django.db.models import Exists, OuterRef

from cityloop.loops.cases import counting
from cityloop.loops.cases.known import everybody
from cityloop.loops.cases.loop import LOOP
from cityloop.town.calendar.clock import city_clock
from cityloop.town.ledger.models import Step
from cityloop.town.units.queries import scheme

COUNTS = ("received", "ended", "closed", "limited", "late", "late_adjusted", "timed", "reopened", "disputed")
AGAIN = {"reopen": "reopened", "dispute": "disputed"}
SECOND = 1_000_000
FINE = 50  # sizes of time to each factor of e: they are two percent apart
FEW = 500


class Cell(NamedTuple):
    """What is counted together: a day, a unit of some level, who leads, a matter."""

    unit: str
    day: int
    org: int
    matter: str


class Counted(NamedTuple):
    """What happened by cell, and how many of the `timed` were of which size."""

    counts: dict[Cell, Counter[str]]
    times: dict[Cell, Counter[int]]


def day_of(at: int) -> int:
    """Give the number of the city's day that an instant lies in."""
    return datetime.fromtimestamp(at // SECOND, UTC).astimezone(city_clock.zone).toordinal()


def start_of(day: int) -> int:
    """Give the instant at which a day of the city begins."""
    found = date.fromordinal(day)
    return int(datetime(found.year, found.month, found.day, tzinfo=city_clock.zone).timestamp()) * SECOND


def size_of(micros: int) -> int:
    """Give the size of a length of time."""
    return round(FINE * log(1 + max(0, micros) / SECOND))


def of_size(size: int) -> int:
    """Give the length of time, in whole seconds, that stands for a size."""
    return round(exp(size / FINE) - 1)


def counted(first: int, last: int) -> Counted:
    """Count the days from `first` to `last`. Four queries at most; they read what came, ended and was reopened then."""
    found = Counted(defaultdict(Counter), defaultdict(Counter))
    lengths = scheme().lengths
    when = {"gte": start_of(first), "lt": start_of(last + 1)}

    def cells(at: int, unit: str, org: int, matter: str) -> Iterable[Cell]:
        day = day_of(at)
        return [Cell(unit[:length], day, org, matter) for length in lengths if length <= len(unit)]

    came = everybody().filter(created__gte=when["gte"], created__lt=when["lt"])
    for row in came.values_list("created", "unit_code", "lead_org", "matter"):
        for cell in cells(*row):
            found.counts[cell]["received"] += 1
    late = counting.late().filter(subject_id=OuterRef("pk"))
    gone = everybody().filter(closed__gte=when["gte"], closed__lt=when["lt"]).annotate(late=Exists(late))
    rows = gone.values_list(
        "closed", "unit_code", "lead_org", "matter", "state", "created", "marked", "precision", "origin", "late",
        "adjusted",
    )  # fmt: skip
    for closed, unit, org, matter, state, created, marked, precision, origin, was_late, adjusted in rows:
        if closed is None:  # never: they are selected by it
            continue
        limited = counting.is_limited(marked, origin)
        timed = counting.is_hourly(marked, precision)
        for cell in cells(closed, unit, org, matter):
            sums = found.counts[cell]
            sums["ended"] += 1
            if state != "closed":
                continue
            sums["closed"] += 1
            sums["limited"] += limited
            sums["late"] += limited and was_late
            sums["late_adjusted"] += limited and was_late and not adjusted
            sums["timed"] += timed
            if timed:
                found.times[cell][size_of(closed - created)] += 1
    for what, at, where in _again(when["gte"], when["lt"]):
        for cell in cells(at, *where):
            found.counts[cell][AGAIN[what]] += 1
    return found


def _again(since: int, until: int) -> Iterable[tuple[str, int, tuple[str, int, str]]]:
    """Give what was reopened or disputed then: which of both, when, and whose case of what and where it is."""
    steps = Step.objects.filter(kind=LOOP, what__in=AGAIN, at__gte=since, at__lt=until)
    rows = [(int(s.partition(":")[2]), what, at) for s, what, at in steps.values_list("subject", "what", "at")]
    for start in range(0, len(rows), FEW):
        some = rows[start : start + FEW]
        cases = everybody().filter(pk__in={pk for pk, _what, _at in some})
        rows_of = cases.values_list("pk", "unit_code", "lead_org", "matter")
        where = {pk: (str(unit), lead, str(matter)) for pk, unit, lead, matter in rows_of}
        yield from ((what, at, where[pk]) for pk, what, at in some if pk in where)
