"""Brokers and the bridge killed outright while devices publish: what was acknowledged is kept once, no alarm doubled.

NATS acknowledges what is written, and loses nothing. Mosquitto acknowledges what it remembers, and saves that every
second or two: what it acknowledged just before may be gone.
"""

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.house import below, command
from cityloop.loops.sensing.rules.times import shown
from tests.conftest import PROVE, one_database
from tests.doors.sensorthings.broker import Broker, Station, until
from tests.faults.house import House, built
from tests.faults.nats import Devices
from tests.faults.test_readings_killed import AFTER, BEGIN, SECOND, value

pytestmark = pytest.mark.xdist_group("faults")
KILLS = 50 if PROVE else 3
STREAMS = 4
SAVED = 4.0  # seconds after which Mosquitto has saved what it acknowledged
UNREAD = 0.5  # seconds in which the device reads what a broker said before it was killed; it comes again after one
TIMES = """
import json
from cityloop.loops.sensing.models import Observation
print(json.dumps(list(Observation.objects.order_by("time").values_list("datastream_id", "time"))))
"""


def bridge(city: House) -> int:
    """Give the bridge's process; 0 while it is being begun again."""
    assert city.process is not None
    return next((pid for pid in below(city.process.pid) if command(pid).rstrip().endswith("main mqtt")), 0)


class World:
    """A city whose devices speak at a broker, and one of them."""

    def __init__(self, city: House, broker: Broker | Devices, patch: pytest.MonkeyPatch, setting: str) -> None:
        self.city, self.broker = city, broker
        key, self.streams, now = json.loads(city.python(BEGIN % STREAMS))
        self.begin = now - 20 * 3600 * SECOND  # a hundred seconds are told in each: fifty kills do not reach the future
        patch.setenv(setting, broker.url)
        patch.setenv("CITYLOOP_MQTT_KEY", key)
        city.start()
        until(lambda: bridge(city) and self.connected() > 0, "the bridge did not come to the broker", 60)
        time.sleep(SAVED)  # the session is on the disk
        self.kills: list[float] = []
        client = broker.client("station-7", "1883")
        self.station = Station(client, "v1.1/CreateObservations", self.body, 0, every=0.01)

    def connected(self) -> int:
        """Count how often the bridge has come to the broker."""
        return self.city.log.read_text(errors="replace").count("the bridge is connected")

    def body(self, n: int) -> bytes:
        arrays = [
            {"Datastream": {"@iot.id": pk}, "components": ["phenomenonTime", "result"],
             "dataArray": [[shown(self.begin + n * SECOND), value(place, n)]]}
            for place, pk in enumerate(self.streams)
        ]  # fmt: skip
        return json.dumps(arrays).encode()

    def kill(self, victim: str, rng: random.Random) -> None:
        """Let the device speak for a while, kill outright, and begin again."""
        goal = len(self.station.acknowledged) + 20
        until(lambda: len(self.station.acknowledged) >= goal, "the broker takes nothing", 60)
        time.sleep(rng.uniform(0.1, 1.5))
        pid, times = bridge(self.city), self.connected()
        if victim != "broker":
            os.kill(pid, signal.SIGKILL)
            time.sleep(rng.uniform(0, 0.3))  # meanwhile messages wait at the broker
        if victim != "bridge":
            self.kills.append(time.monotonic())
            self.broker.end(signal.SIGKILL)
            self.broker.start()
        until(lambda: self.connected() > times, "the bridge did not come back", 60)

    def ended(self) -> tuple[set[int], set[int]]:
        """Let the device come to its end; give what was acknowledged, and that of it which was on the disk for sure."""
        self.station.stop.set()
        self.station.thread.join()
        until(lambda: len(self.station.acknowledged) == len(self.station.mids), "not all was acknowledged", 60)
        sure = {
            self.station.mids[mid]
            for mid, at in self.station.acknowledged.items()
            if not any(-UNREAD < kill - at < SAVED for kill in self.kills)
        }
        return self.station.end(), sure

    def said(self, missing: list[int]) -> str:
        """Say how long before or after the nearest kill the first that are missing were acknowledged."""
        at = {self.station.mids[mid]: at for mid, at in self.station.acknowledged.items()}
        found = [(n, *(round(kill - at[n], 2) for kill in self.kills)) for n in missing[:20]]
        return f"{len(missing)} missing: {found}\n{self.city.log.read_text()[-3_000:]}"

    def settled(self, wanted: set[int]) -> tuple[list[int], dict[str, Any]]:
        """Wait until these are kept and all is judged; give which are kept, and what the city says."""
        kept: list[list[int]] = []

        def missing() -> list[int]:
            kept[:] = json.loads(self.city.python(TIMES))
            return sorted(wanted - {(at - self.begin) // SECOND for _stream, at in kept})

        def quiet() -> bool:
            return not missing() and not json.loads(self.city.python(AFTER))["waiting"]

        left, since = missing(), time.monotonic()
        while left and time.monotonic() - since < 60:  # many kills leave much: while it becomes less, it is not lost
            time.sleep(1)
            if len(now := missing()) < len(left):
                left, since = now, time.monotonic()
        assert not left, self.said(left)
        until(quiet, "not all was judged", 120)
        time.sleep(3)  # what comes twice comes now
        kept[:] = json.loads(self.city.python(TIMES))
        assert len({tuple(one) for one in kept}) == len(kept)
        numbers = sorted({(at - self.begin) // SECOND for _stream, at in kept})
        assert len(kept) == len(numbers) * STREAMS  # a message is taken in whole
        told: dict[str, Any] = json.loads(self.city.python(AFTER))
        assert told["kept"] == told["counted"] == len(kept)
        return numbers, told


def rounds(world: World) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    rng = random.Random(seed)
    for number in range(KILLS):
        world.kill(("both", "broker", "bridge")[number % 3], rng)


def none_doubled(told: dict[str, Any]) -> None:
    """Say that no alarm was raised twice, nor stands twice.

    Which there are is not said: what was on its way comes again after the readings that followed it, too late for one.
    """
    alarms = [(pk, raised) for pk, raised, _state, _worst in told["alarms"]]
    standing = [pk for pk, _raised, state, _worst in told["alarms"] if state != "cleared"]
    assert len(alarms) == len(set(alarms)) > STREAMS and len(standing) == len(set(standing))


@contextmanager
def world(broker: Broker | Devices, folder: Path, patch: pytest.MonkeyPatch, setting: str) -> Iterator[World]:
    """Give a city, a broker and a device; all have been killed by then, and have begun again."""
    broker.folder.mkdir()
    broker.start()
    try:
        with built(folder / "home") as city:
            found = World(city, broker, patch, setting)
            rounds(found)
            yield found
    finally:
        broker.end(signal.SIGKILL)


@one_database
def test_nats_loses_nothing_that_it_acknowledged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with world(Devices(tmp_path / "nats"), tmp_path, monkeypatch, "CITYLOOP_MQTT_DEVICES") as found:
        acknowledged, _sure = found.ended()
        numbers, told = found.settled(acknowledged)
        assert numbers == sorted(acknowledged) == list(range(len(acknowledged)))
        none_doubled(told)


@one_database
def test_mosquitto_loses_at_most_what_it_acknowledged_just_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world(Broker(tmp_path / "mosquitto"), tmp_path, monkeypatch, "CITYLOOP_MQTT") as found:
        acknowledged, sure = found.ended()
        numbers, told = found.settled(sure)
        print(f"{len(acknowledged) - len(numbers)} of {len(acknowledged)} lost in {len(found.kills)} kills")
        assert set(numbers) <= acknowledged
        none_doubled(told)
