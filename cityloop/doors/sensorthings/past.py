"""Questions for readings that reach back into the history: how far, of which datastreams, and what else is asked."""

from collections.abc import Mapping, Sequence
from typing import Any

from odata_query import ast
from odata_query.visitor import NodeTransformer

from cityloop.doors.sensorthings import filters, pages
from cityloop.doors.sensorthings.entities import ENTITIES
from cityloop.doors.sensorthings.functions import MICRO
from cityloop.doors.sensorthings.options import Options
from cityloop.loops.sensing import queries
from cityloop.loops.sensing.history import joining
from cityloop.loops.sensing.history.joining import Asked, Said
from cityloop.loops.sensing.history.reading import past_reading
from cityloop.loops.sensing.rules.keys import Key
from cityloop.loops.sensing.rules.times import EARLIEST, LATEST

_TURNED = {"Lt": "Gt", "LtE": "GtE", "Gt": "Lt", "GtE": "LtE"}


def asked_of(
    options: Options, now: int, streams: Sequence[int] | None, *, whole: bool, order: pages.Order | None = None
) -> Asked:
    """Give what is asked of the history. Not `whole`: the set itself is narrower than its datastreams."""
    asked = Asked(streams, now, plain=whole, steady=order.steady if order else None)
    if options.filter:
        _narrow(asked, filters.parsed(options.filter))
    if order and options.token:
        asked.beyond = pages.values_of(order, options.token)
    return asked


def _narrow(asked: Asked, node: Any) -> None:
    """Note what a condition says of time and datastream; what else it says the database is asked."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        _narrow(asked, node.left)
        _narrow(asked, node.right)
        return
    streams = _streams(node, asked.now)
    if streams is not None:
        asked.streams = streams if asked.streams is None else sorted(set(asked.streams).intersection(streams))
        return
    if not isinstance(node, ast.Compare):
        asked.plain = False
        return
    sign, one, other = type(node.comparator).__name__, node.left, node.right
    if not isinstance(one, ast.Identifier | ast.Attribute):
        sign, one, other = _TURNED.get(sign, sign), other, one
    at = _instant(other, asked.now) if isinstance(one, ast.Identifier) and one.name == "phenomenonTime" else None
    if at is not None and sign in (*_TURNED, "Eq"):
        asked.since = max(asked.since, at + (sign == "Gt")) if sign in ("Gt", "GtE", "Eq") else asked.since
        asked.until = min(asked.until, at + (sign != "Lt")) if sign in ("Lt", "LtE", "Eq") else asked.until
    else:
        asked.plain = False


def _streams(node: Any, now: int) -> list[int] | None:
    """Give the datastreams that a condition holds for; None where it says something else too. One query, or none."""
    turned = _OfDatastream()
    try:
        alone = turned.visit(node)
    except _More:
        return None
    if not turned.seen:
        return None
    reader = filters.Reader(ENTITIES["Datastreams"], now)
    what = reader.condition(alone)
    return None if reader.many else list(queries.table("Datastreams").filter(what).values_list("pk", flat=True))


class _More(Exception):
    """A condition that is not about datastreams alone."""


class _OfDatastream(NodeTransformer):
    """Turns what is said of the datastream of readings into what is said of datastreams."""

    seen = False

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        if not isinstance(node.owner, ast.Identifier):
            return ast.Attribute(self.visit(node.owner), node.attr)
        if node.owner.name != "Datastream":
            raise _More
        self.seen = True
        return ast.Identifier(node.attr)

    def visit_Identifier(self, node: ast.Identifier) -> Any:
        raise _More

    def visit_Call(self, node: ast.Call) -> Any:
        return ast.Call(node.func, [self.visit(one) for one in node.args])


def _instant(node: Any, now: int) -> int | None:
    """Give the instant that an expression without columns is; None where it is none, or has some."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        at, length = _instant(node.left, now), node.right
        if at is None or not isinstance(length, ast.Duration):
            return None
        micros = round(length.py_val.total_seconds() * MICRO)
        return at + micros if isinstance(node.op, ast.Add) else at - micros
    if not isinstance(node, ast.DateTime | ast.Date | ast.Call):
        return None
    found = filters.Reader(ENTITIES["Observations"], now).term(node)
    return found.literal if found.kind == "instant" and EARLIEST <= (found.literal or 0) <= LATEST else None


# --- single ones ----------------------------------------------------------------------------------


class One:
    """The one reading of a key, in the database or else in the history; asked as the ORM's rows are."""

    def __init__(self, rows: Any, key: Mapping[str, Any]) -> None:
        self.rows, self.key = rows, Key(*key.values())

    def values(self, *names: str) -> list[Said]:
        """Give its columns, of one or none."""
        found: list[Said] = list(self.rows.values(*names)[:1])
        return found or [{name: row[name] for name in names} for row in self._past()]

    def values_list(self, name: str, flat: bool = True) -> "_First":
        """Give one of its columns."""
        found = list(self.rows.values_list(name, flat=flat)[:1])
        return _First(found or [tuple(self.key) if name == "pk" else row[name] for row in self._past()])

    def _past(self) -> list[Said]:
        row = past_reading(self.key)
        return [joining.said(row)] if row else []


class _First(list[Any]):
    """What was found, of one or none."""

    def first(self) -> Any:
        """Give it."""
        return self[0] if self else None
