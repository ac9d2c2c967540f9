"""Pages that go on where the last one ended, by the values of its last row: page 1,000 costs what page 1 does."""

import base64
from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

import msgspec
from django.db.models import F, Q

from cityloop.doors.sensorthings import filters
from cityloop.doors.sensorthings.entities import Entity
from cityloop.doors.sensorthings.options import Options
from cityloop.ground.kit.refusal import Refusal


class Order(NamedTuple):
    """In what order rows come; `steady` are the columns a page can go on from, None where it counts instead."""

    by: list[Any]
    steady: list[tuple[str, bool]] | None


def order_of(entity: Entity, options: Options, now: int) -> Order:
    """Give the order that was asked for; the key decides between equals."""
    columns, by, steady = list[tuple[str, bool]](), list[Any](), True
    for words, down in options.orderby:
        term = filters.ordering(entity, words, now)
        path = _own(entity, term.path)
        expression = F(path) if path else term.expression
        by.append(expression.desc() if down else expression.asc())
        columns.append((path, down))
        steady &= path in ("pk", *entity.key) or any(one.path == path and one.steady for one in entity.fields.values())
    last = columns[-1][1] if columns else False
    named = {path for path, _down in columns}
    for name in entity.key:
        if name not in named and not ("pk" in named and len(entity.key) == 1):
            columns.append((name, last))
            by.append(F(name).desc() if last else F(name).asc())
    return Order(by, [("id" if path == "pk" else path, down) for path, down in columns] if steady else None)


def _own(entity: Entity, path: str) -> str:
    """Give the column of its own that names a linked entity, where that is what its key begins with."""
    column = f"{path.removesuffix('__pk')}_id"
    return column if path.endswith("__pk") and column in entity.key else path


def after(order: Order, token: str) -> tuple[Q, int]:
    """Give the condition of what comes after a page, or else how many rows to pass over."""
    values = _read(token)
    if type(values) is int and 0 <= values < 2**40:
        return Q(), values
    if not isinstance(values, list) or order.steady is None or len(values) != len(order.steady):
        raise _torn()
    if any(type(one) not in (int, str) for one in values):
        raise _torn()
    return _beyond(order.steady, values), 0


def values_of(order: Order, token: str) -> list[Any] | None:
    """Give the values of the last row of a page, where pages go on from them; after `after`, which judges the link."""
    values = _read(token)
    return values if order.steady is not None and isinstance(values, list) else None


def _read(token: str) -> Any:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(token))
    except (msgspec.DecodeError, ValueError) as error:
        raise _torn() from error


def _beyond(columns: Sequence[tuple[str, bool]], values: Sequence[Any]) -> Q:
    steps = []
    for at, ((path, down), value) in enumerate(zip(columns, values, strict=True)):
        same = Q(**{name: one for (name, _down), one in zip(columns[:at], values[:at], strict=True)})
        steps.append(same & Q(**{f"{path}__{'lt' if down else 'gt'}": value}))
    first, down = columns[0]
    # The first column's half-open range is what an index can begin at.
    return Q(**{f"{first}__{'lte' if down else 'gte'}": values[0]}) & reduce(or_, steps)


def token(order: Order, row: Any, passed: int) -> str:
    """Give where the next page begins."""
    values: Any = passed if order.steady is None else [row[path] for path, _down in order.steady]
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).decode()


def _torn() -> Refusal:
    return Refusal("sensing.option.token", "This link to the next page is torn; begin again.", "$skiptoken")
