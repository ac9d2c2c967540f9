"""The rule of the education plate: stale by the mean of a school day, not by one full hour."""

import pytest

from cityloop.ground.kit.purity import Reading
from cityloop.plates.education.rules import stale_over_the_day

pytestmark = pytest.mark.once

TEN_MINUTES = 600_000_000


def day(*values):
    return [Reading(number * TEN_MINUTES, value) for number, value in enumerate(values)]


def test_a_full_day_above_the_mean_is_stale():
    assert stale_over_the_day(day(*[1400, 1700] * 20))
    assert not stale_over_the_day(day(*[1400, 1600] * 20))


def test_one_full_hour_in_an_aired_day_is_not():
    assert not stale_over_the_day(day(*[800] * 30, *[3000] * 6))


def test_two_hours_of_values_are_needed():
    assert not stale_over_the_day(day(*[3000] * 11))
    assert stale_over_the_day(day(*[3000] * 12))
    assert not stale_over_the_day([])


def test_yesterday_does_not_count():
    assert not stale_over_the_day(day(*[3000] * 48, *[600] * 49))
