"""The night's run comes by itself, and the command line does the same by hand."""

import json
import threading
from typing import Any

import pytest
from click.testing import CliRunner

from cityloop.doors.cli.sensing import sensing
from cityloop.loops.sensing.history import nightly
from cityloop.loops.sensing.models import Datastream
from cityloop.town.calendar.clock import city_clock
from tests.loops.sensing.history.world import DAY, NOW, feed, hot, said, station, true_counts
from tests.loops.sensing.instruments import HOUR

pytestmark = pytest.mark.usefixtures("town")


def typed(*words: str) -> Any:
    done = CliRunner().invoke(sensing, [*words, "--json"], standalone_mode=False)
    assert done.exception is None, done.output
    return json.loads(done.output)


def test_by_hand(monkeypatch: Any) -> None:
    assert typed("history") == []
    (pm,) = station()
    feed(*said(pm, 3), (pm, NOW, 1.0))
    monkeypatch.setattr(city_clock, "now", lambda: NOW)
    assert typed("age")["readings"] == 72 and len(hot(pm)) == 1
    told = {row["kind"]: row for row in typed("history")}
    assert {kind: row["rows"] for kind, row in told.items()} == {"readings": 72, "hours": 72, "days": 3}
    assert told["readings"]["bytes"] > 500 and told["readings"]["last"] - told["readings"]["first"] == 71 * HOUR
    true_counts()


def test_once_a_night(monkeypatch: Any) -> None:
    calls, threads = [], []
    monkeypatch.setattr(nightly, "_beside", calls.append)
    monkeypatch.setattr(nightly, "_busy", threading.Lock())  # whatever else this process has begun

    class Now(threading.Thread):
        def start(self) -> None:
            threads.append(self.name)
            self.run()
            nightly._busy.release()

    monkeypatch.setattr(nightly.threading, "Thread", Now)
    begun = []
    for at in range(NOW, NOW + 3 * DAY, HOUR):
        monkeypatch.setattr(city_clock, "now", lambda at=at: at)
        begun.append(nightly.age_tonight())
    assert sum(begun) == len(calls) == len(threads) == 3
    assert [(at // HOUR) % 24 for at in calls] == [3, 3, 3] and not Datastream.objects.exists()
