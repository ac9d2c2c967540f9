"""Lists and maps of cases for programs: few columns, plain tuples, keyset paging."""

from collections.abc import Sequence
from math import cos, hypot, radians

import msgspec
from django.db.models import BigIntegerField, Q, QuerySet
from django.db.models.functions import Cast, Substr

from cityloop.loops.cases.loop import LOOP
from cityloop.loops.cases.models import SUBJECT, Case
from cityloop.loops.cases.queries import Wanted, visible, wanted_of
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.queries import offset_at
from cityloop.town.orgs.authority import Scope
from cityloop.town.units import queries as units

Box = tuple[float, float, float, float]
METRES = 111_320.0  # a degree of latitude
WIDE = 60_000.0  # beyond it the cells of a box are too many or too coarse to help
SLACK = 5_000_000  # steps are recorded a moment before they get their offset


class Brief(msgspec.Struct, frozen=True):
    """A case as a row of a list."""

    id: int
    created: int
    state: str
    seq: int
    matter: str
    unit_code: str
    lead_org: int
    held: str
    at: int
    due: int | None
    closed: int | None
    resolution: str
    urgent: bool
    lon: float | None
    lat: float | None
    address: str


class Point(msgspec.Struct, frozen=True):
    """An open case as a mark on a map."""

    id: int
    created: int
    lon: float
    lat: float
    state: str
    matter: str
    due: int | None


class Near(msgspec.Struct, frozen=True):
    """What else a list may be narrowed by: a box of degrees (west, south, east, north), steps recorded since."""

    box: Box | None = None
    since: int = 0


def briefs(scope: Scope, wanted: Wanted, near: Near, *, before: int = 0, most: int = 50) -> list[Brief]:
    """Give the newest cases a scope may see, below the id `before`. One query; with `since`, a search before it."""
    rows = _narrowed(visible(scope).filter(wanted_of(wanted)), near)
    if before:
        rows = rows.filter(pk__lt=before)
    found = rows.order_by("-pk").values_list(*Brief.__struct_fields__)[:most]
    return [Brief(*row) for row in found]


def points(scope: Scope, wanted: Wanted, near: Near, *, most: int = 4000) -> Sequence[tuple[object, ...]]:
    """Give the newest open cases that have a place, as plain tuples in the order of `Point`. One query."""
    rows = visible(scope).filter(wanted_of(wanted), closed__isnull=True, lon__isnull=False)
    return list(_narrowed(rows, near).order_by("-pk").values_list(*Point.__struct_fields__)[:most])


def _narrowed(rows: "QuerySet[Case]", near: Near) -> "QuerySet[Case]":
    if near.box:
        rows = rows.filter(_within(near.box))
    if near.since:
        rows = rows.filter(pk__in=_stepped(near.since))
    return rows


def _within(box: Box) -> Q:
    west, south, east, north = box
    exact = Q(lon__gte=west, lon__lte=east, lat__gte=south, lat__lte=north)
    lon, lat = (west + east) / 2, (south + north) / 2
    radius = hypot((east - west) / 2 * METRES * cos(radians(lat)), (north - south) / 2 * METRES)
    return exact & units.near("cell", lon, lat, radius * 1.01 + 1) if radius < WIDE else exact


def _stepped(since: int) -> "QuerySet[Step, int]":
    """Select the ids of cases with a step recorded since: by the ledger's offsets, so that it costs what it finds."""
    first = offset_at(since - SLACK)
    rows = Step.objects.filter(Q(offset__gte=first) | Q(offset__isnull=True), kind=LOOP)
    return rows.values_list(Cast(Substr("subject", len(SUBJECT) + 2), BigIntegerField()), flat=True)
