"""The city-management plate has the shape of its standard, and a city can switch it on."""

import re
from collections import Counter

import pytest

from cityloop.ground.kit.loader import load, open_plate
from cityloop.ground.kit.purity import Reading
from cityloop.ground.kit.registry import plates
from cityloop.plates.municipal.rules import rises_quickly
from cityloop.town.catalog.actions import publish
from cityloop.town.catalog.queries import current
from tests.town.staff import AT, BY, make_city

MINUTE = 60_000_000


def municipal():
    return load(plates()["municipal"])


def test_classes_and_codes_are_those_of_the_standard():
    made = municipal()
    assert Counter(one.kind for one in made.classes) == {"component": 5, "event": 6}
    classes = {(one.kind, one.code) for one in made.classes}
    assert {(m.kind, m.class_) for m in made.matters} == classes
    for matter in made.matters:
        mark = "C" if matter.kind == "component" else "E"
        assert re.fullmatch(rf"{mark}{matter.class_}{matter.subclass}(\.\d)?", matter.code)
        assert matter.class_names
    assert {c.code for c in made.components} == {f"{c.class_}{c.subclass}" for c in made.components}


def test_limits_are_in_the_time_that_fits_and_marked_as_ours():
    made = municipal()
    assert made.basis.limits == "ours"
    assert {stone.limit.split()[1] for m in made.matters for stone in m.milestones} == {"uh", "wh", "wd"}
    urgent = [m for m in made.matters if m.urgent]
    assert urgent
    assert all(m.milestones[0].limit.endswith(" uh") for m in urgent)


def test_stories_take_turns_and_speak_both_languages():
    plate, _quality = open_plate(plates()["municipal"])
    told = [one.story for one in plate.stories]
    assert len(told) > len(plate.manifest.matters)
    assert {story.lang for story in told} == {"en", "zh-hans"}
    assert {story.ends for story in told} == {"closed", "declined", "invalid"}
    assert {step.do for story in told for step in story.steps} >= {"bounce", "fail", "dispute", "suspend", "reopen"}


@pytest.mark.parametrize(
    ("values", "alarm"),
    [([], False), ([4], False), ([4, 5, 8.9], False), ([4, 5, 9], True), ([0, 0, 2.9], False), ([9, 8, 4], False)],
)
def test_quickly_rising_water_is_an_alarm(values, alarm):
    assert rises_quickly([Reading(n * 3 * MINUTE, value) for n, value in enumerate(values)]) is alarm


def test_water_that_rose_long_ago_is_none():
    assert not rises_quickly([Reading(0, 3), Reading(11 * MINUTE, 12)])


@pytest.mark.django_db
def test_a_city_switches_it_on():
    make_city()
    publish(plates=[municipal()], by=BY, at=AT)
    found = current().route("E0502", "990101001001001")
    assert found.lead.key == "gas_company"
    assert [helper.org.key for helper in found.assisting] == ["emergency", "public_security"]
    assert current().matter("C0103.1").class_names["zh-hans"] == "公用设施"
