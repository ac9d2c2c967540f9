"""Rows of many parents in one statement: each parent's own first few, in order, found by the index."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection

from cityloop.doors.sensorthings.entities import JSON_COLUMNS, Link

PARENT = -7_777_777_777_777  # stands for the parent in a statement that is written once
AT_ONCE = 200  # parents in one statement
Rows = dict[Any, list[dict[str, Any]]]


def of_parents(
    queryset: Any, link: Link, columns: Sequence[str], parents: Sequence[int], skip: int, most: int, room: int
) -> Rows:  # fmt: skip
    """Give up to `most` rows for each parent, after the first `skip`. One statement for each `AT_ONCE` parents.

    Once there are more than there is `room` for, no more are looked for.
    """
    narrowed = queryset.filter(**{link.back: PARENT})[skip : skip + most]
    sql, params = narrowed.values_list(*columns).query.sql_with_params()
    found: Rows = defaultdict(list)
    for start in range(0, len(parents), AT_ONCE):
        if room < 0:
            break
        for row in _rows(sql, params, parents[start : start + AT_ONCE], room + 1):
            room -= 1
            found[row[0]].append(dict(zip(columns, map(_value, columns, row[1:]), strict=True)))
    return found


def _rows(sql: str, params: Sequence[Any], parents: Sequence[int], most: int) -> Iterator[tuple[Any, ...]]:
    branch, given = f"SELECT %s AS parent, q.* FROM ({sql}) q", list[Any]()  # noqa: S608 - the ORM's own
    if connection.vendor == "postgresql":
        branch = branch.replace("%s AS parent", "%s::bigint AS parent", 1)
    for parent in parents:
        given += [parent, *(parent if one == PARENT else one for one in params)]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join([branch] * len(parents)) + " LIMIT %s", [*given, most])
        yield from cursor.fetchall()


def _value(column: str, value: Any) -> Any:
    return json.loads(value) if column in JSON_COLUMNS and isinstance(value, str) else value
