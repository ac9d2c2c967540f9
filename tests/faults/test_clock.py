"""A clock that jumps back: for no subject does time run backwards."""

from pathlib import Path

import pytest

from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases import actions as cases
from cityloop.town.calendar.actions import hold_clock, set_clock
from cityloop.town.calendar.clock import CityClockPort
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.queries import verify
from tests.loops.cases.smallville import build
from tests.town.staff import BY

pytestmark = pytest.mark.django_db
HOUR = 3_600_000_000


def test_a_step_never_lies_before_the_one_before_it(tmp_path: Path) -> None:
    town = build(tmp_path)
    case = town.to("dispatched")
    back = town.at - 5 * HOUR
    cases.take(case=case, act=Act("accept"), by=town.actor("parks"), at=back)
    cases.take(case=case, act=Act("note", {"words": "w"}), by=town.actor("parks"), at=back + 1)
    times = list(Step.objects.filter(subject=f"case:{case}").order_by("seq").values_list("at", flat=True))
    assert times == sorted(times) and list(verify()) == []


def test_driven_time_never_goes_back_over_a_restart_or_a_jump() -> None:
    real = [1_000 * HOUR]
    set_clock(zone="UTC", by=BY, at=HOUR, real=real[0], mode="driven", city=HOUR, speed=60)
    clock = CityClockPort(real=lambda: real[0])
    real[0] += HOUR
    before = clock.now()
    hold_clock(real=real[0])
    real[0] -= 2 * HOUR  # the machine's clock was set back
    assert clock.now() >= before
    assert CityClockPort(real=lambda: real[0]).now() >= before  # and the process started anew
