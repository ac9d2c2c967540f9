"""What the portal asks of cases: what was fixed, what is near, the newest of an area, the city in figures.

What everybody may know, and how exactly a place is told, is decided in `openly`.
"""

import json
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

import msgspec
import numpy as np
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Substr

from cityloop.ground.codes import metres_between
from cityloop.ground.kit.remembered import Remembered
from cityloop.loops.cases import counting, numbers, openly
from cityloop.loops.cases.known import silent
from cityloop.loops.cases.loop import LOOP
from cityloop.loops.cases.models import SUBJECT, Case
from cityloop.town.calendar.clock import city_clock
from cityloop.town.calendar.queries import cache_seconds
from cityloop.town.catalog import queries as catalog
from cityloop.town.columns import under
from cityloop.town.ledger.models import Step
from cityloop.town.units.queries import near, scheme

WEEK = 7 * 86_400_000_000
MOST = 200
TIMES = ("matter", "closed", "created", "marked", "precision")


class Seen(msgspec.Struct, frozen=True):
    """A case as a stranger sees it. `lon` and `lat` are None where its matter keeps the place to itself."""

    id: int
    number: str
    matter: str
    state: str
    resolution: str
    unit: str
    address: str
    lon: float | None
    lat: float | None
    created: int
    due: int | None
    closed: int | None
    metres: int | None = None


def cases() -> "QuerySet[Case]":
    """Select the cases that are for everybody to see, without what no list shows."""
    return openly.everybody().defer("snapshot", "slots", "head")


def within(unit: str) -> Q:
    """Select what lies in a part of the city, but never what keeps its place to itself: asking by parts would tell."""
    if not unit or scheme().level_of(unit) == 0:
        return Q()
    return under("unit_code", unit) & ~Q(matter__in=silent())


def seen(case: Case, metres: float | None = None) -> Seen:
    """Give a public case as a stranger sees it. No query within a second of the last look at the catalogue."""
    spot = openly.spot(case)
    return Seen(
        id=case.pk,
        number=numbers.number(case),
        matter=case.matter,
        state=case.state,
        resolution=case.resolution,
        unit=spot.unit,
        address=openly.street(case),
        lon=spot.lon,
        lat=spot.lat,
        created=case.created,
        due=case.due,
        closed=case.closed,
        metres=round(metres) if metres is not None else None,
    )


def fixed(since: int, *, unit: str = "", most: int = 12, before: int | None = None) -> list[Seen]:
    """Give what was solved and checked since an instant, the latest first. One query, down an index of closing."""
    rows = cases().filter(within(unit), state="closed", resolution="solved", closed__gte=since)
    if before is not None:
        rows = rows.filter(closed__lt=before)
    return [seen(case) for case in rows.order_by("-closed", "-pk")[: min(most, MOST)]]


def around(lon: float, lat: float, *, metres: float, since: int, most: int = 60) -> list[Seen]:
    """Give what is open, or was closed since an instant, within a distance of a point, the nearest first. One query.

    Only cases whose place is told exactly are found by nearness: anything else would tell what is not told.
    """
    exact = [code for code, matter in _matters().items() if matter.public_place == "exact"]
    rows = cases().filter(near("cell", lon, lat, metres), matter__in=exact)
    rows = rows.filter(Q(closed__isnull=True) | Q(closed__gte=since, state="closed"))
    found = list(rows.filter(lon__isnull=False, lat__isnull=False).order_by("-pk")[: 5 * MOST])
    places = np.array([(case.lon, case.lat) for case in found], float).reshape(-1, 2)
    away = metres_between(places[:, 0], places[:, 1], lon, lat)
    return [seen(found[n], float(away[n])) for n in np.argsort(away, kind="stable") if away[n] <= metres][:most]


def of_part(unit: str, *, since: int, most: int = 60) -> list[Seen]:
    """Give what is open in a part of the city, or was closed there since an instant, the newest first.

    Two queries, each down an index of its own: the one of open cases, the one of closing.
    """
    parts = (cases().filter(within(unit), closed__isnull=True), _ended(unit, since).filter(state="closed"))
    found = [case for rows in parts for case in rows.order_by("-pk")[:most]]
    return [seen(case) for case in sorted(found, key=lambda case: -case.pk)[: min(most, MOST)]]


def _ended(unit: str, since: int) -> "QuerySet[Case]":
    """Select what ended since an instant in a part of the city, with no order.

    The unit as an expression: with a range of codes SQLite would walk all cases of the unit, not those closed since.
    """
    rows = cases().filter(closed__gte=since)
    if not within(unit):
        return rows
    return rows.annotate(top=Substr("unit_code", 1, len(unit))).filter(top=unit).exclude(matter__in=silent())


def _matters() -> dict[str, Any]:
    return dict(catalog.current().known) if catalog.has_any() else {}


def latest(unit: str, *, most: int = 50) -> list[Seen]:
    """Give the newest cases of a part of the city, filed or closed. One query."""
    rows = cases().filter(within(unit), filed__isnull=False).order_by("-pk")
    return [seen(case) for case in rows[: min(most, MOST)]]


def moved(unit: str, *, since: int, most: int = 200) -> list[Seen]:
    """Give the cases of a part of the city filed or ended since an instant, the latest first.

    Three queries: the steps of filing since, the newest of them where they are very many; their cases; what ended.
    """
    came = cases().filter(within(unit), pk__in=_filed(since), filed__gte=since)
    found = {case.pk: case for rows in (came, _ended(unit, since)) for case in rows.order_by("-at", "-pk")[:most]}
    latest = sorted(found.values(), key=lambda case: (-case.at, -case.pk))
    return [seen(case) for case in latest[: min(most, MOST)]]


def _filed(since: int) -> list[int]:
    """Give the ids of cases with a step of filing since an instant. One query, along the index of time."""
    steps = Step.objects.filter(kind=LOOP, what="file", at__gte=since)
    subjects = steps.order_by("-at").values_list("subject", flat=True)[: openly.MOST_TOUCHED]
    return list({int(subject.partition(":")[2]) for subject in subjects})


def proofs(shown: Iterable[Seen]) -> dict[int, tuple[str, str]]:
    """Give the photos of staff before and after the work, (before, after) by case, "" where there is none. One query.

    None where the place is not told: a picture would tell it. A reporter's own photos are never among them: they were
    sent to the city, not to everybody.
    """
    told = [f"{SUBJECT}:{one.id}" for one in shown if openly.exactness(one.matter) in openly.PICTURED]
    rows = Step.objects.filter(subject__in=told, what__in=("proved", "report_back")) if told else Step.objects.none()
    found: dict[int, tuple[str, str]] = {}
    for row in rows.order_by("subject", "seq").only("subject", "what", "inner"):
        photos = json.loads(row.inner).get("photos", [])
        if photos:
            key = int(row.subject.partition(":")[2])
            before, after = found.get(key, ("", ""))
            found[key] = (before or photos[0], after) if row.what == "proved" else (before, photos[-1])
    return found


class Figures(msgspec.Struct, frozen=True):
    """The city in numbers over a week: what came in, what was closed, how much of it late, how long it took.

    `limited` of the closed ran against a limit of ours, `timed` of them took a time that can be right.
    """

    since: int
    at: int
    received: int
    closed: int
    limited: int
    late: int
    timed: int
    median: int | None

    @property
    def share(self) -> int | None:
        """Of what was closed and had a limit, how much was handled within it, in percent."""
        return 100 * (self.limited - self.late) // self.limited if self.limited else None


def figures() -> Figures:
    """Give the city's figures of the last seven days; counted once a minute of the city's time in each process."""
    return _week()


def _figures() -> Figures:
    """Count. Two queries, down the indexes of closing and of collection."""
    now = city_clock.now()
    since = now - WEEK
    late = counting.late().filter(subject_id=OuterRef("pk"))
    over = cases().filter(closed__gte=since, state="closed").annotate(late=Exists(late))
    rows = list(over.values_list("closed", "created", "marked", "precision", "origin", "late"))
    took = [
        (closed or came) - came
        for closed, came, marked, precision, _, _ in rows
        if counting.is_hourly(marked, precision)
    ]
    limited = [bool(late) for _, _, marked, _, origin, late in rows if counting.is_limited(marked, origin)]
    return Figures(
        since=since,
        at=now,
        received=cases().filter(created__gte=since).count(),
        closed=len(rows),
        limited=len(limited),
        late=sum(limited),
        timed=len(took),
        median=_middle(took),
    )


def _middle(took: Sequence[int]) -> int | None:
    return int(median(took)) if took else None


def frequent() -> list[str]:
    """Give the matters reported in the last seven days, the most frequent first; counted once an hour of city time."""
    return _frequent_matters()


def _frequent() -> list[str]:
    rows = cases().filter(created__gte=city_clock.now() - WEEK).values_list("matter")
    return [matter for matter, _n in rows.annotate(n=Count("pk")).order_by("-n", "matter")]


def _hour() -> int:
    return _minute() // 60


def _minute() -> int:
    return city_clock.now() // (60 * 1_000_000)


_week = Remembered(_figures, _minute, cache_seconds)
_frequent_matters = Remembered(_frequent, _hour, cache_seconds)
