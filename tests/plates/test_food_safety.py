"""Food has two ways: a complaint ends with an agreement, a report with a decision, and illness comes first."""

import pytest

from cityloop.ground.kit.loader import load
from cityloop.ground.kit.registry import plates

pytestmark = pytest.mark.once


def test_a_complaint_takes_the_time_of_mediation_and_a_report_that_of_a_decision():
    limits = {m.code: [stone.limit for stone in m.milestones] for m in load(plates()["food_safety"]).matters}
    assert limits["food.dispute"] == ["7 wd", "52 wd"]
    assert {limits[code][-2] for code in ("food.expired", "food.foreign_body", "food.unlicensed")} == {"15 wd"}


def test_whoever_reports_or_is_ill_is_protected():
    found = load(plates()["food_safety"]).matters
    assert all(m.level >= 1 for m in found if m.class_ in ("01", "02", "03"))
    assert {m.code for m in found if m.level == 2} == {"food.adulteration", "food.poisoning"}
    assert all(m.public_place == "none" for m in found if m.level == 2)
