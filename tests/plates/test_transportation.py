"""The transport plate's own rule: a coach driven too long."""

import pytest

from cityloop.ground.kit.purity import Reading
from cityloop.plates.transportation.rules import drove_without_rest

pytestmark = pytest.mark.once

MINUTE = 60_000_000


def drive(*spans):
    """Give a reading a minute: spans of (minutes, speed)."""
    speeds = [speed for minutes, speed in spans for _ in range(minutes)]
    return [Reading(n * MINUTE, speed) for n, speed in enumerate(speeds)]


@pytest.mark.parametrize(
    ("readings", "alarm"),
    [
        ([], False),
        (drive((240, 80)), False),
        (drive((241, 80)), True),
        (drive((120, 80), (15, 0), (106, 80)), True),
        (drive((120, 80), (21, 0), (200, 80)), False),
        (drive((120, 80), (21, 0), (241, 80)), True),
        (drive((300, 80), (21, 0)), False),
        (drive((230, 80), (15, 0)), False),
        (drive((241, 80), (15, 0)), True),
        (drive((300, 0)), False),
    ],
)
def test_four_hours_need_twenty_minutes_of_rest(readings, alarm):
    assert drove_without_rest(readings) is alarm
