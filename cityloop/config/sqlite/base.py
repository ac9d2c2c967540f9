"""Writers queue on a file lock before BEGIN IMMEDIATE.

SQLite's own waiting is polling with growing sleeps of up to 100 ms: with eight writers some wait a quarter of a
second while the lock changes hands beside them. A blocking `flock` is woken by the kernel in turn. SQLite's lock
stays the one that protects the data; this one only orders those who wait for it.
"""

import fcntl
import os
import sqlite3
from typing import Any

from django.db.backends.sqlite3 import base

# What Python's driver does not take for plain it asks how it wants to be written, in vain and at the cost of an error
# made and dropped for each NULL, truth and blob: a third of what binding a row costs. Here it is told.
sqlite3.register_adapter(type(None), {}.get)  # type: ignore[arg-type]  # None stays None
sqlite3.register_adapter(bool, int)
sqlite3.register_adapter(bytes, memoryview)
sqlite3.register_adapter(memoryview, memoryview)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose transactions wait their turn."""

    _turn: int | None = None

    def _take_turn(self) -> None:
        name = str(self.settings_dict["NAME"])
        if self._turn is None and name.startswith("/"):
            self._turn = os.open(f"{name}-queue", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._turn, fcntl.LOCK_EX)

    def _end_turn(self) -> None:
        turn, self._turn = self._turn, None
        if turn is not None:
            os.close(turn)

    def _start_transaction_under_autocommit(self) -> None:
        self._take_turn()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._end_turn()
            raise

    def _commit(self) -> Any:
        result = super()._commit()  # type: ignore[misc]  # a commit that fails is rolled back, and the turn ends there
        self._end_turn()
        return result

    def _rollback(self) -> Any:
        try:
            return super()._rollback()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _close(self) -> Any:
        try:
            return super()._close()  # type: ignore[misc]
        finally:
            self._end_turn()
