"""Health: vaccines that are warm too often, and nobody's illness on a public page."""

import pytest

from cityloop.ground.kit.loader import load
from cityloop.ground.kit.purity import Reading
from cityloop.ground.kit.registry import plates
from cityloop.plates.health.rules import warm_too_often

pytestmark = pytest.mark.once

MINUTE = 60_000_000


def every_five_minutes(*spans):
    """Give values each five minutes: spans of (how many, degrees)."""
    values = [value for count, value in spans for _ in range(count)]
    return [Reading(n * 5 * MINUTE, value) for n, value in enumerate(values)]


@pytest.mark.parametrize(
    ("readings", "alarm"),
    [
        ([], False),
        (every_five_minutes((288, 5)), False),
        (every_five_minutes((13, 8.5)), True),
        (every_five_minutes((12, 8.5)), False),
        (every_five_minutes((4, 9), (20, 5), (4, 9), (20, 5), (4, 9), (20, 5)), True),
        (every_five_minutes((12, 9), (300, 5)), False),
        ([Reading(0, 9), Reading(120 * MINUTE, 9)], False),
    ],
)
def test_an_hour_above_eight_degrees_in_all_is_too_much(readings, alarm):
    assert warm_too_often(readings) is alarm


def test_who_is_ill_is_never_shown():
    ill = ("health.class_a", "health.cluster", "health.reaction", "health.crisis", "health.bite")
    found = {m.code: m for m in load(plates()["health"]).matters}
    assert all(found[code].level >= 2 and found[code].public_place == "none" for code in ill)
