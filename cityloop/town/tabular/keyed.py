"""Rows of a table by keys given at once: one statement, and each key goes through the table's index.

A planner that took its statistics while the table was empty, or while another transaction was filling it, believes
that it has one row; left to itself it then reads the whole table again for each key, until it counts anew.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from django.db import connection

Keys = Sequence[Sequence[int]]


def rows_of(
    table: str, names: Sequence[str], keys: Keys, *, give: str, where: str, values: Sequence[Any] = (), order: str = "",
    most: int = 0,
) -> list[Any]:  # fmt: skip
    """Give the columns `give` of the rows `o` of a table that stand `where` a key says; no more than `most`.

    A key is called `k`, and its whole numbers have the `names`: `where` is such as "o.id = k.pk", with a `%s` for each
    of the `values`. No keys, no query.
    """
    if not keys:
        return []
    tail = (f" ORDER BY {order}" if order else "") + (f" LIMIT {most}" if most else "")
    if connection.vendor == "postgresql":
        # OFFSET 0 keeps the planner from turning the order of the two around.
        lateral = f'CROSS JOIN LATERAL (SELECT o.* FROM "{table}" o WHERE {where} OFFSET 0) o{tail}'
        return _asked(names, keys, give, lateral, values)
    return _asked(names, keys, give, f'CROSS JOIN "{table}" o WHERE {where}{tail}', values)


def sums_of(table: str, names: Sequence[str], keys: Keys, *, give: str, what: str, where: str) -> list[Any]:
    """Give what the rows of a table that stand `where` a key says come to: `give` of the key, then `what` of its rows.

    For each key one row, also where it has none; the rows themselves stay in the database. No keys, no query.
    """
    return _asked(names, keys, f'{give}, (SELECT {what} FROM "{table}" o WHERE {where})', "") if keys else []


def one_of(some: Iterable[int] | Iterable[str]) -> tuple[str, Any]:
    """Give the condition that a column is one of some numbers or words, and its value: one, however many they are."""
    listed: list[Any] = list(some)
    if connection.vendor == "postgresql":
        if listed and isinstance(listed[0], int):
            return "= ANY(%s::bigint[])", array_of(listed)
        return "= ANY(%s)", listed
    return "IN (SELECT value FROM json_each(%s))", msgspec.json.encode(listed).decode()


def array_of(numbers: Iterable[float | None]) -> str:
    """Give numbers as PostgreSQL reads an array: the driver's own way asks each of them what it is."""
    return "{" + ",".join(["NULL" if number is None else str(number) for number in numbers]) + "}"


def _asked(names: Sequence[str], keys: Keys, give: str, found: str, values: Sequence[Any] = ()) -> list[Any]:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            arrays = ", ".join(["%s::bigint[]"] * len(names))
            cursor.execute(
                f"SELECT {give} FROM unnest({arrays}) AS k({', '.join(names)}) {found}",
                [*map(array_of, zip(*keys, strict=True)), *values],
            )
        else:
            read = ", ".join(f"json_extract(value, '$[{n}]') AS {name}" for n, name in enumerate(names))
            cursor.execute(
                f"SELECT {give} FROM (SELECT {read} FROM json_each(%s)) k {found}",
                [msgspec.json.encode(keys).decode(), *values],
            )
        return list(cursor.fetchall())
