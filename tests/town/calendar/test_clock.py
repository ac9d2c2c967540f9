"""The city clock: system or driven, never backwards, and frugal."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.ground.worktime import DAY, HOUR, MINUTE, SECOND
from cityloop.town.calendar import rules
from cityloop.town.calendar.actions import change_speed, hold_clock, set_clock
from cityloop.town.calendar.clock import CityClockPort, system_now
from cityloop.town.calendar.models import CityClock

BY = Actor(kind="person", role="leader", person=1)
OPENING = 1_540_137_600_000_000  # 2018-10-21 12:00 in New York
REAL = 1_700_000_000_000_000


class Watch:
    """A real clock that a test moves, and a tick that counts seconds."""

    def __init__(self) -> None:
        self.real, self.tick = REAL, 0.0

    def wait(self, micros: int) -> None:
        self.real += micros
        self.tick += micros / SECOND


@pytest.fixture
def watch() -> Watch:
    """The time of this test."""
    return Watch()


def clock_on(watch: Watch) -> CityClockPort:
    """Start a process that has a clock."""
    return CityClockPort(lambda: watch.real, lambda: watch.tick)


def drive(**given: Any) -> CityClock:
    """Drive the city's time from its opening, 60 times as fast."""
    setting: dict[str, Any] = {"zone": "America/New_York", "mode": "driven", "city": OPENING, "speed": 60.0}
    return set_clock(by=BY, at=OPENING, real=REAL, **{**setting, **given})


@pytest.mark.django_db
def test_without_a_row_the_system_clock_holds() -> None:
    now = CityClockPort().now()
    assert abs(now - system_now()) < SECOND
    assert str(CityClockPort().zone) == "UTC"


@pytest.mark.django_db
def test_driven_time_runs_at_its_speed(watch: Watch) -> None:
    drive()
    clock = clock_on(watch)
    assert clock.now() == OPENING
    watch.wait(MINUTE)
    assert clock.now() == OPENING + HOUR
    assert str(clock.zone) == "America/New_York"


@pytest.mark.django_db
def test_a_change_of_speed_makes_no_leap(watch: Watch) -> None:
    drive()
    clock = clock_on(watch)
    watch.wait(MINUTE)
    change_speed(speed=1.0, by=BY, at=OPENING + HOUR, real=watch.real)
    clock.forget()
    assert clock.now() == OPENING + HOUR
    watch.wait(MINUTE)
    assert clock.now() == OPENING + HOUR + MINUTE


@pytest.mark.django_db
def test_when_the_day_is_used_up_time_runs_on_at_speed_one(watch: Watch) -> None:
    drive(until=OPENING + DAY)
    clock = clock_on(watch)
    watch.wait(23 * MINUTE)
    assert not clock.face().used_up
    watch.wait(MINUTE)
    face = clock.face()
    assert (face.now, face.used_up, face.speed, face.driven) == (OPENING + DAY, True, 1.0, True)
    watch.wait(HOUR)
    assert clock.now() == OPENING + DAY + HOUR


@pytest.mark.django_db
def test_a_restart_never_goes_behind_what_was_held(watch: Watch) -> None:
    drive()
    watch.wait(10 * MINUTE)
    hold_clock(real=watch.real)
    held = clock_on(watch).now()
    watch.real -= HOUR  # the machine's clock is set back while the city is down
    assert clock_on(watch).now() == held


@pytest.mark.django_db
def test_within_a_process_time_never_runs_backwards(watch: Watch) -> None:
    drive()
    clock = clock_on(watch)
    watch.wait(MINUTE)
    before = clock.now()
    watch.real -= 30 * SECOND
    assert clock.now() == before


@pytest.mark.django_db
def test_the_row_is_read_at_most_once_a_second(watch: Watch, settings: Any, django_assert_num_queries: Any) -> None:
    drive()
    settings.CITYLOOP_CACHE_SECONDS = 1.0
    clock = clock_on(watch)
    with django_assert_num_queries(3):
        for _ in range(250):
            clock.now()
            watch.wait(10_000)


@pytest.mark.django_db
def test_what_cannot_be_a_clock_is_refused() -> None:
    for wrong, field in [({"speed": -1.0}, "speed"), ({"zone": "X"}, "zone"), ({"mode": "stopped"}, "mode")]:
        with pytest.raises(Refusal) as refused:
            drive(**wrong)
        assert refused.value.field == field
    with pytest.raises(Refusal):
        change_speed(speed=2.0, by=BY, at=0, real=0)
    assert not CityClock.objects.exists()


@hypothesis_settings(deadline=None)
@given(
    st.sampled_from([0.0, 0.5, 1.0, 3.0, 60.0, 1440.0]),
    st.integers(0, 10 * DAY),
    st.integers(0, 10 * DAY),
    st.one_of(st.none(), st.integers(0, 5 * DAY)),
)
def test_time_is_monotone_and_continuous(speed: float, one: int, two: int, until: int | None) -> None:
    row = CityClock(
        mode="driven",
        anchor_city=OPENING,
        anchor_real=REAL,
        speed=speed,
        until=None if until is None else OPENING + until,
    )
    early, late = sorted((one, two))
    a, b = rules.city_time(row, REAL + early), rules.city_time(row, REAL + late)
    assert OPENING <= a <= b
    assert b - a <= max(1.0, speed) * (late - early) + 1
