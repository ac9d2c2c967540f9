"""The bridge: takes in what devices publish, and tells subscribers what was kept by any door.

A message is acknowledged only after the commit. The session at the broker outlives us, so whatever a bridge that was
killed had not acknowledged comes again; a reading is known by its datastream and time, and is kept once.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import paho.mqtt.client as paho
from django.conf import settings
from django.db import DatabaseError, close_old_connections
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from cityloop.doors.sensorthings import keys
from cityloop.doors.sensorthings.gathering import Gatherer
from cityloop.doors.sensorthings.mqtt import incoming, news
from cityloop.doors.sensorthings.mqtt.topics import BEGINS, Topics, logged
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.town.columns import real_now
from cityloop.town.ledger import actions as ledger
from cityloop.town.ledger import queries as steps
from cityloop.town.persons.queries import access_of

log = logging.getLogger("cityloop.mqtt")
NAME = "cityloop"  # of the bridge at the broker, and of its place on the ledger
LOGGED = "$SYS/broker/log/M/subscribe"
UNANSWERED = 2_000  # messages that the broker hands over before the first is acknowledged
AGAIN, LOOK, FOLLOW = 1.0, 10.0, 0.5  # seconds
TOLD = {"thing": "Things", "location": "Locations", "historicallocation": "HistoricalLocations",
        "datastream": "Datastreams", "sensor": "Sensors", "observedproperty": "ObservedProperties",
        "featureofinterest": "FeaturesOfInterest"}  # fmt: skip


async def in_thread(work: Callable[..., Any], *args: Any) -> Any:
    """Ask the database beside the loop."""

    def run() -> Any:
        close_old_connections()
        try:
            return work(*args)
        finally:
            close_old_connections()

    return await asyncio.to_thread(run)


class Bridge:
    """One connection to the broker, for one key."""

    def __init__(self, broker: Any, key: str) -> None:
        self.broker, self.key = broker, key
        self.gatherer, self.topics = Gatherer(), Topics(settings.HOME / "mqtt-topics.json")
        self.actor: Actor | None = None
        self.line = 0  # counts connections: what came over an old one is not acknowledged on a new one
        self.client = self._client()
        self.tasks: set[asyncio.Task[None]] = set()

    def _client(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=NAME,
            protocol=paho.MQTTv5,
            manual_ack=True,
            reconnect_on_failure=True,
        )
        if self.broker.user:
            client.username_pw_set(self.broker.user, self.broker.word)
        if self.broker.secure:
            client.tls_set()
        client.reconnect_delay_set(1, 10)
        client.max_queued_messages_set(100_000)
        client.max_inflight_messages_set(1_000)
        client.on_connect, client.on_message = self._connected, self._arrived
        return client

    # --- at the broker (called on the client's own thread)

    def _connected(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            log.error("the broker refuses the bridge: %s", reason)
            return
        self.line += 1
        whole = SubscribeOptions(qos=1, noLocal=True)
        client.subscribe([(f"{self.broker.below}{BEGINS}#", whole), (LOGGED, SubscribeOptions(qos=0))])
        log.info("the bridge is connected to the broker")

    def _arrived(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self.loop.call_soon_threadsafe(self._begin, message, self.line)

    # --- what comes in

    def _begin(self, message: paho.MQTTMessage, line: int) -> None:
        if message.topic == LOGGED:
            work = self._learn(logged(message.payload.decode(errors="replace")))
        else:
            work = self._take(message, line)
        task = self.loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _learn(self, topic: str) -> None:
        if topic:
            await in_thread(self.topics.learn, topic)

    async def _take(self, message: paho.MQTTMessage, line: int) -> None:
        """Take a message in, however long it takes, and acknowledge it then."""
        topic, payload, actor = message.topic.removeprefix(self.broker.below), bytes(message.payload), self.actor
        if actor is None:
            return  # it comes again, once a key is good
        read = incoming.reader(topic, payload, actor)
        while True:
            try:
                await self.gatherer.put(read, actor.name, len(payload))
                break
            except (DatabaseError, Refusal):
                await asyncio.sleep(AGAIN)
            except Exception as error:  # it would fail again for ever, and hold up all others
                log.exception("a message could not be taken in; it is in the quarantine")
                read = partial(incoming.unreadable, topic, payload, type(error).__name__)
        if line == self.line:
            self.client.ack(message.mid, message.qos)

    # --- what goes out

    async def _hear(self, rows: list[news.Row]) -> None:
        for topic, told in await in_thread(lambda: list(self.topics.of_readings(rows))):
            self.client.publish(topic, told, qos=1)

    async def _follow(self) -> None:
        """Tell of entities that were set up or changed: from the ledger, each once."""
        while True:
            for topic, told in await in_thread(self._news):
                self.client.publish(topic, told, qos=1)
            await asyncio.sleep(FOLLOW)

    def _news(self) -> list[tuple[str, bytes]]:
        try:
            if not steps.has_begun(NAME):
                ledger.move_cursor(NAME, steps.last_offset())
            met: dict[tuple[str, int], None] = {}  # changed twice meanwhile: told once, as it is now
            begun = offset = steps.cursor(NAME)
            for step in steps.after_offset(begun):
                kind, _colon, pk = step.subject.partition(":")
                if step.kind == "sensing" and step.what in ("added", "changed") and kind in TOLD:
                    met[TOLD[kind], int(pk)] = None
                offset = offset if step.offset is None else step.offset
            found = [told for name, pk in met for told in self.topics.of_entity(name, pk)]
            if offset != begun:
                ledger.move_cursor(NAME, offset)
            return found
        except DatabaseError:
            log.warning("the ledger could not be read; it is tried again", exc_info=True)
            return []

    # --- the whole

    async def run(self) -> None:
        """Run until cancelled. Without a good key nothing is taken in: the broker keeps it."""
        self.loop = asyncio.get_running_loop()
        await in_thread(self.topics.begin)
        server = await news.listen(self._hear)
        follower = asyncio.create_task(self._follow())
        try:
            while True:
                await self._look()
                await asyncio.sleep(LOOK)
        finally:
            follower.cancel()
            server.close()
            self._leave()

    async def _look(self) -> None:
        """Ask whether the key is still good; come and go with it."""
        was, self.actor = self.actor, await in_thread(self._who)
        if self.actor is None:
            log.error("CITYLOOP_MQTT_KEY is no access key that is good for `sense`: nothing is taken in by MQTT")
            self._leave()
        elif was is None:
            more = Properties(PacketTypes.CONNECT)
            more.SessionExpiryInterval, more.ReceiveMaximum = 0xFFFF_FFFF, UNANSWERED
            self.client.connect_async(self.broker.host, self.broker.port, 30, clean_start=False, properties=more)
            self.client.loop_start()

    def _who(self) -> Actor | None:
        try:
            access = access_of(self.key, real_now()) if self.key else None
        except DatabaseError:
            return self.actor
        return keys.actor(access) if access is not None and "sense" in access.scopes else None

    def _leave(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def run() -> None:
    """Run the bridge until the process is ended."""
    bridge = Bridge(settings.MQTT, settings.MQTT_KEY)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(bridge.run())
