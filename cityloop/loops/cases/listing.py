"""Lists and maps of cases for programs: few columns, plain tuples, keyset paging."""

from collections.abc import Callable
from functools import lru_cache
from math import cos, hypot, radians
from typing import Any

import msgspec
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BigIntegerField, Q, QuerySet
from django.db.models.functions import Cast, Substr

from cityloop.loops.cases import numbers
from cityloop.loops.cases.loop import LOOP
from cityloop.loops.cases.models import SUBJECT, Case
from cityloop.loops.cases.queries import Wanted, knows_size, takes_part_by_size, takes_part_each, visible, wanted_of
from cityloop.loops.cases.search.queries import CANDIDATES, Asked, candidates
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.queries import offset_at
from cityloop.town.orgs.authority import Scope
from cityloop.town.units import queries as units

Box = tuple[float, float, float, float]
Asking = tuple[str, tuple[Any, ...] | None]  # SQL, and its values where they are not written out in it
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


class Near(msgspec.Struct, frozen=True):
    """What else a list may be narrowed by: a box of degrees (west, south, east, north), steps recorded since."""

    box: Box | None = None
    since: int = 0


def briefs(scope: Scope, wanted: Wanted, near: Near, *, before: int = 0, most: int = 50) -> list[Brief]:
    """Give the newest cases a scope may see, below the id `before`.

    One query, one more for each organisation whose cases alone are seen; with `since`, a search before it.
    """
    lasting = not (near.since or wanted.overdue_at or wanted.number or wanted.persons)
    if lasting and knows_size(scope):
        asked = _remembered(scope, wanted, near, before, most)
    else:
        asked = _written(takes_part_by_size, scope, wanted, near, before, most)
    return [Brief(*row) for row in _fetched(asked, "@")] if asked else []


@lru_cache(maxsize=512)
def _remembered(scope: Scope, wanted: Wanted, near: Near, before: int, most: int) -> Asking | None:
    """Write a question that says the same for ever, once: all who look at a list ask it again and again.

    Writing it costs as much as its answer.
    """
    return _written(takes_part_each, scope, wanted, near, before, most)


def _written(
    part_of: Callable[[str], Q], scope: Scope, wanted: Wanted, near: Near, before: int, most: int
) -> Asking | None:
    """Write the question of a list; None where nothing can be found."""
    rows = _narrowed(visible(scope, part_of).filter(wanted_of(wanted)), near)
    if before:
        rows = rows.filter(pk__lt=before)
    return _asking(rows.order_by("-pk").values_list(*Brief.__struct_fields__)[:most])


def briefs_with_words(
    scope: Scope, wanted: Wanted, near: Near, asked: Asked, *, before: int = 0, most: int = 50
) -> list[Brief]:
    """Give the newest cases with all the words asked for that a scope may see. Two queries, at most four."""
    found: list[Brief] = []
    for number in CANDIDATES:
        ids = candidates(asked, before=before, most=number)
        if not ids:
            break
        rows = _narrowed(visible(scope, takes_part_each).filter(wanted_of(wanted), pk__in=ids), near)
        newest = rows.order_by("-pk").values_list(*Brief.__struct_fields__)[: most - len(found)]
        found += [Brief(*row) for row in newest]
        if len(found) >= most or len(ids) < number:
            break
        before = ids[-1]
    return found


def features(scope: Scope, wanted: Wanted, near: Near, *, now: int, most: int = 4000) -> tuple[int, str]:
    """Give the newest open cases that have a place as GeoJSON features with commas between, and how many. One query.

    The database writes the text: fetching four thousand rows and writing them here costs three times as much.
    """
    seen = visible(scope, takes_part_by_size).filter(wanted_of(wanted), closed__isnull=True, lon__isnull=False)
    rows = _narrowed(seen, near).order_by("-pk").values_list("id", "created", "lon", "lat", "state", "matter", "due")
    joined = "string_agg" if connection.vendor == "postgresql" else "group_concat"
    asked = _asking(rows[:most])
    found = _fetched(asked, f"SELECT count(*), {joined}({_feature(now)}, ',') FROM (@) m") if asked else []
    count, text = found[0] if found else (0, "")
    return count, text or ""


def _asking(rows: "QuerySet[Case, Any]") -> Asking | None:
    """Give a query as SQL and its values, which are written out on PostgreSQL; None where it can find nothing.

    A prepared statement is planned for any values, and takes every range of codes for a small one: the plan that
    reads from the newest down until a page is full is then never chosen.
    """
    try:
        sql, values = rows.query.sql_with_params()
    except EmptyResultSet:
        return None
    if connection.vendor != "postgresql":
        return sql, tuple(values)
    operations: Any = connection.ops
    return operations.compose_sql(sql, values), None


def _fetched(asked: Asking, around: str) -> list[tuple[Any, ...]]:
    """Fetch a query put into another at its `@`."""
    sql, values = asked
    with connection.cursor() as cursor:
        cursor.execute(around.replace("@", sql), values)
        return list(cursor.fetchall())


def _feature(now: int) -> str:
    """Give the SQL of one feature. States and matters are plain words of our own alphabet: nothing to escape."""
    number = "CASE WHEN id < 1000000 THEN substr('00000' || id, length(CAST(id AS text))) ELSE CAST(id AS text) END"
    late = f"CASE WHEN due < {int(now)} THEN 'true' ELSE 'false' END"
    parts = (
        f"""'{{"type":"Feature","id":"{units.city().case_prefix}-'""", _year(now), "'-'", number,
        """'","geometry":{"type":"Point","coordinates":['""", "lon", "','", "lat",
        """']},"properties":{"state":"'""", "state", """'","matter":"'""", "matter", """'","overdue":'""", late, "'}}'",
    )  # fmt: skip
    return f"concat({', '.join(parts)})" if connection.vendor == "postgresql" else " || ".join(parts)


def _year(now: int) -> str:
    """Give the SQL of the year of a number: that of the case's collection, in the city's zone."""
    starts = numbers.years(now)
    whens = " ".join(f"WHEN created >= {start} THEN '{year:04d}'" for year, start in starts)
    return f"CASE {whens} ELSE '{starts[-1][0]:04d}' END"


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
