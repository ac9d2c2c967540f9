"""Once a city night what is older than the hot window moves to the history, and what is kept no longer goes."""

import fcntl
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection

from cityloop.ground.loop.actor import Actor
from cityloop.loops.sensing.history import expiring, tidying
from cityloop.loops.sensing.history.moving import Moved, move
from cityloop.loops.sensing.history.spans import DAY, date_of, days_ago, folder, hot_days
from cityloop.loops.sensing.models import SUBJECT
from cityloop.town.calendar.clock import city_clock
from cityloop.town.ledger import queries as ledger
from cityloop.town.ledger.actions import move_cursor, record
from cityloop.town.tabular.writing import bulk

log = logging.getLogger("cityloop.history")
READER = "history"
HOUR = 3  # local; after the night's check of the ledger has begun
STEWARD = Actor(kind="rule", role="rule", name="steward")
_LOCK = 7_401_803  # of PostgreSQL: one run for all machines
_busy = threading.Lock()


@dataclass
class Done:
    """What a run has done."""

    days: int = 0
    readings: int = 0
    files: int = 0
    expired: int = 0
    withdrawn: int = 0
    gone: int = 0
    joined: int = 0
    swept: int = 0

    def told(self) -> dict[str, int]:
        """Give it as plain data."""
        return asdict(self)


def age_tonight() -> bool:
    """Begin the night's run if it is due, beside the steward's other work; tell whether it began."""
    now = city_clock.now()
    night = date_of(now - HOUR * DAY // 24, city_clock.zone).toordinal()
    last = ledger.cursor(READER)
    if last >= night:
        return False
    move_cursor(READER, night)
    if last < 0:  # a city's first night comes after its first day
        return False
    if not _busy.acquire(blocking=False):
        return False
    threading.Thread(target=_beside, args=(now,), name="history", daemon=True).start()
    return True


def _beside(now: int) -> None:
    try:
        age(by=STEWARD, at=now)
    except Exception:  # noqa: BLE001 - a thread has nobody to raise to
        log.exception("the history was not brought up to date; it is tried again the next night")
    finally:
        try:
            connection.close()
        finally:
            _busy.release()


def age(*, by: Actor, at: int) -> Done | None:
    """Bring the history up to date; None where another process is doing so. `at` is the present of the city."""
    with _alone() as free:
        if not free:
            return None
        done = Done(swept=tidying.sweep(), withdrawn=tidying.drop_withdrawn(), gone=tidying.drop_gone())
        with bulk():
            _move(done, by=by, at=at)
        done.joined = tidying.compact()
        return done


def _move(done: Done, *, by: Actor, at: int) -> None:
    moved, zone = Moved(), city_clock.zone
    groups = expiring.groups()
    for group in groups:
        move(group, days_ago(at, min(hot_days(), group.keep or hot_days()), zone), zone, moved)
    done.days, done.readings, done.files = moved.days, moved.readings, moved.files
    if moved.readings:
        data: dict[str, Any] = {"days": moved.days, "readings": moved.readings, "files": moved.files}
        record(subject=SUBJECT, kind="sensing", what="aged", by=by, at=at, data=data)
    done.expired = sum(expiring.expire(group, by=by, at=at) for group in groups)
    expiring.expire_sums(by=by, at=at)


@contextmanager
def _alone() -> Iterator[bool]:
    """Let one run in at a time; the lock of one that was killed is free at once."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder() / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        if connection.vendor != "postgresql":
            yield True
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
            free = bool(cursor.fetchone()[0])
        try:
            yield free
        finally:
            if free:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
