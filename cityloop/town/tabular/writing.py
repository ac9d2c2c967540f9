"""Writing many rows: in one statement, at a pace that leaves others their turn, with the database told so."""

import gc
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any

from django.db import connection, transaction

LOCK_SECONDS = 0.1
LEAST, MOST = 100, 4_000
AT_ONCE = 500  # rows in one message
VALUES = 900  # in one statement: every SQLite takes 999


def write(table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows inside the caller's transaction: by COPY on PostgreSQL, prepared once on SQLite."""
    if not rows:
        return
    if connection.vendor == "postgresql":
        copy(
            table, columns, chain.from_iterable(_lines(rows[at : at + AT_ONCE]) for at in range(0, len(rows), AT_ONCE))
        )
    else:
        _insert(table, columns, rows)


def reserve(table: str, count: int) -> list[int]:
    """Take `count` ids of a table for good; those not used in the end are simply missing."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # The sequence is looked up once, and not for each of them.
            cursor.execute(
                "SELECT nextval(s.name::regclass) FROM (SELECT pg_get_serial_sequence(%s, 'id') AS name OFFSET 0) s,"
                " generate_series(1, %s)",
                [table, count],
            )
            return [row[0] for row in cursor.fetchall()]
        return _reserve_sqlite(cursor, table, count)


def _reserve_sqlite(cursor: Any, table: str, count: int) -> list[int]:
    cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
    row = cursor.fetchone()
    if row is None:
        cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, 0)", [table])
    last = row[0] if row else 0
    cursor.execute("UPDATE sqlite_sequence SET seq = %s WHERE name = %s", [last + count, table])
    return list(range(last + 1, last + 1 + count))


def _insert(table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows by dozens: beginning and ending a statement costs SQLite a quarter of a row.

    OR FAIL spares it keeping a copy of each page to undo a single statement: the caller's transaction is undone.
    """
    many = max(1, VALUES // len(columns))
    some = len(rows) % many if len(rows) > AT_ONCE else len(rows)  # few are one statement, however many they are
    marks = f"({', '.join(['%s'] * len(columns))})"
    begin = f'INSERT OR FAIL INTO "{table}" ({_names(columns)}) VALUES '
    with connection.cursor() as cursor:
        if some:
            cursor.executemany(begin + marks, rows[:some])
        if some < len(rows):
            starts = range(some, len(rows), many)
            flat = [tuple(chain.from_iterable(rows[start : start + many])) for start in starts]
            cursor.executemany(begin + ", ".join([marks] * many), flat)


def copy(table: str, columns: Sequence[str], lines: Iterable[str]) -> None:
    """Insert rows written as PostgreSQL's COPY reads them."""
    waiting, command = iter(lines), f'COPY "{table}" ({_names(columns)}) FROM STDIN'
    # As Django does for statements: what the database says of a copy is said in Django's own errors.
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(command) as stream:
        while some := "".join(islice(waiting, AT_ONCE)):
            stream.write(some)


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_special = re.compile(r"[\\\t\n\r]").search


def _lines(rows: Sequence[tuple[Any, ...]]) -> Iterable[str]:
    """Write rows as COPY reads them. The driver's own way asks each value how; this asks each column."""
    columns = [_column(values) for values in zip(*rows, strict=True)]
    return map(("\t".join(["%s"] * len(columns)) + "\n").__mod__, zip(*columns, strict=True))


def _column(values: tuple[Any, ...]) -> Sequence[Any]:
    kinds = set(map(type, values))
    if kinds == {int} or (kinds == {str} and _special("".join(values)) is None):
        return values
    if kinds == {bytes}:
        return ["\\\\x" + value.hex() for value in values]
    if len(kinds) == 1:
        return [*map(_WRITTEN.get(kinds.pop(), _text), values)]
    return [_WRITTEN.get(type(value), _text)(value) for value in values]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return escaped(str.__str__(value))
    if isinstance(value, memoryview):
        return _blob(bytes(value))
    return str(value)


def escaped(text: str) -> str:
    """Write a text as COPY reads it."""
    return text if _special(text) is None else text.translate(_ESCAPES)


def _blob(value: bytes) -> str:
    return "\\\\x" + value.hex()


_WRITTEN: dict[type, Callable[[Any], str]] = {
    str: escaped,
    int: int.__str__,
    bytes: _blob,
    bool: {True: "t", False: "f"}.__getitem__,
    type(None): {None: "\\N"}.__getitem__,
}


class Pace:
    """How many rows to write at once, so that one transaction holds its lock for a good tenth of a second."""

    def __init__(self, size: int = 300) -> None:
        self.size = size

    def note(self, rows: int, seconds: float) -> None:
        """Learn from a chunk just written."""
        if rows >= LEAST and seconds > 0:
            wanted = int(rows * LOCK_SECONDS / seconds)
            self.size = max(LEAST, min(MOST, (self.size + wanted) // 2, int(self.size * 1.5)))


@contextmanager
def bulk() -> Iterator[None]:
    """Let this connection write in bulk: a chunk lost by a power cut is simply written again by the next run.

    SQLite then syncs at checkpoints only, which `checkpoint` makes between two chunks, and keeps more pages at
    hand: every index is written to in each chunk. PostgreSQL does not wait for the disk at each commit; who acts
    meanwhile does, and thereby for all that was written before. The garbage collector waits, for what is written
    holds no cycles.
    """
    quick = not connection.in_atomic_block
    if quick:
        _tell(QUICK[connection.vendor])
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
        if quick:
            _tell(_as_ever())


# What a connection is told for bulk; afterwards it is told again what every one is, and to bring all to the disk.
QUICK = {
    "sqlite": ("PRAGMA synchronous=NORMAL", "PRAGMA cache_size=-64000", "PRAGMA wal_autocheckpoint=0"),
    "postgresql": ("SET synchronous_commit = off",),
}
CHECKPOINT = "PRAGMA wal_checkpoint(PASSIVE)"


def _as_ever() -> Iterable[str]:
    if connection.vendor == "postgresql":
        return "RESET synchronous_commit", "SELECT pg_logical_emit_message(true, 'cityloop', 'written')"
    told: str = connection.settings_dict["OPTIONS"]["init_command"]  # see `config.databases`
    return *told.split(";"), CHECKPOINT


def checkpoint() -> None:
    """Take what was written into SQLite's main file: it keeps nobody from writing, and falls to no person's action."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        _tell((CHECKPOINT,))


def _tell(pragmas: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        for pragma in pragmas:
            cursor.execute(pragma)
