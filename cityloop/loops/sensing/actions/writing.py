"""Writing readings: as whole columns, in the order of their key: two who write at once never wait in a circle."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
from django.db import connection

from cityloop.town.tabular.keyed import array_of, rows_of
from cityloop.town.tabular.writing import write

TABLE = "sensing_observation"
COLUMNS = ("datastream_id", "time", "lasts", "result", "made", "feature_id", "more")
encode = msgspec.json.Encoder().encode
Column = npt.NDArray[Any]
Key = tuple[int, int, int]


class Rows(NamedTuple):
    """Readings to be written, sorted by key. In `made` and `feature` 0 of `has_*` is none, in `result` no number is."""

    datastream: Column
    time: Column
    lasts: Column
    result: Column
    made: Column
    has_made: Column
    feature: Column
    more: list[dict[str, Any] | None]

    def only(self, kept: Column) -> "Rows":
        """Give some of them."""
        columns: list[Any] = [column[kept] for column in self[:-1]]
        columns.append([self.more[i] for i in np.flatnonzero(kept)])
        return Rows(*columns)

    def keys(self) -> list[Key]:
        """Give what they are known by."""
        return list(zip(self.datastream.tolist(), self.time.tolist(), self.lasts.tolist(), strict=True))


def insert(rows: Rows) -> None:
    """Insert readings; the database refuses all of them where one is there already."""
    if connection.vendor == "postgresql" and (packed := _packed(rows)):
        command = f'COPY "{TABLE}" ({_NAMES}) FROM STDIN (FORMAT BINARY)'
        with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(command) as stream:
            stream.write(packed)
        return
    write(TABLE, COLUMNS, list(zip(*_plain(rows), strict=True)))


FEW = 16
_NAMES = ", ".join(f'"{name}"' for name in COLUMNS)
_ROW = "(%s, %s, %s, %s, %s, %s, %s)"


def _inserting(rows: Rows) -> tuple[str, list[Any]]:
    plain = [value for row in zip(*_plain(rows), strict=True) for value in row]
    return f'INSERT INTO "{TABLE}" ({_NAMES}) VALUES {", ".join([_ROW] * len(rows.time))}', plain


def insert_few(rows: Rows) -> Column:
    """Insert a few readings in one statement, and tell which of them were there already: nothing is taken back."""
    command, plain = _inserting(rows)
    with connection.cursor() as cursor:
        cursor.execute(f'{command} ON CONFLICT DO NOTHING RETURNING "datastream_id", "time", "lasts"', plain)
        new = set(cursor.fetchall())
    if len(new) == len(rows.time):
        return np.zeros(len(new), np.bool_)
    listed = rows.keys()
    return np.array([key not in new for key in listed], np.bool_)


def _plain(rows: Rows) -> list[list[Any]]:
    result = _where(~np.isnan(rows.result), rows.result)
    made, feature = _where(rows.has_made, rows.made), _where(rows.feature > 0, rows.feature)
    more = [None if one is None else encode(one).decode() for one in rows.more] if any(rows.more) else rows.more
    return [*(c.tolist() for c in (rows.datastream, rows.time, rows.lasts)), result, made, feature, more]


def _where(has: Column, column: Column) -> list[Any]:
    """Give a column with nothing where there is none."""
    if has.all():
        return list(column.tolist())
    return [value if is_there else None for value, is_there in zip(column.tolist(), has.tolist(), strict=True)]


_START = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"


def _packed(rows: Rows) -> bytes:
    """Give readings as PostgreSQL's binary COPY reads them, all at once; b'' where they are not all alike."""
    number, has_feature = ~np.isnan(rows.result), rows.feature > 0
    if not (number.all() and _alike(rows.has_made) and _alike(has_feature)) or any(rows.more):
        return b""
    columns: list[tuple[Column, str]] = [(rows.datastream, ">i8"), (rows.time, ">i8"), (rows.lasts, ">i8")]
    columns += [(rows.result, ">f8")]
    columns += [(c, ">i8" if has.any() else "") for c, has in ((rows.made, rows.has_made), (rows.feature, has_feature))]
    shape: list[tuple[str, str]] = [("n", ">i2")]
    for i, (_column, kind) in enumerate(columns):
        shape += [(f"l{i}", ">i4"), *([(f"v{i}", kind)] if kind else [])]
    made = np.zeros(len(rows.time), np.dtype([*shape, ("l6", ">i4")]))
    made["n"], made["l6"] = len(COLUMNS), -1
    for i, (column, kind) in enumerate(columns):
        made[f"l{i}"] = 8 if kind else -1
        if kind:
            made[f"v{i}"] = column
    return _START + made.tobytes() + _END


def _alike(has: Column) -> bool:
    return bool(has.all() or not has.any())


def there(keys: Sequence[Key]) -> dict[Key, tuple[float | None, Any]]:
    """Give those that are there already, with what they say. One query."""
    rows = rows_of(
        TABLE, ("d", "t", "l"), keys, give="o.datastream_id, o.time, o.lasts, o.result, o.more",
        where="o.datastream_id = k.d AND o.time = k.t AND o.lasts = k.l",
    )  # fmt: skip
    return {row[:3]: (row[3], _json(row[4])) for row in rows}


def _json(value: Any) -> Any:
    return msgspec.json.decode(value) if isinstance(value, str) else value


# --- what a datastream said last ------------------------------------------------------------------

LATEST = "sensing_latest"
_KEPT = {
    "datastream_id": "bigint", "time": "bigint", "lasts": "bigint", "result": "double precision", "first": "bigint",
    "last": "bigint", "made_first": "bigint", "made_last": "bigint", "count": "bigint",
}  # fmt: skip
_NEWER = f'(excluded."time", excluded."lasts") > ("{LATEST}"."time", "{LATEST}"."lasts")'


def _less(name: str, sign: str) -> str:
    old, new = f'"{LATEST}"."{name}"', f'excluded."{name}"'
    return f'"{name}" = CASE WHEN {old} IS NULL OR {new} {sign} {old} THEN {new} ELSE {old} END'


_TAIL = " ON CONFLICT (datastream_id) DO UPDATE SET " + ", ".join(
    [
        *(
            f'"{name}" = CASE WHEN {_NEWER} THEN excluded."{name}" ELSE "{LATEST}"."{name}" END'
            for name in ("time", "lasts", "result")
        ),
        _less("first", "<"),
        _less("last", ">"),
        _less("made_first", "<"),
        _less("made_last", ">"),
        f'"count" = "{LATEST}"."count" + excluded."count"',
    ]
)


def keep_latest(rows: Rows) -> None:
    """Bring up what datastreams said last and how much they have said; late readings never put the clock back."""
    if len(rows.time):
        _put(_latest(rows))


def _latest(rows: Rows) -> list[list[Any]]:
    starts = np.concatenate([[0], np.flatnonzero(rows.datastream[1:] != rows.datastream[:-1]) + 1])
    ends = np.append(starts[1:], len(rows.time))
    newest = ends - 1
    result = _where(~np.isnan(rows.result[newest]), rows.result[newest])
    last = np.maximum.reduceat(rows.time + rows.lasts, starts)
    return [
        rows.datastream[starts].tolist(), rows.time[newest].tolist(), rows.lasts[newest].tolist(), result,
        rows.time[starts].tolist(), last.tolist(), *_made(rows, starts), (ends - starts).tolist(),
    ]  # fmt: skip


def _made(rows: Rows, starts: Column) -> tuple[list[Any], list[Any]]:
    """Give for each datastream the first and the last time at which a result was made."""
    if not rows.has_made.any():
        return [None] * len(starts), [None] * len(starts)
    some, far = np.logical_or.reduceat(rows.has_made, starts), np.iinfo(np.int64)
    first = np.minimum.reduceat(np.where(rows.has_made, rows.made, far.max), starts)
    last = np.maximum.reduceat(np.where(rows.has_made, rows.made, far.min), starts)
    return _where(some, first), _where(some, last)


_KEPT_NAMES = ", ".join(f'"{name}"' for name in _KEPT)
_PUT = (  # PostgreSQL's: all datastreams in one statement
    f'INSERT INTO "{LATEST}" ({_KEPT_NAMES}) SELECT * FROM'
    f" unnest({', '.join(f'%s::{kind}[]' for kind in _KEPT.values())}){_TAIL}"
)


def _put(columns: list[list[Any]]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_PUT, [*map(array_of, columns)])
        else:
            marks = ", ".join(["%s"] * len(_KEPT))
            cursor.executemany(
                f'INSERT INTO "{LATEST}" ({_KEPT_NAMES}) VALUES ({marks}){_TAIL}', list(zip(*columns, strict=True))
            )


def write_at_once(rows: Rows, beside: tuple[str, list[Any]] | None) -> None:
    """Insert a few readings, keep the latest, and do what stands `beside`: one statement of PostgreSQL, all or nothing.

    The database refuses it where one of the readings is there already.
    """
    command, plain = _inserting(rows)
    first = f"WITH latest AS ({_PUT})" + (f", beside AS ({beside[0]}) " if beside else " ")
    with connection.cursor() as cursor:
        cursor.execute(first + command, [*map(array_of, _latest(rows)), *(beside[1] if beside else ()), *plain])
