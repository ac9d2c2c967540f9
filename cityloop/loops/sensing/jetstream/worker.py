"""Those who judge: each hands on what has come, and takes the turns of partitions, as many as it can.

A message is acknowledged once the row that it tells of is gone, which is when its judging was committed. It says whose
turn it is; what is judged is what waits in the database, in the order in which it came. So a message that comes twice
or late finds nothing to do, and one that was lost costs its readings nothing but time (see `tasks.judge`).
"""

import asyncio
import logging
import random
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from django.db import close_old_connections
from nats.aio.msg import Msg
from nats.errors import Error

from cityloop.loops.sensing.actions import handing, judging
from cityloop.loops.sensing.jetstream.line import NAME, TURN, Line, connected
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import real_now

log = logging.getLogger("cityloop.stream")
ROUND, AGAIN = 0.2, 1.0  # seconds
AWAY = (Error, OSError, TimeoutError)


class Worker:
    """One who judges. The database is asked on one thread, so over one connection."""

    def __init__(self) -> None:
        self.thread = ThreadPoolExecutor(1, "judge")
        self.stopped = asyncio.Event()

    async def run(self) -> None:
        """Judge until stopped. A stream that is away is asked for again and again."""
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(sign, self.stopped.set)
        reached = True
        while not self.stopped.is_set():
            try:
                async with connected() as line:
                    log.info("judging what comes by the stream")
                    reached = True
                    await self._work(line)
            except AWAY as error:
                if reached:
                    log.warning("the stream does not answer (%s); readings wait in the database", error)
                reached = False
            except Exception:  # noqa: BLE001 - to begin anew is quicker here than in another process
                log.exception("judging broke off; it is begun again")
            await self._wait(AGAIN)

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self.stopped.wait(), seconds)
        except TimeoutError:
            return

    async def _work(self, line: Line) -> None:
        loop, due = asyncio.get_running_loop(), 0.0
        first = random.randrange(handing.PARTITIONS)  # noqa: S311 - so that workers do not all begin with the same
        while not self.stopped.is_set():
            for number in range(handing.PARTITIONS):
                if loop.time() >= due:
                    await self._hand_on(line)
                    due = loop.time() + ROUND
                await self._turn(line, (first + number) % handing.PARTITIONS)

    async def _hand_on(self, line: Line) -> None:
        """Send what waits in the database, and note what the stream has of it, however far it came."""
        parcels = await self._ask(_outgoing)
        gone: list[handing.Parcel] = []
        try:
            for parcel in parcels:
                await line.send(parcel)
                gone.append(parcel)
        finally:
            if gone:
                await self._ask(partial(handing.sent, parcels=gone, at=real_now()))

    async def _turn(self, line: Line, partition: int) -> None:
        """Judge what waits of a partition, if a message gives its turn."""
        message = await line.turn(partition)
        if message is None:
            return
        name = (message.headers or {}).get(NAME, "")
        try:
            if await self._ask(handing.stands, name, partition):
                await self._held(message, self._ask(_judge, partition))
                if await self._ask(handing.stands, name, partition):  # another judge was quicker with some of it
                    await message.nak()
                    return
        except ValueError:
            log.warning("a message of partition %s was none of ours: %r", partition, name[:40])
            await message.term()
        except Exception:
            log.exception("partition %s could not be judged; it is tried again", partition)
            await message.nak(delay=AGAIN)
        else:
            await message.ack()

    async def _held(self, message: Msg, judging_: Any) -> None:
        """Keep the turn as long as judging takes."""
        task = asyncio.ensure_future(judging_)
        while not (await asyncio.wait({task}, timeout=TURN / 3))[0]:
            await message.in_progress()
        task.result()

    async def _ask(self, work: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.thread, partial(_closing, work, *args))


def _closing(work: Callable[..., Any], *args: Any) -> Any:
    close_old_connections()
    try:
        return work(*args)
    finally:
        close_old_connections()


def _outgoing() -> list[handing.Parcel]:
    handing.sort()
    return handing.unsent()


def _judge(partition: int) -> int:
    return judging.judge(at=city_clock.now(), partition=partition)


def run() -> None:
    """Judge until the process is told to end."""

    async def work() -> None:
        await Worker().run()

    asyncio.run(work())
