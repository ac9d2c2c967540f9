import pytest
from pydantic import ValidationError

from cityloop.ground.kit import shape
from cityloop.ground.kit.manifest import Matter
from tests.ground.kit.test_manifest import matter

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"code": "no blanks here"}, "code", "code: this is not written as it should be."),
        ({"names": {"en": "Tree"}}, "names", "names: say it in zh-hans too."),
        ({"level": 9}, "level", "level: this is too large (at most 3)."),
        ({"level": "high"}, "level", "level: give a whole number."),
        ({"kind": "wish"}, "kind", "kind: choose one of 'component' or 'event'."),
        ({"colour": "red"}, "colour", "colour: nothing of this name belongs here."),
        ({"milestones": []}, "milestones", "milestones: there are too few (at least 1)."),
        ({"filing": None}, "filing", "filing: give an object of names and values."),
    ],
)
def test_the_first_thing_wrong_is_said_in_a_sentence_of_ours(changes, field, said):
    with pytest.raises(ValidationError) as caught:
        Matter.model_validate(matter(**changes))
    refusal = shape.refused(caught.value, "catalog.value")
    assert (refusal.field, str(refusal)) == (field, said)
