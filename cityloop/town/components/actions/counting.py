"""Keeping count: what each square and unit has, brought up in the transaction that changes it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection

from cityloop.town.components.rules import squares

SQUARES = "components_square", {"zoom": "smallint", "square": "bigint", "type": "text"}, ("number", "lon", "lat")
TALLIES = "components_tally", {"unit_code": "text", "type": "text", "state": "text"}, ("number",)


class Standing(NamedTuple):
    """Where and how a component stands, as far as it is counted."""

    cell: int
    lon: float
    lat: float
    unit_code: str
    type: str
    state: str


def recount(gone: Iterable[Standing], came: Iterable[Standing]) -> None:
    """Take away what no longer stands so and add what does, in the caller's transaction. At most two statements.

    Rows are written in one order, so that two who count at once wait for each other and never in a circle.
    """
    signed = [(one, -1) for one in gone] + [(one, 1) for one in came]
    if not signed:
        return
    shown = [(one, sign) for one, sign in signed if one.state != "discarded"]
    cells, lons, lats, _units, types, _states = zip(*(one for one, _ in shown), strict=True) if shown else [()] * 6
    _add(*SQUARES, squares.grown(squares.Points(cells, lons, lats, types, [sign for _, sign in shown])))
    tallies: Counter[tuple[str, str, str]] = Counter()
    for one, sign in signed:
        tallies[one[3:]] += sign
    _add(*TALLIES, {key: (number,) for key, number in sorted(tallies.items()) if number})


def _add(table: str, keys: Mapping[str, str], sums: Sequence[str], grown: Mapping[Any, Sequence[int]]) -> None:
    """Add to the rows of a table, making those that are not there."""
    if not grown:
        return
    named = ", ".join(f'"{name}"' for name in (*keys, *sums))
    added = ", ".join(f'"{name}" = "{table}"."{name}" + excluded."{name}"' for name in sums)
    tail = f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {added}"
    rows = [(*key, *numbers) for key, numbers in grown.items()]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            given = ", ".join(f"%s::{kind}[]" for kind in (*keys.values(), *["bigint"] * len(sums)))
            values = [list(column) for column in zip(*rows, strict=True)]
            cursor.execute(f'INSERT INTO "{table}" ({named}) SELECT * FROM unnest({given}){tail}', values)
        else:
            marks = ", ".join(["%s"] * len(rows[0]))
            cursor.executemany(f'INSERT INTO "{table}" ({named}) VALUES ({marks}){tail}', rows)
