"""The rule of the hospital plate: cooled drugs are judged by how long they were warm in all."""

import pytest

from cityloop.ground.kit.purity import Reading
from cityloop.plates.hospital.rules import warm_in_all

pytestmark = pytest.mark.once

FIVE_MINUTES = 300_000_000


def values(*given):
    return [Reading(number * FIVE_MINUTES, value) for number, value in enumerate(given)]


def test_a_door_left_open_for_half_an_hour():
    assert warm_in_all(values(5, *[9] * 6, 5))
    assert not warm_in_all(values(5, *[9] * 5, 5))


def test_many_short_times_add_up():
    assert warm_in_all(values(*[9, 5] * 6))
    assert not warm_in_all(values(*[9, 5] * 5))


def test_eight_degrees_are_in_the_range():
    assert not warm_in_all(values(*[8] * 100))


def test_what_was_more_than_a_day_ago_does_not_count():
    assert not warm_in_all(values(*[9] * 12, *[5] * 300))
    assert not warm_in_all([])
