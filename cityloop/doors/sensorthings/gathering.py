"""Readings that wait at the same time are written together: one transaction, one sync, each answered after the commit.

A queue in this process, with one thread that writes. It lingers a moment for those who speak at the same time, and
while it waits for the disk others gather; so the more come, the less each costs. While judging is behind they wait
too. What the queue cannot hold is refused, with a word on when to come again; nothing is ever dropped.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from django.db import DatabaseError, DataError, Error, IntegrityError, close_old_connections, connection

from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.sensing import pacing
from cityloop.loops.sensing.actions.batches import Batch
from cityloop.loops.sensing.actions.ingesting import Part, Taken, ingest_all
from cityloop.town.calendar.clock import city_clock

AT_ONCE = 10_000  # readings in one transaction, unless a single batch has more: others wait for the database too
MOST = 48 * 1024 * 1024  # bytes that wait at most
MANY = 64 * 1024  # bytes that wait: enough for a round
LINGER = 0.003  # seconds; nobody who measures notices them
IDLE = 0.5  # seconds after which the connection is given back: to take one anew costs a sixth of a round
LIGHT = 512  # bytes that anything waiting costs at least
Outcome = Taken | Exception
Future = asyncio.Future[Taken]


class Waiting(NamedTuple):
    """What is to be taken in, as its sender waits for it. `batch` reads it; it is given the present of the city."""

    batch: Callable[[int], Batch]
    source: str
    weight: int
    future: Future


class Gatherer:
    """The queue and its writer. `alone` says that to read what waits writes nothing by itself."""

    def __init__(self, most: int = MOST, *, alone: bool = False) -> None:
        self._alone = alone
        self._waiting: deque[Waiting] = deque()
        self._weight, self._most = 0, most
        self._some, self._pace = threading.Condition(), pacing.Pace()
        self._writer: threading.Thread | None = None

    def put(self, batch: Callable[[int], Batch], source: str, weight: int) -> Future:
        """Let readings wait for their turn; refuse them where too many wait."""
        one = Waiting(batch, source, weight + LIGHT, asyncio.get_running_loop().create_future())
        with self._some:
            if self._weight + one.weight > self._most and self._waiting:
                raise Refusal("sensing.full", "More readings come than can be written; send them again in a moment.")
            self._waiting.append(one)
            self._weight += one.weight
            if self._writer is None:
                self._writer = threading.Thread(target=self._write, name="readings", daemon=True)
                self._writer.start()
            self._some.notify()
        return one.future

    def _write(self) -> None:
        while True:
            with self._some:
                if not self._some.wait_for(lambda: self._waiting, IDLE):
                    close_old_connections()  # and give its place in the pool to others
                    self._some.wait_for(lambda: self._waiting)
            while self._waiting:
                self._pace.keep()
                self._linger()
                done = self._round()
                told: dict[Any, list[tuple[Future, Outcome]]] = {}
                for one, outcome in done:
                    told.setdefault(one.future.get_loop(), []).append((one.future, outcome))
                for loop, outcomes in told.items():
                    loop.call_soon_threadsafe(_tell, outcomes)
                with self._some:
                    self._weight -= sum(one.weight for one, _outcome in done)

    def _linger(self) -> None:
        """Let those come along who speak at this moment: a transaction of one costs as much as one of a hundred."""
        if self._weight < MANY:
            time.sleep(LINGER)

    def _round(self) -> list[tuple[Waiting, Outcome]]:
        """Take in what waits, as much as one transaction should hold."""
        turn: list[Waiting] = []
        ready: list[tuple[Waiting, Part]] = []
        done: list[tuple[Waiting, Outcome]] = []
        try:
            at = city_clock.now()
            parts = partial(self._gathered, turn, ready, done, at)
            taken: list[Outcome] = [*ingest_all(parts=parts, at=at, alone=self._alone)]
        except Exception as error:  # noqa: BLE001 - whatever it was, the senders are told
            if not ready:
                return [*done, *((self._waiting.popleft(), error) for _ in range(len(self._waiting)))]
            taken = _again([part for _one, part in ready], at, error)
        return [*done, *((one, outcome) for (one, _part), outcome in zip(ready, taken, strict=True))]

    def _gathered(
        self, turn: list[Waiting], ready: list[tuple[Waiting, Part]], done: list[tuple[Waiting, Outcome]], at: int
    ) -> list[Part]:  # fmt: skip
        """Give what waits, once the turn to write has come: what has arrived meanwhile comes along.

        Asked again, it gives the same anew: what reading them had written was taken back.
        """
        ready.clear()
        done.clear()
        number = AT_ONCE if turn else 0
        for one in turn:
            _ready(one, ready, done, at)
        while self._waiting and number < AT_ONCE:
            one = self._waiting.popleft()
            turn.append(one)
            number += _ready(one, ready, done, at)
        return [part for _one, part in ready]


def _ready(
    one: Waiting, ready: list[tuple[Waiting, Part]], done: list[tuple[Waiting, Outcome]], at: int
) -> int:  # fmt: skip
    """Read what waits; give how many readings it holds."""
    try:
        batch = one.batch(at)
    except Exception as error:  # noqa: BLE001 - whatever it was, its sender is told
        done.append((one, error))
        return 0
    ready.append((one, Part(batch, one.source)))
    return len(batch)


def _again(parts: list[Part], at: int, error: Exception) -> list[Outcome]:
    """Try again what failed: once more where the connection had broken, each by itself where one may be the cause.

    What was committed after all is a repetition then.
    """
    broken = isinstance(error, Error) and not connection.is_usable()
    if broken:
        connection.close()
    elif len(parts) == 1 or (isinstance(error, DatabaseError) and not isinstance(error, DataError | IntegrityError)):
        return [error] * len(parts)
    tries = [parts] if broken else [[part] for part in parts]
    found: list[Outcome] = []
    for some in tries:
        try:
            found += ingest_all(parts=some, at=at)
        except Exception as another:  # noqa: BLE001 - whatever it was, its sender is told
            found += [another] * len(some)
    return found


def _tell(outcomes: list[tuple[Future, Outcome]]) -> None:
    for future, outcome in outcomes:
        if future.done():  # its sender has gone
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


gatherer = Gatherer(alone=True)
