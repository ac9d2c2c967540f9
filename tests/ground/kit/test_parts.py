import pytest
from pydantic import ValidationError

from cityloop.ground.kit.measures import Plan
from cityloop.ground.kit.things import Alarm, Attribute, ObservedProperty
from tests.ground.kit.test_manifest import both

pytestmark = pytest.mark.once


def alarm(**changes):
    return Alarm.model_validate({"key": "a", "names": both("A"), "matter": "m", **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"above": 15, "clear": 8},
        {"above": 0, "clear": -1},
        {"below": 0.1, "clear": 0.2},
        {"silent": "2 d"},
        {"rule": "r"},
    ],
)
def test_an_alarm_has_one_condition_and_is_over_on_its_safe_side(changes):
    assert alarm(**changes)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "exactly one"),
        ({"above": 1, "below": 0}, "exactly one"),
        ({"above": 15, "clear": 16}, "safe side"),
        ({"below": 1, "clear": 0.5}, "safe side"),
        ({"silent": "2 d", "clear": 1}, "belongs to above or below"),
        ({"above": 1, "times": 3}, "within what time"),
        ({"rises": 1}, "within what time"),
        ({"unusual": 5, "times": 3, "within": "1 uh"}, "belongs to above or below"),
        ({"above": 1, "within": "1 uh"}, "within belongs"),
        ({"above": 1, "hold": "4 wh"}, "hold"),
        ({"silent": "1 d", "hold": "1 uh"}, "no time of its own"),
        ({"silent": "1 d", "agree": 3}, "no evidence"),
        ({"fence": "near"}, "fence"),
        ({"silent": "2 days"}, "silent"),
    ],
)
def test_an_alarm_of_two_minds_is_refused(changes, says):
    with pytest.raises(ValidationError, match=says):
        alarm(**changes)


@pytest.mark.parametrize(
    ("every", "silent", "says"),
    [("1 uh", "61 um", ""), ("1 d", "1 uh", "a: silent"), ("24 uh", "1 d", "a: silent"), ("4 wh", "1 d", "every")],
)
def test_silence_is_longer_than_the_pause_between_two_values(every, silent, says):
    alarms = [{"key": "a", "names": both("A"), "matter": "m", "silent": silent}]
    told = {"key": "o", "names": both("O"), "unit": "1", "every": every, "alarms": alarms}
    if not says:
        assert ObservedProperty.model_validate(told)
        return
    with pytest.raises(ValidationError, match=says):
        ObservedProperty.model_validate(told)


def test_an_attribute_to_choose_has_choices_each_once():
    choice = {"key": "big", "names": both("Big")}
    assert Attribute.model_validate({"key": "a", "names": both("A"), "type": "choice", "choices": [choice]})
    for wrong in ([], [choice] * 2):
        with pytest.raises(ValidationError, match="choices"):
            Attribute.model_validate({"key": "a", "names": both("A"), "type": "choice", "choices": wrong})


def test_tasks_of_a_plan_wait_only_for_what_comes():
    def task(key, *after):
        return {"key": key, "names": both(key), "organisation": "o", "within": "1 uh", "after": after}

    def plan(*tasks):
        grades = [{"grade": 4, "names": both("IV"), "when": both("small")}]
        return {"key": "p", "names": both("P"), "matters": ["*"], "grades": grades, "tasks": tasks}

    assert Plan.model_validate(plan(task("c", "a", "b"), task("b", "a"), task("a")))
    for wrong in ((task("a", "b"), task("b", "a")), (task("a", "nowhere"),), (task("a", "a"),)):
        with pytest.raises(ValidationError, match="never begin"):
            Plan.model_validate(plan(*wrong))
