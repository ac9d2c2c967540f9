"""Readings of many days, and a run of the night."""

from typing import Any

from cityloop.loops.sensing import queries
from cityloop.loops.sensing.history.nightly import Done, age
from cityloop.loops.sensing.history.reading import readings
from cityloop.loops.sensing.models import Datastream, Latest, Observation
from cityloop.loops.sensing.rules.times import EARLIEST, LATEST
from tests.loops.sensing.instruments import AT, HOUR, bring, set_up
from tests.town.staff import BY

DAY = 24 * HOUR
NOW = AT + 400 * DAY


def station(*streams: Any) -> list[int]:
    set_up(*streams)
    return list(Datastream.objects.order_by("pk").values_list("pk", flat=True))


def said(pk: int, days: int, every: int = HOUR, start: int = AT) -> list[tuple[int, int, float]]:
    """Give readings of so many days."""
    return [(pk, at, float((at // every + pk) % 41)) for at in range(start, start + days * DAY, every)]


def feed(*rows: tuple[Any, ...], now: int = NOW) -> Any:
    return bring(*rows, now=now)


def night(now: int = NOW) -> Done:
    done = age(by=BY, at=now)
    assert done is not None
    return done


def seen(pk: int, since: int = EARLIEST, until: int = LATEST) -> list[tuple[int, float]]:
    found = readings(pk, since, until)
    return list(zip(found.time.tolist(), found.result.tolist(), strict=True))


def hot(pk: int) -> list[int]:
    return list(Observation.objects.filter(datastream=pk).order_by("time").values_list("time", flat=True))


def true_counts() -> None:
    """What is counted is what is read, datastream by datastream."""
    for latest in Latest.objects.all():
        shown = seen(latest.pk)
        assert latest.count == len(shown), latest.pk
        assert (latest.first, latest.time) == (shown[0][0], shown[-1][0])
        assert latest.result == shown[-1][1] or latest.result is None and shown[-1][1] != shown[-1][1]
        assert Observation.objects.filter(datastream=latest.pk, time=latest.time).exists()
    assert queries.readings_kept() == sum(len(seen(pk)) for pk in Latest.objects.values_list("pk", flat=True))
