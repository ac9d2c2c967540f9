"""A line to the stream: what is kept there and for how long, who has which turn, and how a message is sent and taken.

A partition's consumer hands out its next message only once the one before was acknowledged: to hold a message is to
have the turn of its partition, and one worker has it at a time.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import nats
from django.conf import settings
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from cityloop.loops.sensing.actions.handing import PARTITIONS, Parcel

STREAM = "cityloop"
SUBJECT = "cityloop.readings"  # and the partition
NAME = "Nats-Msg-Id"
KEPT, SAME = 2 * 86_400.0, 120.0  # seconds: how long messages stay, and how long a repeated one is known for one
TURN = 5.0  # seconds without a word, after which a turn goes to another worker
ANSWER = 5.0  # seconds that the stream is waited for
LINGER = b'{"batch":1,"expires":50000000}'  # one message, if one comes within 50 ms
AT_ONCE = b'{"batch":1,"no_wait":true}'  # one message, if there is one; where turns are held by others it would wait


class Line:
    """A connection to the stream."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.stream: JetStreamContext = client.jetstream(timeout=ANSWER)

    async def set_up(self) -> None:
        """Make the stream and its consumers where they are not there; what the city has changed in them stays."""
        try:
            await self.stream.stream_info(STREAM)
        except NotFoundError:
            await self.stream.add_stream(
                StreamConfig(name=STREAM, subjects=[f"{SUBJECT}.*"], storage=StorageType.FILE, max_age=KEPT,
                             duplicate_window=SAME)
            )  # fmt: skip
        known = {one.name for one in await self.stream.consumers_info(STREAM)}
        for partition in range(PARTITIONS):
            if (name := _judges(partition)) not in known:
                await self._consumer(
                    durable_name=name, filter_subject=_subject(partition), ack_wait=TURN, max_ack_pending=1
                )

    async def _consumer(self, **more: Any) -> str:
        made = await self.stream.add_consumer(STREAM, ConsumerConfig(**more))
        return str(made.name)

    async def send(self, parcel: Parcel) -> None:
        """Send a message, and wait until the stream has it. Sent again, it is one message."""
        await self.stream.publish(
            _subject(parcel.partition), parcel.readings, timeout=ANSWER, stream=STREAM, headers={NAME: parcel.name}
        )

    async def turn(self, partition: int) -> Msg | None:
        """Give the next message of a partition, and its turn; None where nothing came or another worker has it."""
        return await self._next(_judges(partition), LINGER)

    async def _next(self, consumer: str, how: bytes) -> Msg | None:
        """Take a message. No request is left behind that might take one unseen: the stream says when it is over.

        In the old style, with an inbox for each: a message of a stream comes under its own subject, not the request's.
        """
        asked = f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{consumer}"
        found = await self.client.request(asked, how, timeout=ANSWER, old_style=True)
        return None if found.headers and "Status" in found.headers else found

    async def past(self, since: int) -> AsyncIterator[Msg]:
        """Give what came since an instant of real time, up to what is there now."""
        end = (await self.stream.stream_info(STREAM)).state.last_seq
        consumer = await self._consumer(
            name=f"replay-{self.client._nuid.next().decode()}", deliver_policy=DeliverPolicy.BY_START_TIME,
            opt_start_time=datetime.fromtimestamp(since / 1_000_000, UTC), ack_policy=AckPolicy.NONE,
            inactive_threshold=60.0,
        )  # fmt: skip
        while (found := await self._next(consumer, AT_ONCE)) is not None and found.metadata.sequence.stream <= end:
            yield found


def _subject(partition: int) -> str:
    return f"{SUBJECT}.{partition}"


def _judges(partition: int) -> str:
    return f"judge-{partition}"


async def _silent(_error: Exception) -> None:
    """What goes wrong is raised where it matters."""


@asynccontextmanager
async def connected() -> AsyncIterator[Line]:
    """Give a line to the stream. One that breaks is not mended: its user asks for another."""
    secure = any(address.startswith("tls:") for address in settings.STREAM)
    client = await nats.connect(
        settings.STREAM, name="cityloop", tls_handshake_first=secure, error_cb=_silent, allow_reconnect=False,
        connect_timeout=2, max_reconnect_attempts=1, reconnect_time_wait=0.1,
    )  # fmt: skip
    try:
        line = Line(client)
        await line.set_up()
        yield line
    finally:
        await client.close()
