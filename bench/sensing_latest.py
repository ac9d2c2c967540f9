"""The latest values of a hundred thousand datastreams: all of them in one answer, and what a page and the desk cost.

A thousand things with a hundred datastreams each, all of which have spoken: one is set up as a device would, the
others are its copies. Answers come through the real
`cityloop serve` on the same machine as its client and its database, one after the other, warm.
"""

import json
import os
from collections.abc import Iterator
from statistics import quantiles
from time import perf_counter
from typing import Any

from bench.city import open_city
from bench.house import Client, served
from bench.sensing_ingest import BEGIN, _columns, _row, _taken, clock

THINGS = 1_000
STREAMS = int(os.environ.get("CITYLOOP_DATASTREAMS") or 100_000) // THINGS
TURNS = 40
SECOND = 1_000_000


def run() -> list[dict[str, Any]]:
    """Measure."""
    with open_city() as database:
        key = _set_up()
        with served() as house:
            return list(_all(Client(house.port), {"Authorization": f"Bearer {key}"}, database))


def _set_up() -> str:
    """Make the things with their datastreams, each of which speaks twice; give a key that reads."""
    import tempfile
    from pathlib import Path

    from cityloop.loops.sensing import queries
    from cityloop.loops.sensing.actions import describing
    from cityloop.loops.sensing.rules import said
    from cityloop.town.columns import real_now
    from cityloop.town.persons.actions import make_access_key
    from tests.loops.cases.smallville import make
    from tests.loops.sensing.instruments import station, stream
    from tests.town.staff import BY

    with tempfile.TemporaryDirectory() as folder:
        town = make(Path(folder))
    for n in range(THINGS):
        place = (10.01 + n % 100 * 0.0018, 50.01 + n // 100 * 0.008)
        describing.add(said=said.read(said.ThingSaid, station(stream(), place=place)), by=BY, at=BEGIN)
    table = queries.table("Datastreams")
    for one in table.order_by("pk"):
        table.bulk_create([copied(one) for _ in range(STREAMS - 1)])
    streams = list(table.order_by("pk").values_list("pk", flat=True))
    for _ in range(2):
        at = BEGIN + next(clock) * SECOND
        _taken(_columns([(pk, at, 20.0 + pk % 97) for pk in streams]))
    return make_access_key(
        account=town.accounts["dispatcher"], label="bench", days=1, by=BY, at=real_now(), scopes=["read"],
        per_minute=100_000,
    )  # fmt: skip


def copied(one: Any) -> Any:
    """Give a datastream like another one, that is not kept yet."""
    fields = {field.attname: getattr(one, field.attname) for field in one._meta.concrete_fields}
    return type(one)(**{**fields, "id": None})


def _all(client: Client, headers: dict[str, str], database: str) -> Iterator[dict[str, Any]]:
    number = THINGS * STREAMS
    whole = "/api/v1/readings/latest"
    fifty = "/sta/v1.1/Datastreams?$top=50&$expand=Observations($top=1;$orderby=phenomenonTime%20desc)"
    for name, path, goal, least in [
        (f"latest values of {number:,} datastreams", whole, 300, number),
        (f"those of a unit, of {number:,}", f"{whole}?unit=100101", 300, 1),
        (f"50 with their latest, of {number:,}", fifty, 100, 0),
    ]:
        yield _row(f"{name}, {database}: p95", _p95(client, path, headers, least), "ms", goal)


def _p95(client: Client, path: str, headers: dict[str, str], least: int) -> float:
    took = []
    for _ in range(TURNS):
        started = perf_counter()
        status, body = client.send("GET", path, **headers)
        took.append((perf_counter() - started) * 1000)
        if status != 200 or len(json.loads(body).get("datastreams", [])) < least:
            raise RuntimeError(f"{path}: {status} {body[:300]!r}")
    return quantiles(took[2:], n=20)[-1]


if __name__ == "__main__":
    print(json.dumps(run(), indent=1, ensure_ascii=False))
