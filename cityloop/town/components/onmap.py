"""Components on a map: counted by squares that are kept, or by looking near by; and a few single ones in a tile."""

from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Sum

from cityloop.ground.codes import centre
from cityloop.ground.codes.cells import covering
from cityloop.ground.codes.tiles import Tile, box_of
from cityloop.town.components.models import Component, Square
from cityloop.town.components.queries import confidential
from cityloop.town.components.rules import squares

MOST = 400  # as many in one tile can be told apart; beyond, they are counted
LOOKED = 8_000  # so many in a tile are counted one by one; of more, the squares kept tell


class Mark(NamedTuple):
    """A component in a tile."""

    code: str
    type: str
    state: str
    lon: float
    lat: float


class Heap(NamedTuple):
    """Components too many to tell apart: where about, how many."""

    lon: float
    lat: float
    number: int


class Told(NamedTuple):
    """What a tile has: single ones, or counts."""

    marks: list[Mark]
    heaps: list[Heap]


def in_tile(tile: Tile, seen: Q, ceiling: int, type_: str = "") -> Told:
    """Give what stands in a tile. Three queries at most, each of a bounded number of rows.

    `seen` says which components someone may see, `ceiling` up to which level they are counted in squares kept.
    """
    if tile[0] < squares.NEAR:
        return Told([], _kept(tile, squares.kept_for(tile), ceiling, type_))
    rough = _kept(tile, squares.KEPT[-1], ceiling, type_) if tile[0] == squares.KEPT[-1] else []
    if _total(rough) > LOOKED:
        return Told([], rough)
    rows = _near(tile, seen, type_)
    found = _fetched(rows.values_list(*Mark._fields)[: MOST + 1])
    if len(found) <= MOST:
        return Told([Mark(*row) for row in found], [])
    rough = rough or _kept(tile, squares.KEPT[-1], ceiling, type_)
    return Told([], _looked(tile, rows) if _total(rough) <= LOOKED else rough)


def _total(heaps: list[Heap]) -> int:
    return sum(heap.number for heap in heaps)


def _near(tile: Tile, seen: Q, type_: str) -> "QuerySet[Component]":
    inside = [Q(cell__gte=low, cell__lt=high) for low, high in covering(box_of(tile))]
    rows = Component.objects.filter(reduce(or_, inside)).exclude(state="discarded")
    rows = rows.filter(type=type_) if type_ else rows
    return rows.filter(seen) if confidential() else rows  # without such types, the index alone answers the counts


def _looked(tile: Tile, rows: "QuerySet[Component]") -> list[Heap]:
    zoom = tile[0] + squares.FINER
    shift = squares.shift_of(zoom)
    counted = rows.annotate(square=F("cell").bitrightshift(shift)).values_list("square")
    summed = _fetched(counted.annotate(n=Count("*")).order_by())
    return [Heap(*centre(square << shift, zoom), n) for square, n in summed]


def _kept(tile: Tile, zoom: int, ceiling: int, type_: str) -> list[Heap]:
    inside = [Q(square__gte=low, square__lt=high) for low, high in squares.ranges(tile, zoom)]
    rows = Square.objects.filter(reduce(or_, inside), zoom=zoom)
    rows = rows.filter(type=type_) if type_ else rows
    hidden = confidential(ceiling)
    rows = rows.exclude(type__in=hidden) if hidden else rows
    summed = rows.values("square").annotate(n=Sum("number"), x=Sum("lon"), y=Sum("lat")).filter(n__gt=0).order_by()
    found = summed.values_list("n", "x", "y")
    return [Heap(squares.mean(x, n), squares.mean(y, n), n) for n, x, y in found]


def _fetched(rows: "QuerySet[Component, Any]") -> list[tuple[Any, ...]]:
    """Fetch rows of a few ranges of cells, the values written out on PostgreSQL.

    A prepared statement is planned for any values: it takes a small tile for a large part of the city, and reads the
    whole table for it.
    """
    try:
        sql, values = rows.query.sql_with_params()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            operations: Any = connection.ops
            cursor.execute(operations.compose_sql(sql, values))
        else:
            cursor.execute(sql, values)
        return list(cursor.fetchall())
