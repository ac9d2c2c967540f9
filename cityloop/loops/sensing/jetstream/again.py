"""Judging anew: what came since an instant is brought back from the stream, and goes the way of all readings.

The stream says which readings came; what they say is what stands in the database by now. What was judged stays: where
a rule knows of later readings of a datastream, these are late, and change nothing. What was missed is found.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from django.conf import settings
from django.db import close_old_connections

from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.sensing.actions import arriving
from cityloop.loops.sensing.jetstream.line import connected
from cityloop.loops.sensing.jetstream.worker import AWAY

AT_ONCE = 20_000  # readings
MOST = 5 * AT_ONCE  # that wait at the same time: what comes meanwhile is not held up for long
PAUSE = 0.2  # seconds


class Brought(NamedTuple):
    """How many messages were read, how many of them were no readings, and how many readings are judged anew."""

    messages: int = 0
    unreadable: int = 0
    readings: int = 0


def bring_back(*, since: int, at: int) -> Brought:
    """Let what came by the stream since an instant be judged anew, as far as it tells of the last day before `at`."""
    if not settings.STREAM:
        raise Refusal("stream.none", "This city has no stream; CITYLOOP_STREAM names one.")
    try:
        return asyncio.run(_brought(since, at - arriving.FRESH))
    except AWAY as error:
        raise Refusal("stream.away", "The stream does not answer ({why}).", why=str(error)) from error


async def _brought(since: int, fresh: int) -> Brought:
    messages = unreadable = readings = 0
    async for bodies in _gathered(since):
        whole = [body for body in bodies if body and not len(body) % arriving.SHAPE.itemsize]
        messages, unreadable = messages + len(bodies), unreadable + len(bodies) - len(whole)
        while await asyncio.to_thread(_asked, arriving.number) > MOST:
            await asyncio.sleep(PAUSE)
        readings += await asyncio.to_thread(_asked, partial(_put, b"".join(whole), fresh))
    return Brought(messages, unreadable, readings)


def _put(packed: bytes, fresh: int) -> int:
    read = np.frombuffer(packed, arriving.SHAPE)
    read = read[read["time"] > fresh]
    return arriving.again(sorted(set(zip(read["datastream"].tolist(), read["time"].tolist(), strict=True))))


async def _gathered(since: int) -> AsyncIterator[list[bytes]]:
    """Give the bodies of messages, some at once."""
    bodies: list[bytes] = []
    async with connected() as line:
        async for message in line.past(since):
            bodies.append(message.data)
            if sum(map(len, bodies)) >= AT_ONCE * arriving.SHAPE.itemsize:
                yield bodies
                bodies = []
    if bodies:
        yield bodies


def _asked(work: Callable[[], int]) -> int:
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()
