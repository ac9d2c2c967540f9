"""Cases on a map: counted by unit, now or at an instant of the day; and a few single ones in a tile."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db.models import Count, ExpressionWrapper, F, Q, QuerySet, Value
from django.db.models.functions import Substr

from cityloop.ground.codes import MAX_ZOOM, centre
from cityloop.ground.codes.cells import covering
from cityloop.ground.codes.tiles import Tile, box_of
from cityloop.loops.cases.known import silent
from cityloop.loops.cases.models import Case
from cityloop.loops.cases.queries import takes_part_each, takes_part_listed, takes_part_open, visible
from cityloop.town.columns import InstantField, under
from cityloop.town.orgs.authority import Scope
from cityloop.town.tabular.planning import planned_anew

MOST = 400  # as many marks in one tile can be told apart; beyond, they are counted
LONGEST = Case._meta.get_field("unit_code").max_length  # of the characters of a unit's code: all of them
FINER = 4  # counts are by squares of a sixteenth of the tile's width


class Counted(NamedTuple):
    """How many cases are open in a unit, and how many of them are past their limit."""

    open: int
    over: int


class Mark(NamedTuple):
    """An open case in a tile."""

    id: int
    lon: float
    lat: float
    matter: str
    created: int
    due: int | None


class Heap(NamedTuple):
    """Open cases too many to tell apart: where about, how many, how many past their limit."""

    lon: float
    lat: float
    open: int
    over: int


def still_open(
    scope: Scope | None, code: str = "", part_of: Callable[[str], Q] = takes_part_listed
) -> "QuerySet[Case]":
    """Select the open cases under `code` a scope may see; without one, what everybody may know to be there."""
    # For everybody the matter is asked too: of the indexes of open cases the one that has it begins with the unit.
    seen = visible(scope, part_of) if scope is not None else _told(Case.objects.filter(unit_code__gte=""))
    return seen.filter(under("unit_code", code), closed__isnull=True)


def _told(rows: "QuerySet[Case]") -> "QuerySet[Case]":
    """Of some cases select those whose part of the city everybody may know: any count by parts would tell it."""
    return rows.filter(level=0).exclude(matter__in=["", *silent()])


def of_hours(scope: Scope | None, code: str, **when: int) -> "QuerySet[Case]":
    """Select the cases of some hours as `still_open` does: few enough to ask each for its parts.

    The unit is an expression, so that the index of those hours is gone by, and not all cases of the unit or the area.
    """
    rows = Case.objects.filter(**when).annotate(area=Substr("unit_code", 1, LONGEST)).filter(under("area", code))
    return visible(scope, takes_part_each, rows, "area") if scope is not None else _told(rows)


@planned_anew()
def by_unit(code: str, width: int, scope: Scope | None, now: int) -> dict[str, Counted]:
    """Count open cases under `code` by the first `width` characters of their unit's code.

    One query, answered from the index of open cases alone where a scope is an area.
    """
    return _counted([still_open(scope, code)], width, now)


@planned_anew()
def by_unit_at(code: str, width: int, scope: Scope | None, at: int) -> dict[str, Counted]:
    """Count cases as `by_unit` does, as they were open at the past instant `at`. Two queries.

    Those still open, and those closed since: the further back, the more of the latter. What is confidential now
    counts as confidential then; a case reopened since counts as open throughout; the limit is the last one known.
    """
    still = still_open(scope, code).filter(created__lte=at)
    return _counted([still, of_hours(scope, code, closed__gt=at, created__lte=at)], width, at)


def _counted(parts: "Iterable[QuerySet[Case]]", width: int, at: int) -> dict[str, Counted]:
    found: dict[str, Counted] = {}
    for rows in parts:
        grouped = rows.annotate(sub=Substr("unit_code", 1, width)).values_list("sub")
        for sub, count, over in grouped.annotate(n=Count("*"), late=Count("due", filter=Q(due__lt=at))).order_by():
            before = found.get(sub, Counted(0, 0))
            found[sub] = Counted(before.open + count, before.over + over)
    return found


HOUR = 3_600_000_000


MINUTE = 60_000_000


def received(code: str, scope: Scope, now: int, hours: int) -> list[int]:
    """Count the cases under `code` collected in each of the last hours, the oldest first.

    One query; none until the next minute of the city's time for who looks again, as every open map does by itself.
    """
    key = f"received:{hash((code, scope, hours))}:{now // MINUTE}"
    known: list[int] | None = cache.get(key)
    if known is None:
        known = _received(code, scope, now, hours)
        cache.set(key, known, 60)
    return known


@planned_anew()
def _received(code: str, scope: Scope, now: int, hours: int) -> list[int]:
    since = now - hours * HOUR
    rows = of_hours(scope, code, created__gt=since, created__lte=now)
    # As whole instants: a bare number is sent to PostgreSQL in 32 bits.
    first, length = Value(since + 1, output_field=InstantField()), Value(HOUR, output_field=InstantField())
    hour = ExpressionWrapper((F("created") - first) / length, output_field=InstantField())
    by_hour = rows.annotate(hour=hour).values_list("hour")
    found = {int(hour): count for hour, count in by_hour.annotate(n=Count("*")).order_by()}
    return [found.get(hour, 0) for hour in range(hours)]


@planned_anew()
def marks_in(tile: Tile, scope: Scope) -> list[Mark] | None:
    """Give the open cases of a tile that a scope may see; None where they are more than `MOST`. One query.

    Cases without a place are on no tile.
    """
    names = ("pk", "lon", "lat", "matter", "created", "due")
    parts = [rows.values_list(*names) for rows in _ranges(tile, scope)]
    found: list[Any] = list(parts[0].union(*parts[1:], all=True)[: MOST + 1])
    return [Mark(*row) for row in found] if len(found) <= MOST else None


@planned_anew()
def heaps_in(tile: Tile, scope: Scope, at: int) -> list[Heap]:
    """Count the open cases of a tile by squares of it. One query, whose answer has some hundreds of rows."""
    zoom = min(tile[0] + FINER, MAX_ZOOM)
    shift = 2 * (MAX_ZOOM - zoom)
    parts = []
    for rows in _ranges(tile, scope):  # no square lies in two of them
        grouped = rows.annotate(square=F("cell").bitrightshift(shift)).values_list("square")
        parts.append(grouped.annotate(n=Count("*"), late=Count("due", filter=Q(due__lt=at))).order_by())
    counted: Iterable[Any] = parts[0].union(*parts[1:], all=True)
    return [Heap(*centre(square << shift, zoom), count, over) for square, count, over in counted]


def _ranges(tile: Tile, scope: Scope) -> "list[QuerySet[Case]]":
    """Give the open cases of a tile as a few ranges of cells: all that it holds, and a little beyond its edges.

    Each is a query of its own within the one: only so it is answered from the index of open cases, without the rows.
    """
    rows = still_open(scope, part_of=takes_part_open)
    return [rows.filter(cell__gte=low, cell__lt=high) for low, high in covering(box_of(tile))]
