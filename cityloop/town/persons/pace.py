"""How often a key asks: counted in a small file that all processes of this machine hold in memory together.

A minute begins with the first request of a key. Counting costs a few microseconds and no write to the database;
it is exact over all processes of one machine. A city on several machines counts on each by itself.
"""

import fcntl
import mmap
import os
import struct
import threading
import time
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from django.conf import settings

from cityloop.ground.kit.refusal import Refusal

WINDOW = 60
SLOTS = 1 << 16
_SLOT = struct.Struct("<IIII")  # which key, second the minute began, requests since, unused
SIZE = SLOTS * _SLOT.size
ALL = 1 << 32


class Left(NamedTuple):
    """What a key may still do: of `most` requests `left` remain; in `seconds` all of them are back."""

    most: int
    left: int
    seconds: int
    refused: bool


class Counter:
    """Counts requests by key in a file shared by mapping it into memory."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if os.fstat(self._file).st_size < SIZE:
            os.ftruncate(self._file, SIZE)
        self._map = mmap.mmap(self._file, SIZE)
        self._lock = threading.Lock()

    def count(self, key: int, secret: str, most: int, now: float) -> Left:
        """Count one more request of a key. `secret` tells it from another that stands in the same place."""
        at, second, place = crc32(secret.encode()), int(now), (key % SLOTS) * _SLOT.size
        with self._lock:
            fcntl.lockf(self._file, fcntl.LOCK_EX, _SLOT.size, place)
            try:
                whose, began, count, _ = _SLOT.unpack_from(self._map, place)
                if whose != at or not 0 <= second - began < WINDOW:
                    began, count = second, 0
                refused = count >= most
                count += not refused
                _SLOT.pack_into(self._map, place, at, began, count, 0)
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, _SLOT.size, place)
        return Left(most, most - count, max(1, began + WINDOW - second), refused)

    def lower(self, key: int, secret: str, *, by: int) -> None:
        """Count less requests of a key in the minute that runs."""
        place = (key % SLOTS) * _SLOT.size
        with self._lock:
            fcntl.lockf(self._file, fcntl.LOCK_EX, _SLOT.size, place)
            try:
                whose, began, count, unused = _SLOT.unpack_from(self._map, place)
                if whose == crc32(secret.encode()):
                    _SLOT.pack_into(self._map, place, whose, began, max(0, count - by), unused)
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, _SLOT.size, place)


_counters: dict[Path, Counter] = {}  # by the home of the city
_opening = threading.Lock()


def count(key: int, secret: str, most: int) -> Left:
    """Count one more request of a key now, in real time."""
    return _counter().count(key, secret, most, time.time())


def forget(key: int, secret: str) -> None:
    """Begin anew for a key."""
    _counter().lower(key, secret, by=ALL)


def give_back(key: int, secret: str) -> None:
    """Take back one request of a key."""
    _counter().lower(key, secret, by=1)


def _counter() -> Counter:
    home = settings.CITYLOOP_HOME
    counter = _counters.get(home)
    if counter is None:
        with _opening:
            counter = _counters.setdefault(home, Counter(home / "rates"))
    return counter


def spend(key: int, secret: str, most: int, field: str) -> None:
    """Count one more request of a key now; refuse it, at the field that named the key, where it is one too many."""
    left = count(key, secret, most)
    if left.refused:
        raise Refusal(
            "persons.key.pace", "This key may make {most} requests a minute; come again in {seconds} seconds.",
            field, most=left.most, seconds=left.seconds,
        )  # fmt: skip
