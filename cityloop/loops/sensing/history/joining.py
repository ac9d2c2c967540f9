"""A query of readings over both the database and the history.

The query is the ORM's own: it is put to the database, and, where it asks for more than a time, put to it again with
rows of the history in the place of the table. So every function means the same in both, and every order.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import msgspec
from django.core.exceptions import EmptyResultSet
from django.db import connection

from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.sensing.actions.writing import COLUMNS, TABLE
from cityloop.loops.sensing.history import parts, reading
from cityloop.loops.sensing.history.columns import Readings, Row, readings_of, some
from cityloop.loops.sensing.history.parts import kept_of
from cityloop.loops.sensing.history.spans import LEAST
from cityloop.loops.sensing.rules.times import EARLIEST
from cityloop.loops.sensing.rules.times import LATEST as LAST

MOST = 2_000_000  # rows of the history that are looked at for one question
AT_ONCE = 100_000  # of them in one statement
STREAMS = 500  # datastreams whose files are read at once
FURTHEST = 50_000  # rows that a page may pass over where the history has some of them: all of them are looked at
Said = dict[str, Any]
Steady = Sequence[tuple[str, bool]]


@dataclass
class Asked:
    """What is asked: of which datastreams (None: all), from when until before when; `plain` where nothing else is.

    `steady` is the order where it is by time or key alone, else None; `beyond` where a page goes on, in that order.
    """

    streams: Sequence[int] | None
    now: int
    since: int = EARLIEST
    until: int = LAST
    plain: bool = True
    steady: Steady | None = None
    beyond: Sequence[Any] | None = None

    def down(self) -> bool:
        """Tell whether the newest come first."""
        return dict(self.steady or ()).get("time", False)


def page(rows: Any, asked: Asked, skip: int, most: int) -> list[Said]:
    """Give the rows of a page. `rows` is the query of the database, in its order; beside it one to three queries.

    Where the database has all that is asked for, it passes over the first itself.
    """
    found: list[Said] = list(rows.values(*COLUMNS)[skip : skip + most])
    if _of_today(found, asked, most):
        return found
    kept = kept_of(asked.streams, asked.since, asked.until)
    if not kept:
        return found
    if skip > FURTHEST:
        raise Refusal(
            "sensing.history.far",
            "A page that may hold old readings begins after {most} others at most; name a span of phenomenonTime.",
            "$skip", most=FURTHEST,
        )  # fmt: skip
    number = skip + most
    if skip:
        found = list(rows.values(*COLUMNS)[:number])
        kept = kept_of(asked.streams, asked.since, asked.until)  # what moved meanwhile is in the history now
    if asked.steady is None or (asked.steady[0][0] == "time" and len({one.datastream for one in kept}) > 1):
        return _best(rows, asked, kept, found, number)[skip:]
    return _in_order(rows, asked, kept, found, number)[skip:]


def _of_today(hot: Sequence[Said], asked: Asked, number: int) -> bool:
    """Tell whether a page is full of readings too young to have moved, and nothing older comes before them."""
    newest_first = asked.steady is not None and asked.steady[0] == ("time", True)
    return newest_first and len(hot) == number and (not hot or hot[-1]["time"] > asked.now - LEAST)


def past_count(rows: Any, asked: Asked) -> int:
    """Give how many there are in the history that are not in the database too. `rows` is the query of the database."""
    number = 0
    for chunk in _chunks(asked, kept_of(asked.streams, asked.since, asked.until)):
        number += len(chunk.time) if asked.plain else _counted(rows, chunk)
    return number


# --- by time or key -------------------------------------------------------------------------------


def _in_order(rows: Any, asked: Asked, kept: Sequence[parts.Kept], hot: list[Said], number: int) -> list[Said]:
    """Read on in the history until the page is full, or nothing more can come before what the database has."""
    past = list[Said]()
    full = len(hot) >= number
    order, bound = _sorter(asked.steady or ()), dict(zip(dict(asked.steady or ()), asked.beyond or (), strict=False))
    for pk in sorted({one.datastream for one in kept}, reverse=_streams_down(asked)):
        since, until = asked.since, asked.until
        if full and hot[-1]["datastream_id"] == pk:
            since, until = (max(since, hot[-1]["time"]), until) if asked.down() else (
                since, min(until, hot[-1]["time"] + 1))  # fmt: skip
        elif full and order([hot[-1], {**hot[-1], "datastream_id": pk}])[0] is hot[-1]:
            break
        if bound and pk == bound["datastream_id"]:
            since, until = (
                (since, min(until, bound["time"] + 1)) if asked.down() else (max(since, bound["time"]), until)
            )
        elif bound and asked.steady and asked.steady[0][0] == "datastream_id" and _passed(asked, pk):
            continue
        mine = [one for one in kept if one.datastream == pk]
        for chunk in reading.stretches(mine, since, until, down=asked.down()):
            past += _kept(rows, asked, chunk, number)
            if len(past) >= number:
                break
        if len(past) >= number:
            break
    # Of one datastream, and of the history alone, they are in order already.
    return (
        past[:number]
        if not (hot or asked.down()) and len({one.datastream for one in kept}) == 1
        else order(_once([*hot, *past]))[:number]
    )


def _kept(rows: Any, asked: Asked, chunk: Readings, number: int) -> list[Said]:
    if not asked.plain:
        return _through(rows, chunk, number)
    if asked.beyond is not None and asked.steady:
        names = [name for name, _down in asked.steady]
        found = [row for row in map(said, chunk.rows()) if _after(asked, [row[name] for name in names])]
        return found[-number:] if asked.down() else found[:number]
    ends = slice(-number, None) if asked.down() else slice(0, number)
    return [said(row) for row in some(chunk, ends).rows()]


def _after(asked: Asked, values: Sequence[Any]) -> bool:
    for (_name, down), value, bound in zip(asked.steady or (), values, asked.beyond or (), strict=True):
        if value != bound:
            return bool(value < bound) if down else bool(value > bound)
    return False


def _passed(asked: Asked, pk: int) -> bool:
    """Tell whether all of a datastream stood on the pages before."""
    first = (asked.beyond or (0,))[0]
    return bool(pk > first if _streams_down(asked) else pk < first)


def _streams_down(asked: Asked) -> bool:
    return dict(asked.steady or ()).get("datastream_id", False)


def _sorter(steady: Steady) -> Any:
    def order(rows: list[Said]) -> list[Said]:
        for name, down in reversed(steady):
            rows = sorted(rows, key=itemgetter(name), reverse=down)
        return rows

    return order


def _once(rows: Sequence[Said]) -> list[Said]:
    """Give each reading once; what stands first counts."""
    found: dict[Row, Said] = {}
    for row in rows:
        found.setdefault((row["datastream_id"], row["time"], row["lasts"]), row)
    return list(found.values())


# --- in any order ---------------------------------------------------------------------------------


def _best(rows: Any, asked: Asked, kept: Sequence[parts.Kept], hot: list[Said], number: int) -> list[Said]:
    """Let the database choose the first ones, of what it has and of the history, portion by portion."""
    best = [tuple(_written(row) for row in one.values()) for one in hot]
    for chunk in _chunks(asked, kept):
        both = readings_of([*chunk.rows(), *best])
        best = [tuple(_written(value) for value in row.values()) for row in _through(rows, both, number)]
    return [said(row) for row in best]


def _written(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, dict) else value


def _chunks(asked: Asked, kept: Sequence[parts.Kept]) -> Iterator[Readings]:
    """Give all that datastreams have in the history; refuse to look at too much for one question."""
    seen = 0
    for some_kept in _together(asked, kept):
        for chunk in reading.stretches(some_kept, asked.since, asked.until, down=False):
            seen += len(chunk.time)
            if seen > MOST:
                raise Refusal(
                    "sensing.history.much",
                    "This asks for too many old readings at once; name a datastream and a span of phenomenonTime.",
                    "$filter",
                )
            for start in range(0, len(chunk.time), AT_ONCE):
                yield some(chunk, slice(start, start + AT_ONCE))


def _together(asked: Asked, kept: Sequence[parts.Kept]) -> Iterator[Sequence[parts.Kept]]:
    """Give the datastreams of each property at once where its files hold few enough: they are read once then, and not
    once for each. Others come one by one, so that a question that asks too much ends before they fill the memory."""
    of_stream, of_property = defaultdict[int, list[parts.Kept]](list), defaultdict[int, list[parts.Kept]](list)
    for one in kept:
        of_stream[one.datastream].append(one)
    for pk, mine in list(of_stream.items()):
        if len(mine) == 1:
            of_property[mine[0].observed_property] += of_stream.pop(pk)
    rows = parts.rows_of(of_property, asked.since, asked.until) if len(of_property) < len(kept) else {}
    for number, mine in of_property.items():
        if rows.get(number, MOST + 1) <= MOST:
            yield from (mine[start : start + STREAMS] for start in range(0, len(mine), STREAMS))
        else:
            yield from ([one] for one in mine)
    yield from of_stream.values()


# --- rows of the history in the place of the table ------------------------------------------------

_TYPES = ("bigint", "bigint", "bigint", "double precision", "bigint", "bigint", "text")
_names = ", ".join(f'"{name}"' for name in COLUMNS)
_typed = ", ".join(f'"{name}" {kind}' for name, kind in zip(COLUMNS, _TYPES, strict=True))
_MAKE = f"CREATE TEMP TABLE IF NOT EXISTS sensing_past ({_typed})"
_FILL = f"INSERT INTO sensing_past ({_names}) VALUES ({', '.join(['%s'] * len(COLUMNS))})"
_PG = (
    f'WITH "{TABLE}" AS MATERIALIZED (SELECT {_names[: _names.rindex(",")]}, "more"::jsonb AS "more" FROM unnest('
    f"{', '.join(f'%s::{kind}[]' for kind in _TYPES)}) AS past({_names})) "
)
_SQLITE = f'WITH "{TABLE}" AS MATERIALIZED (SELECT * FROM temp.sensing_past) '


def _through(rows: Any, chunk: Readings, number: int) -> list[Said]:
    """Give those of the history that a query gives, in its order."""
    return [said(row[: len(COLUMNS)]) for row in _put(rows.values_list(*COLUMNS)[:number], "{}", chunk)]


def _counted(rows: Any, chunk: Readings) -> int:
    found = _put(rows.order_by().values_list(*COLUMNS[:3]), "SELECT COUNT(*) FROM ({}) found", chunk)
    return int(found[0][0]) if found else 0


def _put(rows: Any, around: str, chunk: Readings) -> list[Any]:
    try:
        sql, params = rows.query.sql_with_params()
    except EmptyResultSet:  # the ORM sees by itself that nothing can be so
        return []
    sql = around.replace("{}", sql)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            columns = [list(column) for column in zip(*chunk.rows(), strict=True)] or [[] for _ in COLUMNS]
            cursor.execute(_PG + sql, [*columns, *params])
            return list(cursor.fetchall())
        cursor.execute(_MAKE)
        cursor.execute("SAVEPOINT sensing_past")  # or each row is a transaction of its own; nothing but this is locked
        try:
            cursor.execute("DELETE FROM temp.sensing_past")
            cursor.executemany(_FILL, chunk.rows())
        finally:
            cursor.execute("RELEASE sensing_past")
        cursor.execute(_SQLITE + sql, params)
        return list(cursor.fetchall())


def said(row: Sequence[Any]) -> Said:
    """Give a row as the ORM gives it."""
    more = msgspec.json.decode(row[6]) if isinstance(row[6], str) else row[6]
    return {**dict(zip(COLUMNS[:6], row, strict=False)), "more": more}
