"""The port plate's own rule: a tank that heats up by itself."""

import pytest

from cityloop.ground.kit.purity import Reading
from cityloop.plates.port.rules import heats_up

pytestmark = pytest.mark.once

MINUTE = 60_000_000


@pytest.mark.parametrize(
    ("degrees", "alarm"),
    [
        ([], False),
        ([20] * 12, False),
        ([20, 21, 22], False),
        ([20, 21, 22, 23], True),
        ([20, 20.5, 21, 21.5, 22, 22.5, 23], True),
        ([20, 20, 20, 20, 20, 24], False),
        ([26, 25, 24, 23], False),
    ],
)
def test_it_rises_by_three_degrees_and_steadily(degrees, alarm):
    assert heats_up([Reading(n * 5 * MINUTE, value) for n, value in enumerate(degrees)]) is alarm


def test_a_rise_over_a_day_is_the_sun():
    assert not heats_up([Reading(n * 60 * MINUTE, 20 + n) for n in range(24)])
