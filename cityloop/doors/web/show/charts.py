"""Charts of a datastream: over a time somebody chose, or around an alarm."""

from collections.abc import Iterable
from typing import Any

from cityloop.doors.web.show import names
from cityloop.doors.web.show.alarms import title
from cityloop.doors.web.show.chart import Chart, chart
from cityloop.loops.sensing import instruments, saying, watches

HOUR, DAY = 3_600_000_000, 86_400_000_000
POINTS = 700


def of_stream(one: watches.Bound, stood: Iterable[Any], since: int, until: int, now: int) -> Chart | None:
    """Draw the readings of a datastream with the limits of its plate and its alarms. One query."""
    times, values = instruments.series(one.datastream, since, until, POINTS)
    known = watches.watches().get(one.observed, ())
    return chart(
        times, values, since=since, until=until, now=now, limits=limits(known), unit=saying.unit(one.unit),
        alarms=[(a.since, now if a.ended is None else a.ended, title(a, watches.watch(a.rule))) for a in stood
                if a.datastream_id == one.datastream],
    )  # fmt: skip


def limits(known: Iterable[watches.Watch]) -> list[tuple[float, str]]:
    """Give the limits that rules watch, each with what its alarm is called."""
    found = []
    for watch in known:
        limit = watch.alarm.above if watch.alarm.above is not None else watch.alarm.below
        if limit is not None:
            found.append((limit, f"{names.words(watch.alarm.names)} ({limit:g})"))
    return found


def around(alarm: Any, stood: Iterable[Any], now: int) -> Chart | None:
    """Draw the readings from before an alarm until after it was over, with others of its datastream. Two queries."""
    if not alarm.datastream_id:
        return None
    bound = watches.bound_of([alarm.datastream_id])[alarm.datastream_id]
    until = min(now, alarm.ended + HOUR if alarm.ended else now) + 1
    lasted = max(until - alarm.since, 6 * HOUR)
    return of_stream(bound, stood, alarm.since - min(2 * lasted, 7 * DAY), until, now)
