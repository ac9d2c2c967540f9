"""The bridge: takes in what devices publish, and tells subscribers what was kept by any door.

A message is acknowledged only after the commit. The session at the broker outlives us, so whatever a bridge that was
killed had not acknowledged comes again; a reading is known by its datastream and time, and is kept once. Devices may
have a broker of their own: one that acknowledges to them only what is on its disk, as Mosquitto does not.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import paho.mqtt.client as paho
from django.conf import settings
from django.db import DatabaseError, close_old_connections
from paho.mqtt.enums import CallbackAPIVersion

from cityloop.doors.sensorthings import keys
from cityloop.doors.sensorthings.gathering import Gatherer
from cityloop.doors.sensorthings.mqtt import incoming, news
from cityloop.doors.sensorthings.mqtt.topics import BEGINS, Told, Topics, logged
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.town.columns import real_now
from cityloop.town.ledger import actions as ledger
from cityloop.town.ledger import queries as steps
from cityloop.town.persons.queries import access_of

log = logging.getLogger("cityloop.mqtt")
NAME = "cityloop"  # of the bridge at the broker, and of its place on the ledger
LOGGED = "$SYS/broker/log/M/subscribe"
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


class Line:
    """A connection to a broker, which keeps our session: what was not acknowledged comes again, over the next one.

    It speaks MQTT 3.1.1, as every broker does. How much is handed over unacknowledged the broker's settings say.
    """

    def __init__(self, broker: Any, more: Sequence[str], hear: Callable[["Line", paho.MQTTMessage], None]) -> None:
        self.broker, self.hear = broker, hear
        self.topics = [(f"{broker.below}{BEGINS}#", 1), *((topic, 0) for topic in more)]
        self.number = 0  # counts connections: what came over an old one is not acknowledged on a new one
        self.client = self._client()

    def _client(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=NAME,
            clean_session=False,
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
        client.on_connect = self._connected
        client.on_message = lambda _client, _data, message: self.hear(self, message)
        return client

    def _connected(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            log.error("the broker at %s refuses the bridge: %s", self.broker.host, reason)
            return
        self.number += 1
        client.subscribe(self.topics)
        log.info("the bridge is connected to the broker at %s", self.broker.host)

    def begin(self) -> None:
        """Connect, now and whenever the connection breaks."""
        self.client.connect_async(self.broker.host, self.broker.port, 30)
        self.client.loop_start()

    def end(self) -> None:
        """Leave; the session stays."""
        self.client.disconnect()
        self.client.loop_stop()


class Bridge:
    """The connections to the brokers, for one key. `broker` is where others listen and devices may speak;
    `devices` is where devices speak alone.
    """

    def __init__(self, broker: Any, devices: Any, key: str) -> None:
        self.key = key
        self.telling = Line(broker, [LOGGED], self._arrived) if broker else None
        self.lines = [self.telling] if self.telling else []
        if devices:
            self.lines.append(Line(devices, [], self._arrived))
        self.gatherer, self.topics = Gatherer(), Topics(settings.HOME / "mqtt-topics.json")
        self.actor: Actor | None = None
        self.tasks: set[asyncio.Task[None]] = set()

    def _arrived(self, line: Line, message: paho.MQTTMessage) -> None:
        """Pass a message on from the client's own thread."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self.loop.call_soon_threadsafe(self._begin, line, message, line.number)

    # --- what comes in

    def _begin(self, line: Line, message: paho.MQTTMessage, number: int) -> None:
        if message.topic == LOGGED:
            work = self._learn(logged(message.payload.decode(errors="replace")))
        else:
            work = self._take(line, message, number)
        task = self.loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _learn(self, topic: str) -> None:
        if topic:
            await in_thread(self.topics.learn, topic)

    async def _take(self, line: Line, message: paho.MQTTMessage, number: int) -> None:
        """Take a message in, however long it takes, and acknowledge it then."""
        topic, payload, actor = message.topic.removeprefix(line.broker.below), bytes(message.payload), self.actor
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
        if number == line.number:
            line.client.ack(message.mid, message.qos)

    # --- what goes out

    async def _hear(self, rows: list[news.Row]) -> None:
        self._tell(await in_thread(lambda: list(self.topics.of_readings(rows))))

    def _tell(self, found: list[Told]) -> None:
        if self.telling:
            for topic, told in found:
                self.telling.client.publish(topic, told, qos=1)

    async def _follow(self) -> None:
        """Tell of entities that were set up or changed: from the ledger, each once."""
        while True:
            self._tell(await in_thread(self._news))
            await asyncio.sleep(FOLLOW)

    def _news(self) -> list[Told]:
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
            for line in self.lines:
                line.begin()

    def _who(self) -> Actor | None:
        try:
            access = access_of(self.key, real_now()) if self.key else None
        except DatabaseError:
            return self.actor
        return keys.actor(access) if access is not None and "sense" in access.scopes else None

    def _leave(self) -> None:
        for line in self.lines:
            line.end()


def run() -> None:
    """Run the bridge until the process is ended."""
    bridge = Bridge(settings.MQTT, settings.MQTT_DEVICES, settings.MQTT_KEY)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(bridge.run())
