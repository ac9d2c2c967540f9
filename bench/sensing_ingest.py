"""Readings coming in: the room's own action against the bare database, and the public door as devices use it.

The bare figure is the same rows in the same batches into a table of the same shape and key, each batch committed, by
`executemany` (SQLite) or COPY (PostgreSQL): the ratio is what judging, counting and keeping the latest cost. The door
is the real `cityloop serve` with two workers on the same machine as its clients and its database. Blocks of requests of
each kind come by turns, and of each kind the best one is told: others work on this machine.
"""

import gc
import itertools
import json
import os
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from bench.city import open_city
from bench.house import Client, House, post_all, served

THINGS, STREAMS = 100, 10
NUMBER = int(os.environ.get("CITYLOOP_READINGS") or 200_000)
BATCH = 5_000
SINGLE, ARRAYS, READS, BLOCKS = 2_000, 150, 300, 6
CLIENTS = 4
DEVICES = 8  # who send one reading each: as many as the peer was asked by
GOALS = {"PostgreSQL": 30_000, "SQLite": 45_000}
SECOND = 1_000_000
BEGIN = time.time_ns() // 1_000 - 20 * 3_600 * SECOND  # of today: the rules are told, and nothing old is looked up
KIND = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
Readings = list[tuple[int, int, float]]
clock: Iterator[int] = itertools.count(1)  # every reading of this bench has a second of its own


def run() -> list[dict[str, Any]]:
    """Measure."""
    with open_city() as database:
        key, streams = _set_up()
        ours, bare, ratio = _beside_bare(streams)
        found = [
            _row(f"readings taken in by the room, batches of {BATCH:,}, {database}", ours, "readings/s", 0, least=True),
            _row(f"the same rows bare, {database}", bare, "rows/s", 0, least=True),
            _row(f"taken in against bare, {database}", ratio, "×", 0.4, least=True),
        ]
        _judged()  # what waits for its judge would hold up the door
        with served() as house:
            return [*found, *_door(house, database, key, streams)]


def _set_up() -> tuple[str, list[int]]:
    """Make stations with datastreams in the small town, and a device's key."""
    import tempfile
    from pathlib import Path

    from cityloop.loops.sensing import queries
    from cityloop.loops.sensing.actions import describing
    from cityloop.loops.sensing.rules import said
    from cityloop.town.columns import real_now
    from cityloop.town.persons.actions import make_access_key
    from tests.loops.cases.smallville import make
    from tests.town.staff import BY

    with tempfile.TemporaryDirectory() as folder:
        town = make(Path(folder))
    base = {"name": "x", "description": ""}
    sensor = describing.add(
        said=said.read(said.SensorSaid, {**base, "encodingType": "text/plain", "metadata": ""}), by=BY, at=BEGIN
    )
    observed = describing.add(
        said=said.read(said.PropertySaid, {**base, "definition": "x", "properties": {"minimum": 0}}), by=BY, at=BEGIN
    )
    shape = {"type": "Point", "coordinates": [10.05, 50.07]}
    stream = {**base, "observationType": KIND, "unitOfMeasurement": {"symbol": "mm"}, "Sensor": {"@iot.id": sensor},
              "ObservedProperty": {"@iot.id": observed}}  # fmt: skip
    for _ in range(THINGS):
        thing = {**base, "Locations": [{**base, "location": shape}], "Datastreams": [stream] * STREAMS}
        describing.add(said=said.read(said.ThingSaid, thing), by=BY, at=BEGIN)
    key = make_access_key(
        account=town.accounts["parks"], label="bench", days=1, by=BY, at=real_now(), scopes=["sense"],
        per_minute=100_000,
    )  # fmt: skip
    return key, list(queries.table("Datastreams").order_by("pk").values_list("pk", flat=True))


def _judged() -> None:
    from cityloop.loops.sensing.actions import judging
    from cityloop.town.columns import real_now

    while judging.judge(at=real_now()):
        pass


def _readings(streams: list[int], number: int) -> Readings:
    """Give readings as they come: all datastreams of a second, then of the next."""
    at = [BEGIN + next(clock) * SECOND for _ in range(number // len(streams))]
    return [(stream, when, float(stream % 97) + when % 7) for when in at for stream in streams]


def _beside_bare(streams: list[int]) -> tuple[float, float, float]:
    """Give how many a second are taken in, and written bare, and the ratio: medians of rounds, one beside the other."""
    from django.db import connection

    with connection.cursor() as cursor:
        like = (
            'CREATE TABLE bare (LIKE sensing_observation INCLUDING INDEXES)' if connection.vendor == "postgresql" else
            "CREATE TABLE bare (datastream_id bigint, time bigint, lasts bigint, result real, made bigint,"
            " feature_id bigint, more text, PRIMARY KEY (datastream_id, time, lasts)) WITHOUT ROWID"
        )  # fmt: skip
        cursor.execute("DROP TABLE IF EXISTS bare")
        cursor.execute(like)
    _taken(_columns(_readings(streams, 2 * BATCH)))  # warm
    rounds = []
    for _ in range(5):  # by turns: others work on this machine
        fresh = _readings(streams, NUMBER // 4)
        columns, rows = _columns(fresh), _rows(fresh)
        gc.collect()  # what this bench itself holds is looked through in neither's time
        ours, bare = len(fresh) / _taken(columns), len(fresh) / _bare(rows)
        rounds.append((ours, bare, ours / bare))
    ours, bare, ratio = map(median, zip(*rounds, strict=True))
    return ours, bare, ratio


def _columns(readings: Readings) -> list[Any]:
    """Give readings as the door has them once it has read a data array: as whole columns, batch by batch."""
    import numpy as np

    from cityloop.loops.sensing.actions.batches import numbers

    def one(some: Readings) -> Any:
        streams, times, results = zip(*some, strict=True)
        return numbers(np.array(streams, np.int64), np.array(times, np.int64), np.array(results, np.float64))

    return [one(some) for some in _batches(readings)]


def _rows(readings: Readings) -> list[list[Any]]:
    """Give readings as the database takes them, batch by batch."""
    return [[(stream, when, 0, value, None, 1, None) for stream, when, value in some] for some in _batches(readings)]


def _batches(readings: Readings) -> Iterator[Readings]:
    """Give readings batch by batch."""
    for at in range(0, len(readings), BATCH):
        yield readings[at : at + BATCH]


def _taken(batches: list[Any]) -> float:
    """Take batches in as the door does; give the seconds it took."""
    from cityloop.loops.sensing.actions.batches import Batch
    from cityloop.loops.sensing.actions.ingesting import ingest
    from tests.town.staff import BY

    started = time.perf_counter()
    for columns in batches:
        batch = Batch(lambda row: row)
        batch.put(columns)
        tally = ingest(batch=batch, source="bench", by=BY, at=BEGIN + 20 * 3_600 * SECOND).tally
        if tally.accepted != len(batch):
            raise RuntimeError(f"not all were taken in: {tally}")
    return time.perf_counter() - started


def _bare(batches: list[list[Any]]) -> float:
    """Write the same rows bare; give the seconds it took."""
    from django.db import transaction

    from cityloop.loops.sensing.actions.writing import COLUMNS
    from cityloop.town.tabular.writing import write

    started = time.perf_counter()
    for rows in batches:
        with transaction.atomic():
            write("bare", COLUMNS, rows)
    return time.perf_counter() - started


# --- the door ---------------------------------------------------------------------------------------


def _door(house: House, database: str, key: str, streams: list[int]) -> Iterator[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {key}"}
    path = "/sta/v1.1/CreateObservations"
    bulk = [(path, _arrays(streams, BATCH), headers) for _ in range(NUMBER // BATCH)]
    _good(post_all(house.port, [(path, _arrays(streams, BATCH), headers) for _ in range(CLIENTS)], CLIENTS))  # warm
    started = time.perf_counter()
    _good(post_all(house.port, bulk, CLIENTS))
    rate = len(bulk) * BATCH / (time.perf_counter() - started)
    yield _row(f"readings through the door, arrays of {BATCH:,}, {database}", rate, "readings/s", GOALS[database],
               least=True)  # fmt: skip

    def ones() -> list[Any]:
        return [("/sta/v1.1/Observations", _one(streams[n % len(streams)]), headers) for n in range(SINGLE)]

    def some() -> list[Any]:
        return [(path, [one], headers) for one in _arrays(streams[:ARRAYS], 100 * ARRAYS)]

    newest = f"/sta/v1.1/Datastreams({streams[0]})/Observations?$top=1&$orderby=phenomenonTime%20desc"
    fifty = "/sta/v1.1/Datastreams?$top=50&$expand=Observations($top=1;$orderby=phenomenonTime%20desc)"
    works: list[tuple[str, Callable[[], None], int, float]] = [
        ("one reading, POST", lambda: _sent(house, ones()), SINGLE, 0.75),
        ("a data array of 100", lambda: _sent(house, some()), ARRAYS, 2),
        ("the latest reading of a datastream", _reading(house, newest, headers), READS, 1.5),
        ("50 datastreams each with its latest", _reading(house, fifty, headers), READS, 4),
    ]
    rounds = [[_spent(house, work) / number for _name, work, number, _goal in works] for _ in range(BLOCKS)]
    for (name, _work, _number, goal), spent in zip(works, zip(*rounds, strict=True), strict=True):
        yield _row(f"{name}, {database}", min(spent), "CPU ms", goal)


def _one(stream: int) -> dict[str, Any]:
    return {"phenomenonTime": shown_at(BEGIN + next(clock) * SECOND), "result": 4.5, "Datastream": {"@iot.id": stream}}


def _arrays(streams: list[int], number: int) -> list[dict[str, Any]]:
    each = number // len(streams)
    times = [shown_at(BEGIN + next(clock) * SECOND) for _ in range(each)]
    return [
        {"Datastream": {"@iot.id": stream}, "components": ["phenomenonTime", "result"],
         "dataArray": [[when, 4.5] for when in times]}
        for stream in streams
    ]  # fmt: skip


def shown_at(at: int) -> str:
    """Give an instant as the door takes it."""
    from cityloop.loops.sensing.rules.times import shown

    return shown(at)


def _sent(house: House, requests: list[Any]) -> None:
    _good(post_all(house.port, requests, DEVICES))


def _good(answers: list[tuple[int, bytes]]) -> None:
    wrong = next((one for one in answers if one[0] != 201 or b"error" in one[1]), None)
    if wrong:
        raise RuntimeError(f"a reading was not taken: {wrong[0]} {wrong[1][:300]!r}")


def _reading(house: House, path: str, headers: dict[str, str]) -> Callable[[], None]:
    def read() -> None:
        client = Client(house.port)
        for _ in range(READS):
            status, body = client.send("GET", path, **headers)
            if status != 200 or not json.loads(body)["value"]:
                raise RuntimeError(f"{path}: {status} {body[:300]!r}")

    return read


def _spent(house: House, work: Callable[[], None]) -> float:
    """Give the CPU milliseconds that some work costs application and database."""
    before = house.cpu()
    work()
    after = house.cpu()
    return sum(after[part] - before[part] for part in ("web", "database")) * 1000


def _row(name: str, value: float, unit: str, goal: float, *, least: bool = False) -> dict[str, Any]:
    holds = not goal or (value >= goal if least else value <= goal)
    told = f"{'≥' if least else '≤'} {goal:,}" if goal else ""
    return {"name": name, "value": round(value, 2), "unit": unit, "goal": told, "holds": holds}


if __name__ == "__main__":
    print(json.dumps(run(), indent=1, ensure_ascii=False))
