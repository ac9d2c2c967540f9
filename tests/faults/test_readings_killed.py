"""A city killed while instruments speak: no accepted reading is lost or unjudged, no alarm is doubled."""

import http.client
import json
import random
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PROVE
from tests.faults.house import House, house

KILLS = 50 if PROVE else 3
STREAMS, BLOCK, SECOND = 12, 4, 1_000_000
BEGIN = """
import json
from tests.loops.sensing.watched import alarm, set_up, switch_on
from tests.town.staff import BY
from cityloop.town.columns import real_now
from cityloop.town.persons.actions import make_access_key
from cityloop.town.persons.models import Account
switch_on(alarm("high", above=250, clear=200, opens="nothing"), every="1 um")
streams = [set_up() for _ in range(%d)]
key = make_access_key(account=Account.objects.filter(holdings__isnull=False).first(), label="t", days=1, by=BY,
    at=real_now(), scopes=["sense"], per_minute=100_000)
print(json.dumps([key, streams, real_now()]))
"""
AFTER = """
import json
from cityloop.loops.sensing.models import Alarm, Arrived, Latest, Observation
print(json.dumps({
    "waiting": Arrived.objects.count(), "kept": Observation.objects.count(),
    "counted": sum(Latest.objects.values_list("count", flat=True)),
    "alarms": sorted(Alarm.objects.values_list("datastream_id", "raised", "state", "worst")),
}))
"""


def value(stream: int, number: int) -> float:
    """Give a reading: a few calm ones, then a few that are too high, each stream out of step with the others."""
    high = (number // BLOCK + stream) % 2
    return float((300 if high else 100) + number % 50)


def expected(streams: list[int], numbers: Iterable[int], begin: int) -> list[tuple[int, int, str, float]]:
    """Say in the plainest way which alarms these readings of each stream raise."""
    found: list[tuple[int, int, str, float]] = []
    for place, pk in enumerate(streams):
        raised, worst = 0, 0.0
        for n in numbers:
            read = value(place, n)
            if read > 250:
                raised, worst = raised or begin + n * SECOND, max(worst, read)
            elif raised and read <= 200:
                found.append((pk, raised, "cleared", worst))
                raised, worst = 0, 0.0
        if raised:
            found.append((pk, raised, "raised", worst))
    return sorted(found)


class Instruments:
    """Instruments that send each reading until it is answered."""

    def __init__(self, city: House, key: str, streams: list[int], begin: int) -> None:
        self.city, self.key, self.streams, self.begin = city, key, streams, begin
        self.number, self.stop = 0, threading.Event()

    def speak(self) -> None:
        while not self.stop.is_set():
            try:
                status, _said = self.send(self.number)
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
                continue
            assert status in (201, 503), status
            self.number += status == 201

    def send(self, number: int) -> tuple[int, Any]:
        time_ = self.begin + number * SECOND
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time_ // SECOND)) + f".{time_ % SECOND:06d}Z"
        body = [
            {"Datastream": {"@iot.id": pk}, "components": ["phenomenonTime", "result"],
             "dataArray": [[stamp, value(place, number)]]}
            for place, pk in enumerate(self.streams)
        ]  # fmt: skip
        return self.city.post("/sta/v1.1/CreateObservations", body, Authorization=f"Bearer {self.key}")


@pytest.mark.xdist_group("faults")
def test_killed_while_instruments_speak(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    rng = random.Random(seed)
    with house(tmp_path / "home") as city:
        key, streams, now = json.loads(city.python(BEGIN % STREAMS))
        crowd = Instruments(city, key, streams, now - 6 * 3600 * SECOND)
        for _kill in range(KILLS):
            before = crowd.number
            crowd.stop.clear()
            thread = threading.Thread(target=crowd.speak)
            thread.start()
            while crowd.number < before + 3:
                time.sleep(0.02)
            time.sleep(rng.uniform(0.1, 1.5))
            city.kill()
            crowd.stop.set()
            thread.join()
            city.start()
        told = {"waiting": 1}
        for _wait in range(120):
            crowd.send(crowd.number - 1)  # repeated: it changes nothing
            told = json.loads(city.python(AFTER))
            if not told["waiting"]:
                break
            time.sleep(0.5)
    sent = [crowd.number, crowd.number + 1]  # what was cut off unanswered may have been kept
    assert told["waiting"] == 0 and told["kept"] == told["counted"] in [n * STREAMS for n in sent]
    number = told["kept"] // STREAMS
    assert [tuple(one) for one in told["alarms"]] == expected(streams, range(number), crowd.begin)
    assert len(told["alarms"]) > STREAMS or number < 3 * BLOCK
