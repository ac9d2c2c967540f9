"""A served city whose readings are not judged for a while: the next ones wait, and all are taken in and judged."""

import json
import threading
import time
from pathlib import Path

import pytest

from tests.faults.house import house
from tests.faults.test_readings_killed import BEGIN, SECOND, Instruments
from tests.inside import Inside

JUDGE = """
from cityloop.loops.sensing.actions import arriving, judging
from cityloop.loops.sensing.models import Alarm, Arrived, Observation
from cityloop.town.columns import real_now
told = judging.judge(at=real_now())
"""
STATE = "told = [Observation.objects.count(), Arrived.objects.count(), Alarm.objects.count()]"


@pytest.mark.xdist_group("faults")
def test_the_door_waits_for_judges_but_refuses_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYLOOP_STREAM", "nats://127.0.0.1:1")  # nobody answers there, so that nobody judges
    with house(tmp_path / "home") as city:
        key, streams, now = json.loads(city.python(BEGIN % 2))
        crowd, inside = Instruments(city, key, streams, now - 6 * 3600 * SECOND), Inside(city.env)
        try:
            assert crowd.send(0)[0] == 201
            time.sleep(1.2)  # by now it has waited too long
            answers: list[int] = []
            late = threading.Thread(target=lambda: answers.append(crowd.send(1)[0]))
            late.start()
            late.join(0.5)
            assert late.is_alive()
            assert inside.do(JUDGE) >= 2  # the one that held up the other
            late.join(20)
            assert answers == [201]
            inside.do(JUDGE)
            assert inside.do(STATE) == [4, 0, 1]
        finally:
            inside.end()
