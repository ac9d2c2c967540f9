import pytest
from pydantic import ValidationError

from cityloop.ground.kit.manifest import Manifest, Matter, Question

pytestmark = pytest.mark.once


def both(text):
    return {"en": text, "zh-hans": text}


def matter(**changes):
    base = {
        "code": "0110",
        "class": "01",
        "subclass": "10",
        "kind": "event",
        "names": both("Exposed rubbish"),
        "filing": both("Rubbish lies open"),
        "closing": both("The place is clean"),
        "milestones": [{"name": both("make safe"), "limit": "1 uh"}, {"name": both("clear"), "limit": "4 wh"}],
    }
    return {**base, **changes}


def plate(**changes):
    base = {"key": "municipal", "version": "1.0.0", "names": both("Municipal"), "matters": [matter()]}
    return {**base, **changes}


def test_the_last_milestone_is_the_handling_limit():
    assert Matter.model_validate(matter()).limit == "4 wh"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"milestones": []}, "milestones"),
        ({"milestones": [{"name": both("x"), "limit": "5 days"}]}, "limit"),
        ({"milestones": [{"name": both("x"), "limit": "0 wd"}]}, "limit"),
        ({"names": {"en": "Only English"}}, "say it in zh-hans too"),
        ({"level": 4}, "level"),
        ({"kind": "thing"}, "kind"),
        ({"extra": 1}, "extra"),
        ({"code": "a b"}, "code"),
    ],
)
def test_a_wrong_matter_is_refused(changes, says):
    with pytest.raises(ValidationError, match=says):
        Matter.model_validate(matter(**changes))


def test_choices_belong_to_choice_questions():
    choice = {"key": "big", "names": both("Big")}
    Question.model_validate({"key": "size", "type": "choice", "names": both("Size?"), "choices": [choice]})
    for wrong in (
        {"type": "text", "choices": [choice]},
        {"type": "choice"},
        {"type": "choice", "choices": [choice] * 2},
    ):
        with pytest.raises(ValidationError, match="choices"):
            Question.model_validate({"key": "size", "names": both("Size?"), **wrong})


def test_codes_stand_once_and_patterns_fit_something():
    with pytest.raises(ValidationError, match="more than once"):
        Manifest.model_validate(plate(matters=[matter(), matter()]))
    with pytest.raises(ValidationError, match="fits none"):
        Manifest.model_validate(plate(responsibility=[{"matter": "0999", "lead": "x"}]))


def test_rules_carry_their_source():
    found = Manifest.model_validate(plate(responsibility=[{"matter": "01*", "unit": "31", "lead": "cleaning"}]))
    assert [(r.matter, r.unit, r.lead, r.source) for r in found.rules()] == [
        ("01*", "31", "cleaning", "plate municipal")
    ]
