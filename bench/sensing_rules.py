"""Rules over readings: what judging costs beside taking in, how soon an alarm stands under load, whether memory grows.

The load is data arrays through the public door, as fast as two clients can, for CITYLOOP_SOAK seconds (600 with
CITYLOOP_PROVE). Each second one instrument of its own tells a value beyond its limit, and that it is over; the delay is
from the answer to the first of them until its alarm stands in the database. At the end all must have been judged, and
each reading that was answered well must be there.
"""

import json
import os
import threading
import time
from typing import Any

from bench.city import open_city
from bench.house import Client, House, served
from bench.sensing_ingest import GOALS, shown_at

SOAK = int(os.environ.get("CITYLOOP_SOAK") or (600 if os.environ.get("CITYLOOP_PROVE") else 20))
# Each of them tells ten readings of ten seconds in a post, and none may tell of the future: for long there are more.
THINGS, ROUNDS, EACH = 500 if SOAK <= 60 else 2_000, 10, 20
WATCHED = 40  # instruments that have alarms, one after the other
WARM = min(60, SOAK // 2)  # seconds after which memory is measured for the first time
PATIENCE = 60.0  # seconds
SECOND = 1_000_000
PATH = "/sta/v1.1/CreateObservations"


def run() -> list[dict[str, Any]]:
    """Measure."""
    with open_city() as database:
        key, streams = _set_up()
        found = [_beside_taking_in(streams, database)]
        with served() as house:
            return [*found, *_under_load(house, database, key, streams)]


def _set_up() -> tuple[str, list[int]]:
    import tempfile
    from pathlib import Path

    from cityloop.town.columns import real_now
    from cityloop.town.persons.actions import make_access_key
    from tests.loops.cases.smallville import make
    from tests.loops.sensing import watched
    from tests.town.staff import BY

    with tempfile.TemporaryDirectory() as folder:
        town = make(Path(folder))
    rules = [
        watched.alarm("high", above=250, clear=200, hold="1 um", opens="nothing"),
        watched.alarm("peak", above=1_000, clear=900, opens="nothing"),
        watched.alarm("rise", rises=500, within="10 um", opens="nothing"),
        watched.alarm("silent", silent="4 uh", opens="nothing"),
    ]
    watched.switch_on(*rules, every="1 um")
    streams = [watched.set_up() for _ in range(THINGS)]
    key = make_access_key(
        account=town.accounts["parks"], label="bench", days=1, by=BY, at=real_now(), scopes=["sense"],
        per_minute=100_000,
    )  # fmt: skip
    return key, streams


def _beside_taking_in(streams: list[int], database: str) -> dict[str, Any]:
    from cityloop.loops.sensing.actions import judging
    from cityloop.loops.sensing.actions.batches import Batch
    from cityloop.loops.sensing.actions.ingesting import ingest
    from cityloop.town.columns import real_now
    from tests.town.staff import BY

    taking, judged = 0.0, 0.0
    begin = real_now() - 20 * 3_600 * SECOND
    for number in range(ROUNDS):
        batch = Batch(lambda row: row)
        for stream in streams:
            times = [begin + (number * EACH + n) * 60 * SECOND for n in range(EACH)]
            batch.extend(stream, times, [0] * EACH, [float(20 + (stream + n) % 180) for n in range(EACH)])
        started = time.process_time()
        ingest(batch=batch, source="bench", by=BY, at=real_now())
        between = time.process_time()
        if judging.judge(at=real_now()) != THINGS * EACH:
            raise RuntimeError("not all readings were judged")
        taking, judged = taking + between - started, judged + time.process_time() - between
    return _row(f"judging four rules beside taking in, CPU, {database}", judged / taking, "×", 1.0)


def _under_load(house: House, database: str, key: str, streams: list[int]) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {key}"}
    flood, watched, stop, there = streams[WATCHED:], streams[:WATCHED], threading.Event(), _kept()
    sent = [0, 0]
    threads = [threading.Thread(target=_flood, args=(house, headers, flood, stop, sent, n)) for n in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(2)
    before, began, first, number = sum(sent), time.monotonic(), 0, 0
    answered, said = [], []
    while time.monotonic() - began < SOAK:
        started = time.monotonic()
        whole, after = _delay(house, headers, watched[number % WATCHED])
        said.append(whole)
        answered.append(after)
        number += 1
        if time.monotonic() - began >= WARM:
            first = first or house.pss()
        time.sleep(max(0.0, 1 - (time.monotonic() - started)))
    rate = (sum(sent) - before) / (time.monotonic() - began)
    last = house.pss()
    stop.set()
    for thread in threads:
        thread.join()
    lost = there + sum(sent) + 2 * number - _kept()
    return [
        _load(rate, database),
        _row(f"an alarm stands after its reading was answered, p95 of {number}, {database}", _p95(answered), "s", 2.0),
        _row(f"after its reading was sent, {database}", _p95(said), "s", 0),
        {**_row(f"readings lost or doubled, {database}", lost, "", 0), "goal": "0", "holds": not lost},
        _row(f"all is judged after the flood ends, {database}", _settled(), "s", 0),
        _row(f"memory after {SOAK} s against after {WARM} s, {database}", last / first, "×", 1.1),
    ]


def _p95(found: list[float]) -> float:
    return sorted(found)[int(0.95 * (len(found) - 1))]


def _kept() -> int:
    from django.db.models import Sum

    from cityloop.loops.sensing.models import Latest

    return int(Latest.objects.aggregate(number=Sum("count"))["number"] or 0)


def _settled() -> float:
    from cityloop.loops.sensing.actions import arriving

    started = time.monotonic()
    while arriving.oldest():
        if time.monotonic() - started > PATIENCE:
            raise RuntimeError("not all was judged within a minute")
        time.sleep(0.02)
    return time.monotonic() - started


def _flood(
    house: House, headers: dict[str, str], streams: list[int], stop: threading.Event, sent: list[int], place: int
) -> None:  # fmt: skip
    client, begin, number = Client(house.port), time.time_ns() // 1_000 - 20 * 3_600 * SECOND, 0
    while not stop.is_set():
        times = [shown_at(begin + (number * 20 + 2 * n + place) * SECOND) for n in range(10)]
        body = [
            {"Datastream": {"@iot.id": stream}, "components": ["phenomenonTime", "result"],
             "dataArray": [[when, 20.0 + stream % 150] for when in times]}
            for stream in streams
        ]  # fmt: skip
        status, answer = client.send("POST", PATH, body, **headers)
        if status not in (201, 503) or b"error" in answer:
            raise RuntimeError(f"{status} {answer[:200]!r}")
        number += 1
        sent[place] += 10 * len(streams) if status == 201 else 0


def _delay(house: House, headers: dict[str, str], stream: int) -> tuple[float, float]:
    """Give how long an alarm took since its reading was sent, and since it was answered; then let it be over."""
    from cityloop.loops.sensing.models import Alarm

    sent = time.monotonic()
    _tell(house, headers, stream, 2_000.0)
    answered = time.monotonic()
    while not Alarm.objects.filter(datastream=stream, ended=None, rule__endswith="/peak").exists():
        if time.monotonic() - answered > PATIENCE:
            raise RuntimeError("no alarm came of it within a minute")
        time.sleep(0.02)
    found = time.monotonic()
    _tell(house, headers, stream, 20.0)
    return found - sent, found - answered


def _tell(house: House, headers: dict[str, str], stream: int, value: float) -> None:
    body = {"phenomenonTime": shown_at(time.time_ns() // 1_000), "result": value, "Datastream": {"@iot.id": stream}}
    status, answer = Client(house.port).send("POST", "/sta/v1.1/Observations", body, **headers)
    if status != 201:
        raise RuntimeError(f"{status} {answer[:200]!r}")


def _load(rate: float, database: str) -> dict[str, Any]:
    """An alarm counts at the load that the door must bear; one that slows its senders down is not soon."""
    row, least = _row(f"readings a second meanwhile, {database}", rate, "readings/s", 0), GOALS[database]
    return {**row, "goal": f"≥ {least:,}", "holds": rate >= least}


def _row(name: str, value: float, unit: str, goal: float) -> dict[str, Any]:
    told = f"≤ {goal:g}" if goal else ""
    return {"name": name, "value": round(value, 2), "unit": unit, "goal": told, "holds": not goal or value <= goal}


if __name__ == "__main__":
    print(json.dumps(run(), indent=1, ensure_ascii=False))
