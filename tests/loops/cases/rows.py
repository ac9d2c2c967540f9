"""Rows of the whole database, kept in memory and put back: quicker than doing again what made them."""

from typing import Any

from django.db import connection, transaction

Rows = dict[str, tuple[list[str], list[tuple[Any, ...]]]]


def rows_now() -> Rows:
    """Read all tables."""
    found: Rows = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            columns = [column[0] for column in cursor.description]
            found[table] = columns, [tuple(map(_plain, row)) for row in cursor.fetchall()]
    return found


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def added(before: Rows, after: Rows) -> Rows:
    """Give what came in; a table that was not empty before must be as it was."""
    found = {table: now for table, now in after.items() if now != before.get(table)}
    assert not any(before[table][1] for table in found)
    return found


def put(rows: Rows) -> None:
    """Write the rows into their empty tables."""
    with transaction.atomic(), connection.cursor() as cursor:
        for table, (columns, values) in rows.items():
            names = ", ".join(f'"{name}"' for name in columns)
            marks = "(" + ", ".join(["%s"] * len(columns)) + ")"
            for start in range(0, len(values), 30):
                some = values[start : start + 30]
                said = [value for row in some for value in row]
                cursor.execute(f'INSERT INTO "{table}" ({names}) VALUES ' + ", ".join([marks] * len(some)), said)
