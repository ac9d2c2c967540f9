"""The environment plate's own rules: means over a day, and readings that stand still."""

import pytest

from cityloop.ground.kit.purity import Reading
from cityloop.plates.environmental_protection.rules import cod_day_mean_high, pm25_day_mean_high, stands_still

pytestmark = pytest.mark.once

HOUR = 3_600_000_000


def told(values, every=1):
    return [Reading(n * every * HOUR, value) for n, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "alarm"),
    [
        ([], False),
        ([76] * 24, True),
        ([75] * 24, False),
        ([300] * 19, False),
        ([76] * 20, True),
        ([300] * 9 + [70] * 24, False),
    ],
)
def test_a_day_of_fine_dust_counts_with_twenty_hours(values, alarm):
    assert pm25_day_mean_high(told(values)) is alarm


def test_oxygen_demand_is_a_mean_of_the_day_and_not_one_value():
    assert not cod_day_mean_high(told([40] * 11 + [120], every=2))
    assert cod_day_mean_high(told([40] * 6 + [80] * 6, every=2))


@pytest.mark.parametrize(
    ("values", "alarm"),
    [
        ([], False),
        ([50] * 12, True),
        ([50] * 5, False),
        ([50, 50.9] * 6, True),
        ([50, 51.5] * 6, False),
        ([0] * 12, False),
    ],
)
def test_values_that_stand_still_for_half_a_day_are_suspect(values, alarm):
    assert stands_still(told(values)) is alarm


def test_values_of_an_hour_after_a_gap_tell_nothing_of_half_a_day():
    minutes = [Reading(40 * HOUR + n * HOUR // 10, 50) for n in range(10)]
    assert not stands_still([Reading(0, 50), *minutes])
