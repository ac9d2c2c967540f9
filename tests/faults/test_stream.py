"""Rules judged by several workers over a real stream, and whoever is killed: nothing is lost, no alarm is doubled."""

import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import nats
import pytest

from tests.doors.sensorthings.broker import until
from tests.faults.house import House
from tests.faults.nats import Nats
from tests.faults.test_readings_killed import expected
from tests.fresh import fresh_database, fresh_home
from tests.inside import Inside

pytestmark = pytest.mark.xdist_group("faults")
STREAMS, PARTITIONS = 12, 8
BEGIN = """
from pathlib import Path
from tests.faults.test_readings_killed import SECOND, value
from tests.loops.cases.smallville import make
from tests.loops.sensing.instruments import bring
from tests.loops.sensing.watched import alarm, set_up, switch_on
from cityloop.loops.sensing import tasks
from cityloop.loops.sensing.actions import arriving
from cityloop.loops.sensing.models import Alarm, Arrived, Latest, Observation
from cityloop.town.columns import real_now
folder = Path({folder!r})
folder.mkdir(exist_ok=True)
make(folder)
high = alarm("high", above=250, clear=200, opens="nothing")
switch_on(high, every="1 um")
streams = [set_up() for _ in range({number})]
begin = real_now() - 6 * 3600 * SECOND
def send(number):
    time = begin + number * SECOND
    return bring(*((pk, time, value(place, number)) for place, pk in enumerate(streams)), now=real_now())
told = [streams, begin]
"""
STATE = """
told = {
    "waiting": Arrived.objects.count(), "kept": Observation.objects.count(),
    "counted": sum(Latest.objects.values_list("count", flat=True)),
    "alarms": sorted(Alarm.objects.filter(rule__endswith="high")
                     .values_list("datastream_id", "raised", "state", "worst")),
    "calm": Alarm.objects.filter(rule__endswith="calm").count(),
}
"""


class Judge:
    """A worker, as it runs on any machine."""

    def __init__(self, city: House, number: int) -> None:
        self.city, self.log = city, city.home.parent / f"judge{number}.log"
        self.start()

    def start(self) -> None:
        words = [sys.executable, "-m", "cityloop.doors.cli.main", "judge"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(words, env=self.city.env, stdout=log, stderr=log)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)


class World:
    """A city with instruments, a broker and two workers."""

    def __init__(self, city: House, broker: Nats) -> None:
        self.city, self.broker, self.number = city, broker, 0
        self.judges = [Judge(city, n) for n in range(2)]
        self.inside = Inside(city.env)
        self.streams, self.begin = self.inside.do(BEGIN.format(folder=str(city.home.parent / "f"), number=STREAMS))

    def send(self, count: int) -> None:
        """Send so many readings of each instrument, one after the other."""
        self.inside.do(f"for n in range({self.number}, {self.number + count}): send(n)")
        self.number += count

    def settled(self, seconds: float = 40.0) -> dict[str, Any]:
        """Wait until all is judged. Each reading is there once, and was judged as if one by one."""
        found: dict[str, Any] = {}

        def quiet() -> bool:
            found.update(self.inside.do(STATE))
            return not found["waiting"]

        until(quiet, lambda: "\n".join([str(found), *(one.log.read_text() for one in self.judges)]), seconds)
        assert found["kept"] == found["counted"] == self.number * STREAMS
        assert [tuple(one) for one in found["alarms"]] == expected(self.streams, range(self.number), self.begin)
        return found

    def publish(self, *messages: tuple[int, dict[str, str] | None, bytes]) -> list[bool]:
        """Publish as a stranger would; say which the stream took for a repetition."""

        async def work(stream: Any) -> list[bool]:
            return [
                bool((await stream.publish(f"cityloop.readings.{partition}", body, headers=headers)).duplicate)
                for partition, headers, body in messages
            ]

        return self._streaming(work)

    def names(self) -> list[str]:
        """Give the names of the messages that the stream has, in their order."""

        async def work(stream: Any) -> list[str]:
            state = (await stream.stream_info("cityloop")).state
            found = [await stream.get_msg("cityloop", seq) for seq in range(state.first_seq, state.last_seq + 1)]
            return [(one.headers or {}).get("Nats-Msg-Id", "") for one in found]

        return self._streaming(work)

    def _streaming(self, work: Any) -> Any:
        async def run() -> Any:
            client = await nats.connect(self.broker.url)
            try:
                return await work(client.jetstream())
            finally:
                await client.close()

        return asyncio.run(run())

    def end(self) -> None:
        for judge in self.judges:
            judge.kill()
        self.inside.end()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    url = fresh_database(os.environ.get("DATABASE_URL", ""), f"stream_{uuid4().hex[:12]}")
    home = Path(tmp_path_factory.mktemp("stream")) / "home"
    home.mkdir() if url else fresh_home(home)
    broker = Nats(home.parent / "nats")
    broker.folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CITYLOOP_STREAM", broker.url)
        broker.start()
        try:
            made = World(House(home, url), broker)
            try:
                yield made
            finally:
                made.end()
        finally:
            broker.end()


def test_readings_become_alarms_once_with_two_workers(world: World) -> None:
    for judge in world.judges:
        until(lambda one=judge: "judging what comes" in one.log.read_text(), "a worker did not begin")
    begun = time.monotonic()
    world.send(9)
    world.inside.do("send(3)")  # repeated: it changes nothing
    assert len(world.settled()["alarms"]) >= STREAMS
    assert time.monotonic() - begun < 12  # the steward, who is not there, would wait for 15 seconds


def test_whoever_is_killed_under_load(world: World) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    rng = random.Random(seed)
    world.inside.do("arriving.PATIENCE = SECOND")  # and a steward who steps in after a second, while the others work
    for victim in rng.sample(("first", "second", "broker"), 3):
        for _ in range(rng.randint(3, 9)):
            world.send(1)
        if victim == "broker":
            world.broker.end()
            world.send(3)
            world.broker.start()
        else:
            judge = world.judges[victim == "second"]
            judge.kill()
            world.send(2)
            judge.start()
        world.inside.do("tasks.judge()")
    for _ in range(5):
        world.send(1)
    world.settled()


def test_repeated_reordered_and_senseless_messages(world: World) -> None:
    known = [one for one in world.names() if one]
    assert len(known) == len(set(known)) > PARTITIONS
    repeated = [(n % PARTITIONS, {"Nats-Msg-Id": name}, b"") for n, name in enumerate(reversed(known[-3:]))]
    ones: list[tuple[dict[str, str] | None, bytes]] = [
        (None, b""), (None, b"\xff"), ({"Nats-Msg-Id": "of another"}, b"x" * 25), ({"Nats-Msg-Id": "7-8"}, b"x" * 24),
    ]  # fmt: skip
    senseless = [(n, headers and {"Nats-Msg-Id": f"{headers['Nats-Msg-Id']}{n}"}, body)
                 for n in range(PARTITIONS) for headers, body in ones]  # fmt: skip
    world.send(1)  # what is not yet judged comes twice, under its own name and in another order
    assert world.publish(*repeated, *senseless)[:3] == [True] * 3
    begun = time.monotonic()
    world.send(4)
    world.settled()
    assert time.monotonic() - begun < 12  # no partition is held up


AFTERWARDS = """
switch_on(high, alarm("calm", below=150, clear=190, opens="nothing"), every="1 um")
from cityloop.loops.sensing.jetstream.again import bring_back
"""


def test_judging_anew_finds_what_was_missed_and_doubles_nothing(world: World) -> None:
    before = world.settled()
    world.inside.do(AFTERWARDS)
    time.sleep(1.5)  # until the workers know of the new rule
    counts = []
    for _ in range(2):
        messages, unreadable, readings = world.inside.do("told = bring_back(since=begin, at=real_now())")
        assert 5 * STREAMS <= readings <= world.number * STREAMS  # not what the steward judged in the stream's place
        assert messages > unreadable >= 3 * PARTITIONS
        counts.append(world.settled())
    assert before["calm"] == 0 and counts[0]["calm"] >= STREAMS and counts[0] == counts[1]
    assert counts[0]["alarms"] == before["alarms"]
