"""By MQTT, at a real broker: what is published is kept once, what is kept is told once, whoever is killed meanwhile."""

import json
import os
import signal
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.house import below, command
from cityloop.doors.sensorthings.mqtt import incoming
from cityloop.doors.sensorthings.mqtt.topics import logged
from cityloop.ground.kit.words import clean, escaped
from cityloop.loops.sensing.rules.times import shown
from tests.doors.sensorthings.broker import Broker, Ears, Station, until
from tests.faults.house import House, built
from tests.loops.sensing.instruments import AT, HOUR

pytestmark = pytest.mark.xdist_group("sensorthings")
KEY = """
from cityloop.town.columns import real_now
from cityloop.town.persons.actions import make_access_key
from tests.town.staff import BY
from cityloop.town.persons.models import Account
from tests.loops.sensing.instruments import set_up
who = Account.objects.order_by("pk").first()
set_up()
print(make_access_key(account=who, label="by mqtt", days=1, by=BY, at=real_now(), scopes=["sense"], per_minute=100_000))
"""
KEPT = """
import json
from cityloop.loops.sensing.models import Latest, Observation, Quarantined
print(json.dumps([list(Observation.objects.order_by("time").values_list("time", "result")),
                  list(Quarantined.objects.order_by("id").values_list("reason", "source", "said")),
                  sum(Latest.objects.values_list("count", flat=True))]))
"""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    made = Broker(Path(tmp_path_factory.mktemp("broker")))
    made.start()
    try:
        yield made
    finally:
        made.end(signal.SIGKILL)


@pytest.fixture(scope="module")
def served(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with built(tmp_path_factory.mktemp("mqtt") / "home") as made, pytest.MonkeyPatch.context() as patch:
        key = made.python(KEY).strip()
        patch.setenv("CITYLOOP_MQTT", broker.url)
        patch.setenv("CITYLOOP_MQTT_KEY", key)
        made.keys["mqtt"] = key
        made.start()
        yield made


def kept(house: House) -> tuple[list[Any], list[Any], int]:
    found: tuple[list[Any], list[Any], int] = json.loads(house.python(KEPT))
    return found


def at(n: int) -> str:
    return shown(AT + n * HOUR // 60)


def reading(n: int, **more: Any) -> bytes:
    return json.dumps({"phenomenonTime": at(n), "result": n, **more}).encode()


BELOW = "v1.1/Datastreams(1)/Observations"


def test_what_is_published_is_kept_and_told_once(broker: Broker, served: House) -> None:
    chosen, things = "v1.1/Observations?$select=result", "v1.1/Things"
    ears = Ears(broker, BELOW, chosen, things, "v1.1/Datastreams(1)/name", "v1.1/Nothing")
    station = broker.client("station-7", "1883")
    until(lambda: "v1.1/Things" in (served.home / "mqtt-topics.json").read_text()
          if (served.home / "mqtt-topics.json").exists() else False, served.log.read_text())  # fmt: skip
    array = [{"Datastream": {"@iot.id": 1}, "components": ["phenomenonTime", "result"],
              "dataArray": [[at(10), 10], [at(11), -3]]}]  # fmt: skip
    lake = {"name": "Lake", "description": "", "feature": {"type": "Point", "coordinates": [10.1, 50.0]}}
    for topic, body in (
        (BELOW, reading(1)), ("v1.1/Observations", reading(2, Datastream={"@iot.id": 1})), (BELOW, reading(1)),
        ("v1.1/CreateObservations", json.dumps(array).encode()), (BELOW, b'{"result": '), (BELOW, b"\xff\xfe"),
        ("v1.1/Things", b"{}"), (BELOW, reading(3, validTime=5)), (BELOW, reading(4, FeatureOfInterest=lake)),
    ):  # fmt: skip
        station.publish(topic, body, qos=1).wait_for_publish(10)
    until(lambda: len(kept(served)[1]) == 5 and len(kept(served)[0]) == 4, str(kept(served)))
    readings, held, count = kept(served)
    assert readings == [[AT + n * HOUR // 60, float(n)] for n in (1, 2, 4, 10)] and count == 4
    assert sorted(one[0] for one in held) == ["range", "shape", "shape", "shape", "shape"]
    assert {one[1] for one in held} == {"by mqtt"} and any("v1.1/Things" in one[2] for one in held)
    headers = {"Authorization": f"Bearer {served.keys['mqtt']}"}
    told = [
        served.post_plain("/sta/v1.1/Datastreams(1)/Observations", {"phenomenonTime": at(5), "result": 5}, headers)
        for _ in range(2)
    ]
    assert told == [201, 200]
    assert served.post_plain("/sta/v1.1/Things", {"name": "Mast", "description": ""}, headers) == 201
    assert served.post_plain("/sta/v1.1/Datastreams(1)", {"name": "new"}, headers, "PATCH") == 200
    until(
        lambda: "Mast" in str(ears.of(things)) and {"name": "new"} in ears.of("v1.1/Datastreams(1)/name"),
        served.log.read_text(),
    )
    until(lambda: len(ears.of(BELOW)) >= 5, str(ears.heard))
    assert sorted(one["result"] for one in ears.of(BELOW)) == [1, 2, 4, 5, 10]
    assert ears.of(BELOW)[0]["@iot.id"].startswith("1-") and ears.of(BELOW)[0]["phenomenonTime"]
    assert sorted(one["result"] for one in ears.of(chosen)) == [1, 2, 4, 5, 10] and set(ears.of(chosen)[0]) == {
        "result"
    }
    assert [one["name"] for one in ears.of(things)].count("Mast") == 1
    assert ears.of("v1.1/Datastreams(1)/name").count({"name": "new"}) == 1
    for client in (ears.client, station):
        client.disconnect()
        client.loop_stop()


def bridge(house: House) -> int:
    """The bridge's process; 0 while it is being begun again."""
    assert house.process is not None
    return next((pid for pid in below(house.process.pid) if command(pid).rstrip().endswith("main mqtt")), 0)


def test_nobody_who_is_killed_takes_an_accepted_reading_along(broker: Broker, served: House) -> None:
    station = Station(broker.client("station-7", "1883"), BELOW, reading, 100)
    try:
        for round_ in range(3):
            goal = len(station.acknowledged) + 150
            until(lambda goal=goal: len(station.acknowledged) >= goal, "the broker takes nothing")
            os.kill(bridge(served), signal.SIGKILL)
            if round_ == 1:
                broker.end()
                broker.start()
            until(lambda: bridge(served), "the bridge was not begun again")
        goal = len(station.acknowledged) + 150
        until(lambda: len(station.acknowledged) >= goal, "the broker takes nothing")
    finally:
        sent = station.end()
    wanted = {AT + n * HOUR // 60 for n in sent}

    def lost() -> list[int]:
        return sorted(wanted - {time for time, _result in kept(served)[0]})

    until(
        lambda: not lost(), lambda: f"{len(lost())} of {len(wanted)} lost: {lost()[:9]}\n{served.log.read_text()}", 180
    )
    readings, _held, count = kept(served)
    times = [time for time, _result in readings]
    assert len(times) == len(set(times)) == count >= len(sent) >= 600


@pytest.mark.once
@pytest.mark.parametrize("payload", [b'[{"dataArray": [' + b"1.5," * 9_000, b"\xff\xfe\x00", "a\u202eb\0".encode()])
def test_what_cannot_be_read_is_kept_whole(payload: bytes) -> None:
    batch = incoming.unreadable("v1.1/CreateObservations", payload, "wrong", AT)
    told = json.loads(clean(escaped(json.dumps(batch.said(0), ensure_ascii=False))))
    assert (b64decode(told["base64"]) if "base64" in told else told["message"].encode()) == payload


@pytest.mark.once
def test_what_the_broker_says_of_subscriptions() -> None:
    assert logged("1795712825: dev 1 1 v1.1/Datastreams(1)/Observations?$select=result") == (
        "v1.1/Datastreams(1)/Observations?$select=result"
    )
    assert logged("1795712825: dev 0 in/v1.1/#") == logged("x") == ""
