"""What the instruments of the city say, on the wall: how many are sound, what stands, the worst one's readings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cityloop.doors.web.show.alarms import Shown
from cityloop.doors.web.show.chart import Chart
from cityloop.doors.web.show.charts import around
from cityloop.doors.web.show.sensing_now import Value, values
from cityloop.loops.sensing import alarms, instruments


@dataclass(frozen=True, slots=True)
class Instruments:
    """What the left of the view says: counts, and the newest values."""

    standing: int
    raised: int
    sound: int
    doubtful: int
    silent: int
    values: list[Value]


@dataclass(frozen=True, slots=True)
class Worst:
    """The alarm that stands and is worst, with its readings."""

    alarm: Shown
    chart: Chart | None


def of_city(standing: Sequence[Any]) -> Instruments:
    """Count the instruments of the city, beside the alarms that stand. One query."""
    rows = instruments.census()
    silent, doubtful = sum(row.silent for row in rows), sum(row.doubtful for row in rows)
    return Instruments(
        standing=standing[0].number if standing else 0,
        raised=standing[0].unseen if standing else 0,
        sound=sum(row.number for row in rows) - silent - doubtful,
        doubtful=doubtful,
        silent=silent,
        values=values(rows),
    )


def worst(standing: Iterable[Any], told: dict[int, Shown], now: int) -> Worst | None:
    """Give the gravest alarm of one instrument that nobody has looked at, else the gravest that stands. Two queries."""
    found = [one for one in standing if one.datastream_id]
    if not found:
        return None
    one = min(found, key=lambda one: (one.state != "raised", alarms.RANKS.get(one.severity, 9), -one.pk))
    return Worst(told[one.pk], around(one, [one], now))
