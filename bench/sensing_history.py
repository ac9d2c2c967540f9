"""The history of readings: a week of one datastream, a curve, what is counted, and what the night's run costs.

A thousand datastreams of one property speak once a minute. Their days are written by the room's own action, one file
after the other, until there are a hundred million readings or a hundred seconds are over; the names say how many there
were. What moves out of the database is measured on readings that came in through the room's door. Caches are warm.
"""

import json
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from bench.city import open_city
from bench.house import Client, served
from bench.sensing_ingest import BEGIN, _columns, _readings, _row, _set_up, _taken

DAY, MINUTE = 86_400_000_000, 60_000_000
PER_DAY = DAY // MINUTE
WANTED = int(os.environ.get("CITYLOOP_OLD_READINGS") or 100_000_000)
SECONDS = 100.0
MOVED = 200_000
TURNS = 40
FIRST = BEGIN // DAY * DAY - 400 * DAY


def run() -> list[dict[str, Any]]:
    """Measure."""
    with open_city() as database:
        key, streams = _set_up()
        return list(_all(database, key, streams))


def _all(database: str, key: str, streams: list[int]) -> Iterator[dict[str, Any]]:
    yield from _moving(database, streams)
    days = _filled(streams)
    number = days * PER_DAY * len(streams)
    what = f"{number / 1e6:,.0f} M readings, {database}"
    chance = random.Random(3)

    def week() -> None:
        from cityloop.loops.sensing.history.reading import readings

        since = FIRST + chance.randrange(days - 7) * DAY + chance.randrange(PER_DAY) * MINUTE
        if len(readings(chance.choice(streams), since, since + 7 * DAY).time) != 7 * PER_DAY:
            raise RuntimeError("a week is not whole")

    def curve() -> None:
        from cityloop.loops.sensing.history.series import series

        if not 0 < len(series(chance.choice(streams), FIRST, FIRST + days * DAY).time) <= 2000:
            raise RuntimeError("a curve has too many points")

    yield _row(f"a week of one datastream, {what}", _median(week), "ms", 100)
    yield _row(f"a curve of {days} days, {what}", _median(curve), "ms", 100)
    with served() as house:
        client, headers = Client(house.port), {"Authorization": f"Bearer {key}"}

        def asked(path: str) -> Callable[[], Any]:
            def ask() -> Any:
                status, body = client.send("GET", f"/sta/v1.1/{path}", **headers)
                if status != 200:
                    raise RuntimeError(f"{path}: {status} {body[:300]!r}")
                return json.loads(body)

            return ask

        total = asked("Observations?$count=true&$top=0")
        if total()["@iot.count"] < number:
            raise RuntimeError("not all are counted")
        yield _row(f"$count of all through the door, {what}", _median(total), "ms", 50)
        since, until = (_shown(FIRST + n * DAY) for n in (3, 10))
        span = f"$filter=phenomenonTime%20ge%20{since}%20and%20phenomenonTime%20lt%20{until}"
        path = f"Datastreams({streams[7]})/Observations?{span}"
        yield _row(f"100 of a week through the door, {what}", _median(asked(path)), "ms", 100)
        whole = asked(f"{path}&$top=10000&$select=phenomenonTime,result&$resultFormat=dataArray")
        yield _row(f"10,000 of a week through the door, {what}", _median(whole, 10), "ms", 0)


def _shown(at: int) -> str:
    from cityloop.loops.sensing.rules.times import shown

    return shown(at)


def _median(work: Callable[[], Any], turns: int = TURNS) -> float:
    found = []
    for _ in range(turns + 3):
        started = time.perf_counter()
        work()
        found.append((time.perf_counter() - started) * 1000)
    return statistics.median(found[3:])


def _moving(database: str, streams: list[int]) -> Iterator[dict[str, Any]]:
    """Move readings out of the database that came in as readings do, while each transaction is timed."""
    from cityloop.loops.sensing.history import moving, nightly
    from cityloop.loops.sensing.models import Observation
    from tests.town.staff import BY

    _taken(_columns(_readings(streams, MOVED)))
    real, held = moving._taken, list[float]()

    def timed(rows: Any) -> int:
        started = time.perf_counter()
        number = real(rows)
        held.append((time.perf_counter() - started) * 1000)
        return number

    moving._taken = timed
    started = time.perf_counter()
    done = nightly.age(by=BY, at=BEGIN + 400 * DAY)
    spent = time.perf_counter() - started
    moving._taken = real
    if done is None or Observation.objects.count() != len(streams):
        raise RuntimeError(f"not all has moved: {done}")
    yield _row(f"readings moved to the history, {database}", done.readings / spent, "readings/s", 0, least=True)
    yield _row(f"the longest lock while moving, {database}", max(held), "ms", 250)


def _filled(streams: list[int]) -> int:
    """Write days of readings until there are enough or the time is over; give how many days."""
    from django.db.models import F

    from cityloop.loops.sensing.history import moving, tidying
    from cityloop.loops.sensing.history.columns import Readings
    from cityloop.loops.sensing.history.spans import day_at
    from cityloop.loops.sensing.models import Datastream, Latest
    from cityloop.town.calendar.clock import city_clock

    prop = Datastream.objects.values_list("observed_property", flat=True)[0]
    each = np.repeat(np.array(streams, np.int64), PER_DAY)
    minutes = np.tile(np.arange(PER_DAY, dtype=np.int64) * MINUTE, len(streams))
    nothing, days, chance = np.zeros(len(each), np.int64), 0, np.random.default_rng(5)
    begun = time.perf_counter()
    while days * len(each) < WANTED and time.perf_counter() - begun < SECONDS or days < 8:
        since = FIRST + days * DAY
        rows = Readings(
            each, since + minutes, nothing, np.round(chance.normal(40, 12, len(each)), 1), nothing,
            nothing.astype(bool), nothing + 1, np.full(len(each), None, object),
        )  # fmt: skip
        moving.settle(prop, day_at(since, city_clock.zone), rows)
        days += 1
    tidying.compact()
    Latest.objects.update(count=F("count") + days * PER_DAY, first=FIRST)
    print(f"{days * len(each):,} readings written in {time.perf_counter() - begun:.0f} s")
    return days


if __name__ == "__main__":
    print(json.dumps(run(), indent=1, ensure_ascii=False))
