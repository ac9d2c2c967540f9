"""Writing many rows: in one statement, at a pace that leaves others their turn, with the database told so."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection

LOCK_SECONDS = 0.15
LEAST, MOST = 100, 4_000


def write(table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows: by COPY on PostgreSQL, prepared once on SQLite."""
    if not rows:
        return
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)


class Pace:
    """How many cases to write at once, so that one transaction holds its lock for a good tenth of a second."""

    def __init__(self, size: int = 300) -> None:
        self.size = size

    def note(self, cases: int, seconds: float) -> None:
        """Learn from a chunk just written."""
        if cases >= LEAST and seconds > 0:
            wanted = int(cases * LOCK_SECONDS / seconds)
            self.size = max(LEAST, min(MOST, (self.size + wanted) // 2, int(self.size * 1.5)))


@contextmanager
def bulk() -> Iterator[None]:
    """Let this connection write in bulk: a chunk lost by a power cut is simply written again by the next run.

    SQLite then syncs at checkpoints only, which come less often, and keeps more pages at hand: every index is written
    to in each chunk. The garbage collector waits, for books hold no cycles.
    """
    quick = connection.vendor == "sqlite" and not connection.in_atomic_block
    if quick:
        _tune(QUICK)
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
        if quick:
            _tune(USUAL)
            with connection.cursor() as cursor:  # so that it falls to no person's action afterwards
                cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")


# What a connection is told for bulk and afterwards: as `config.databases` has it, and SQLite's own default.
QUICK: dict[str, str | int] = {"synchronous": "NORMAL", "cache_size": -64_000, "wal_autocheckpoint": 4_000}
USUAL: dict[str, str | int] = {"synchronous": "FULL", "cache_size": -8_000, "wal_autocheckpoint": 1_000}


def _tune(pragmas: Mapping[str, str | int]) -> None:
    with connection.cursor() as cursor:
        for name, value in pragmas.items():
            cursor.execute(f"PRAGMA {name}={value}")
