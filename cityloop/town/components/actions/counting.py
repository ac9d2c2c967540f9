"""Keeping count: what each square and unit has, brought up in the transaction that changes it."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db import connection

from cityloop.town.components.rules import squares

SQUARES = "components_square", ("zoom", "square", "type"), ("smallint", "bigint", "text")
TALLIES = "components_tally", ("unit_code", "type", "state"), ("text", "text", "text")


class Standing(NamedTuple):
    """Where and how a component stands, as far as it is counted."""

    cell: int
    unit_code: str
    type: str
    state: str


def recount(gone: Iterable[Standing], came: Iterable[Standing]) -> None:
    """Take away what no longer stands so and add what does, in the caller's transaction. At most two statements.

    Rows are written in one order, so that two who count at once wait for each other and never in a circle.
    """
    signed = [(one, -1) for one in gone] + [(one, 1) for one in came]
    shown = [(one, sign) for one, sign in signed if one.state != "discarded"]
    grown = squares.counts((o.cell for o, _ in shown), (o.type for o, _ in shown), (sign for _, sign in shown))
    _add(SQUARES, grown)
    tallies: dict[tuple[str, str, str], int] = {}
    for one, sign in signed:
        key = one[1:]
        tallies[key] = tallies.get(key, 0) + sign
    _add(TALLIES, {key: number for key, number in sorted(tallies.items()) if number})


def _add(table: tuple[str, Sequence[str], Sequence[str]], grown: dict[Any, int]) -> None:
    if not grown:
        return
    name, keys, types = table
    columns = ", ".join(f'"{key}"' for key in keys)
    tail = f' ON CONFLICT ({columns}) DO UPDATE SET "number" = "{name}"."number" + excluded."number"'
    head = f'INSERT INTO "{name}" ({columns}, "number") '  # noqa: S608 - names of our own
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            given = ", ".join(f"%s::{kind}[]" for kind in (*types, "bigint"))
            values = [list(column) for column in zip(*grown, strict=True)] + [list(grown.values())]
            cursor.execute(f"{head} SELECT * FROM unnest({given}){tail}", values)
        else:
            marks = ", ".join(["%s"] * (len(keys) + 1))
            cursor.executemany(f"{head} VALUES ({marks}){tail}", [(*key, number) for key, number in grown.items()])
