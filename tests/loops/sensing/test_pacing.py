"""Who takes readings in waits for those who judge them, but neither for ever, nor for what files brought."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cityloop.loops.sensing import pacing, tasks
from cityloop.loops.sensing.actions import arriving, ingesting, judging
from cityloop.loops.sensing.actions.batches import Batch
from cityloop.loops.sensing.models import Alarm, Arrived
from cityloop.town.columns import real_now
from tests.loops.sensing.instruments import AT, bring
from tests.loops.sensing.watched import alarm, set_up, switch_on
from tests.town.staff import BY

pytestmark = pytest.mark.usefixtures("town")
SECOND = 1_000_000


class Hours:
    """Time that passes only where somebody waits; meanwhile others may act."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.meanwhile: Iterator[Callable[[], object]] = iter(())

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        next(self.meanwhile, lambda: None)()


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> Hours:
    made = Hours()
    monkeypatch.setattr(pacing, "time", made)
    return made


def waits(seconds: int) -> int:
    """Let a reading come that has waited for so long; give its datastream."""
    pm = set_up()
    bring((pm, AT, 300.0), now=AT)
    Arrived.objects.update(at=real_now() - seconds * SECOND)
    return pm


def test_it_waits_until_what_came_before_is_judged(hours: Hours) -> None:
    switch_on(alarm("high", above=250))
    waits(5)
    hours.meanwhile = iter([lambda: None, lambda: None, lambda: judging.judge(at=AT)])
    pacing.Pace().keep()
    assert hours.now == pytest.approx(1_000 + 3 * pacing.AGAIN) and Alarm.objects.count() == 1


def test_what_came_just_now_holds_nobody_up(hours: Hours) -> None:
    waits(0)
    pacing.Pace().keep()
    assert hours.now == 1_000


def test_where_all_is_well_the_database_is_seldom_asked(hours: Hours, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(arriving, "oldest", lambda: asked.append(1))
    pace = pacing.Pace()
    for _ in range(100):
        pace.keep()
        hours.now += 0.01
    assert 2 <= len(asked) <= 5


def test_a_round_waits_so_long_at_most_and_where_nobody_judges_not_at_all(hours: Hours) -> None:
    waits(5)
    pace, rounds = pacing.Pace(), []
    for _ in range(10):
        before = hours.now
        pace.keep()
        rounds.append(hours.now - before)
    assert rounds[0] == pytest.approx(pacing.LONGEST, abs=2 * pacing.AGAIN)
    assert sum(rounds) == pytest.approx(pacing.AWAY, abs=2 * pacing.AGAIN) and rounds[-1] == 0
    Arrived.objects.all().delete()  # a judge has come back, and is behind
    waits(5)
    hours.now += 1
    before = hours.now
    pace.keep()
    assert hours.now > before


def test_a_stream_that_is_away_holds_nobody_up(hours: Hours, settings: Any) -> None:
    settings.STREAM = ["nats://127.0.0.1:1"]
    waits(5)
    pacing.Pace().keep()
    held = hours.now
    Arrived.objects.update(at=real_now() - arriving.PATIENCE - SECOND)
    pacing.Pace().keep()
    assert held > 1_000 and hours.now == held


def test_what_a_file_brought_holds_nobody_up_and_lets_all_that_is_live_go_first(hours: Hours) -> None:
    switch_on(alarm("high", above=250))
    old, live = set_up(), set_up(place=(10.15, 50.02))
    batch = Batch(lambda row: row)
    batch.add(old, AT, 300.0)
    ingesting.ingest(batch=batch, source="file", by=BY, at=AT, aside=True)
    Arrived.objects.update(at=real_now() - 5 * SECOND)
    pacing.Pace().keep()
    assert hours.now == 1_000 and arriving.oldest() is None and arriving.number() == 0
    bring((live, AT, 300.0), now=AT)
    assert judging.judge(at=AT) == 1 and [one.datastream_id for one in Alarm.objects.all()] == [live]
    assert tasks.judge() == 1 and not Arrived.objects.exists()
