"""What waits in the city and how large it is, asked of the database when a Prometheus asks, at most every few seconds.

Each question reads an index from its end, or a bounded number of rows: with a million cases it costs what it costs
with ten. All web processes and all machines answer the same.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.db import DatabaseError, connection

from cityloop import __version__
from cityloop.loops.sensing import queries as sensing
from cityloop.town.backup import actions as backup
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import real_now
from cityloop.town.hooks import queries as hooks
from cityloop.town.ledger import queries as ledger
from cityloop.town.notices import queries as notices
from cityloop.town.worklist import queries as worklist

SECOND = 1_000_000
FRESH, SIZE_FRESH = 5.0, 60.0
log = logging.getLogger("cityloop.metrics")


class Asked(NamedTuple):
    """One number: its name, what it says, and how it is found, with how long it is good for."""

    name: str
    help: str
    ask: Callable[[], float | None]
    kind: str = "gauge"
    fresh: float = FRESH


def _seconds(ask: Callable[[int], int], now: Callable[[], int] = real_now) -> Callable[[], float]:
    """Give microseconds waited as seconds; 0 where nothing waits."""
    return lambda: max(0, ask(now())) / SECOND


def size() -> float:
    """Give the bytes of the database, as it keeps them itself."""
    sqlite = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    asked = sqlite if connection.vendor == "sqlite" else "SELECT pg_database_size(current_database())"
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return float(cursor.fetchone()[0])


NUMBERS = (
    Asked(
        "cityloop_notices_waiting_seconds", "How long the oldest mail waits that is to be sent, in the city's time.",
        _seconds(notices.longest_waiting, city_clock.now),
    ),
    Asked(
        "cityloop_webhooks_waiting_seconds", "How old the oldest step is that a webhook going on has not had.",
        _seconds(hooks.longest_waiting),
    ),
    Asked("cityloop_webhooks_parked", "Webhooks given up after three days.", hooks.parked),
    Asked("cityloop_webhooks_paused", "Webhooks whose key or account ended.", lambda: hooks.paused(real_now())),
    Asked(
        "cityloop_ledger_unsequenced_seconds", "How old the oldest step is that has no offset yet.",
        _seconds(ledger.longest_unsequenced),
    ),
    Asked(
        "cityloop_ledger_unsealed_seconds", "How old the oldest step is that no sealed root holds.",
        _seconds(ledger.longest_unsealed),
    ),
    Asked(
        "cityloop_worklist_due_rows", "Rows of work whose next mark has passed and was not swept, 10,000 at most.",
        lambda: worklist.unswept(city_clock.now()),
    ),
    Asked(
        "cityloop_worklist_due_seconds", "How long ago the oldest of those marks passed, in the city's time.",
        _seconds(worklist.longest_unswept, city_clock.now),
    ),
    Asked("cityloop_readings_unjudged", "Readings no rule has looked at yet.", sensing.unjudged),
    Asked(
        "cityloop_readings_unjudged_seconds", "How long the oldest of those waits: how far rules are behind.",
        _seconds(sensing.longest_unjudged),
    ),
    Asked(
        "cityloop_readings_quarantined", "Readings that were not believed, since the city was founded.",
        sensing.quarantined_ever, "counter",
    ),
    Asked("cityloop_database_bytes", "The size of the database.", size, fresh=SIZE_FRESH),
    Asked(
        "cityloop_backup_last_seconds", "When the last backup was written from this machine, in Unix time.",
        backup.last_kept,
    ),
)  # fmt: skip


class City:
    """Asks and keeps. The library calls `collect` for each scrape."""

    def __init__(self) -> None:
        self._kept = dict[str, tuple[float, float | None]]()
        self._lock = threading.Lock()

    def collect(self) -> Iterator[Any]:
        """Give all that is known; while the database is away, that it is, and nothing that it would have to say."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily

        yield InfoMetricFamily("cityloop_build", "The Cityloop that runs.", {"version": __version__})
        up = 1
        for one in NUMBERS:
            try:
                value = self._value(one)
            except DatabaseError:
                log.warning("the database did not say %s", one.name)
                up = 0
                break
            if value is not None:
                family = CounterMetricFamily if one.kind == "counter" else GaugeMetricFamily
                yield family(one.name, one.help, value)
        yield GaugeMetricFamily("cityloop_database_up", "Whether the database answers.", up)

    def _value(self, one: Asked) -> float | None:
        with self._lock:
            at, value = self._kept.get(one.name, (-one.fresh, None))
            if time.monotonic() - at >= one.fresh:
                value = one.ask()
                self._kept[one.name] = (time.monotonic(), value)
            return value
