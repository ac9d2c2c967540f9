"""Every plate there is, ours and installed, keeps to what is asked of a plate; no two are in each other's way."""

from collections import Counter
from functools import cache

import pytest

from cityloop.ground.kit.judge import judge
from cityloop.ground.kit.loader import open_plate
from cityloop.ground.kit.registry import plates

pytestmark = pytest.mark.once

REGISTRY = plates()
LEAST = {
    "matters": 8, "organisations": 2, "components": 2, "observed": 2, "services": 3, "indicators": 5, "plans": 1,
    "datasets": 2,
}  # fmt: skip
# Steps that a case takes when all goes well; a story with another one takes a turn.
STRAIGHT = {
    "collect",
    "prove",
    "proved",
    "file",
    "dispatch",
    "accept",
    "reach",
    "report_back",
    "submit",
    "pass",
    "close",
}


@cache
def opened(name):
    return open_plate(REGISTRY[name])


@pytest.fixture(params=sorted(REGISTRY))
def name(request):
    return request.param


def test_the_judge_finds_nothing(name):
    assert [str(problem) for problem in judge(REGISTRY[name], name)] == []


def test_there_is_as_much_as_is_asked(name):
    plate, quality = opened(name)
    least = dict(LEAST)
    if quality.items["sensors"].state == "exempt":  # a field without sensors
        del least["observed"]
    found = {what: len(getattr(plate.manifest, what)) for what in least}
    assert {what: count for what, count in found.items() if count < least[what]} == {}
    assert len(plate.stories) >= 6
    assert all(service.form and service.documents for service in plate.manifest.services)
    types = plate.manifest.components
    assert sum(bool(one.attributes) for one in types) >= LEAST["components"]


def test_a_story_takes_a_turn_and_one_is_told_in_chinese(name):
    told = [one.story for one in opened(name)[0].stories]
    turned = [story for story in told if story.ends != "closed" or {step.do for step in story.steps} - STRAIGHT]
    assert turned
    assert {story.lang for story in told} >= {"zh-hans"}


def test_what_is_confidential_is_not_shown_where_it_was(name):
    shown = [m.code for m in opened(name)[0].manifest.matters if m.level and m.public_place == "exact"]
    assert shown == []


def test_no_two_plates_share_a_matter_or_a_kind_of_component():
    made = [opened(name)[0].manifest for name in REGISTRY]
    matters = Counter(matter.code for one in made for matter in one.matters)
    components = Counter(component.code for one in made for component in one.components)
    assert [code for code, count in matters.items() if count > 1] == []
    assert [code for code, count in components.items() if count > 1] == []


def test_an_organisation_that_several_plates_name_is_the_same_in_all():
    said: dict[str, set[tuple[str, str, str | None]]] = {}
    for name in REGISTRY:
        for one in opened(name)[0].manifest.organisations:
            said.setdefault(one.key, set()).add((one.names["zh-hans"], one.kind, one.parent))
    assert {key: names for key, names in said.items() if len(names) > 1} == {}
