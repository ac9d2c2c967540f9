"""A change tried on what came in: who would have had it and until when, by pure comparison of two versions."""

import pytest

from cityloop.ground.kit.manifest import Responsibility
from cityloop.ground.worktime import DAY, HOUR, Limit
from cityloop.town.catalog import actions, drafts, queries
from cityloop.town.catalog.content import Content
from cityloop.town.catalog.trial import Group, plain, trial
from tests.town.catalog.plates import matter, municipal, plate
from tests.town.staff import AT, BY, both, make_city, make_org

pytestmark = pytest.mark.django_db
GROUPS = [
    Group("0110", "310101", 5, AT), Group("0110", "410101", 3, AT + 1), Group("0401", "310101", 2, AT + 2),
    Group("gone", "310101", 1, AT),
]  # fmt: skip


def due(limit: Limit, at: int) -> int:
    return at + limit.amount * {"wd": 3 * DAY, "d": DAY, "wh": 2 * HOUR}.get(limit.unit, HOUR)


@pytest.fixture(autouse=True)
def city():
    town = make_city()
    make_org("parks", town)
    actions.publish(plates=[municipal()], by=BY, at=AT)


def tried(made: Content):
    return trial(queries.current(), queries.draft(made), GROUPS, due)


def test_the_same_content_makes_no_difference_and_unknown_matters_are_told():
    found = tried(queries.published())
    assert found.same and (found.cases, found.unknown) == (11, 1) and found.examples() == []


def test_a_line_of_a_district_moves_the_cases_of_that_district_alone():
    found = tried(drafts.with_line(queries.published(), "0110", "41", "parks"))
    (row,) = found.routed
    assert (row.was.keys, row.now.keys, row.cases) == (("cleaning",), ("parks",), 3)
    assert found.timed == [] and found.examples() == [GROUPS[1]]
    assert plain(found)["routed"][0]["now"] == {"lead": "parks", "assisting": []}


def test_who_helps_is_part_of_who_is_responsible():
    found = tried(drafts.with_line(queries.published(), "0110", "31", "sweepers"))
    (row,) = found.routed
    assert (row.was.keys, row.now.keys, row.cases) == (("sweepers", "cleaning"), ("sweepers",), 5)


@pytest.mark.parametrize(("limit", "sooner", "later"), [("1 wd", 8, 0), ("9 wd", 0, 8), ("15 d", 0, 0), ("16 d", 0, 8)])
def test_limits_are_compared_by_when_they_run_out(limit, sooner, later):
    steps = [{"name": both("make safe"), "limit": "1 uh"}, {"name": both("done"), "limit": limit}]
    found = tried(drafts.with_matter(queries.published(), "0110", {"milestones": steps}))
    (row,) = found.timed
    assert (row.cases, row.shorter, row.longer) == (8, sooner, later)
    assert (row.was, row.now) == (("1 uh", "5 wd"), ("1 uh", limit))


def test_a_milestone_before_the_last_counts_too():
    steps = [{"name": both("make safe"), "limit": "3 uh"}, {"name": both("done"), "limit": "5 wd"}]
    (row,) = tried(drafts.with_matter(queries.published(), "0401", {"milestones": steps})).timed
    assert (row.cases, row.shorter, row.longer) == (2, 0, 0)


def test_matters_that_come_and_go_are_told_and_new_organisations_too():
    off = tried(drafts.without_plate(queries.published(), "municipal"))
    assert [(row.matter.code, row.cases) for row in off.gone] == [("0110", 8), ("0401", 2)]
    more = plate(
        "water", matter("gone"), organisations=[{"key": "works", "names": both("Works")}],
        responsibility=[{"lead": "works"}],
    )  # fmt: skip
    on = tried(drafts.with_plate(queries.published(), more))
    assert [(row.matter.code, row.cases) for row in on.new] == [("gone", 1)] and not on.unknown
    wide = queries.published()._replace(lines=(Responsibility(lead="parks"),), plates=(municipal(), more))
    assert {row.now.keys for row in tried(wide).routed} == {("parks",)}


def test_examples_are_mixed_from_all_rows():
    found = tried(drafts.with_line(queries.published(), "*", "", "parks"))
    assert [(row.matter.code, row.cases) for row in found.routed] == [("0110", 3), ("0401", 2)]
    assert found.examples() == [GROUPS[1], GROUPS[2]] and found.examples(1) == [GROUPS[1]]
