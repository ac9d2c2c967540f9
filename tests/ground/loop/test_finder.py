"""Who reported a find of their own is a party: somebody else goes and looks, in the whole family of the case."""

from cityloop.ground.loop.law import FINDER
from cityloop.ground.loop.offers import offers
from tests.ground.loop.cast import (
    DISPATCHER,
    FILE,
    INSPECTOR,
    INTAKE,
    LEAD_ONLY,
    PARKS_OFFICER,
    SECOND_INSPECTOR,
    SHIFT,
    person,
)
from tests.ground.loop.test_case_loop import Story


def found() -> Story:
    """Begin with what an inspector found."""
    return Story().do("collect", INSPECTOR, unit="1001", own=True)


def handled() -> Story:
    story = found().do("claim", INTAKE).do("file", SHIFT, **FILE).do("dispatch", DISPATCHER, **LEAD_ONLY)
    return story.do("accept", PARKS_OFFICER).do("report_back", PARKS_OFFICER).do("submit", DISPATCHER)


def test_the_finder_does_not_check_what_they_found() -> None:
    story = handled()
    story.refused("pass", INSPECTOR, "law.finder", words="It is gone")
    story.refused("fail", INSPECTOR, "law.finder", words="It lies there")
    story.do("pass", SECOND_INSPECTOR, words="It is gone").do("close", SHIFT)
    assert story.now.resolution == "solved"


def test_nor_do_they_prove_it_before_it_is_filed() -> None:
    story = found().do("prove", INTAKE)
    story.refused("proved", INSPECTOR, "law.finder")
    story.refused("disproved", INSPECTOR, "law.finder", words="no")
    story.do("proved", SECOND_INSPECTOR)


def test_nobody_names_them_to_look() -> None:
    story = handled()
    story.refused("name_checker", SHIFT, "law.named", inspector=INSPECTOR.person)
    story.do("name_checker", SHIFT, inspector=SECOND_INSPECTOR.person)


def test_they_still_write_notes_and_are_told_why_they_may_not_check() -> None:
    story = handled().do("note", INSPECTOR, words="The branch lay by the gate")
    open_, denied = offers(story.definition, story.now, (INSPECTOR,), story.at)
    assert [one.action for one in open_] == ["note"]
    assert {one.code for one in denied} == {"law.finder"}


def test_who_takes_a_call_is_no_party() -> None:
    story = Story().do("collect", INSPECTOR, unit="1001").do("prove", INTAKE)
    story.do("proved", INSPECTOR)


def test_it_binds_in_the_family_and_leaves_the_rest_of_supervision_open() -> None:
    story = handled()
    both = person("shift_leader", INSPECTOR.person)
    story.do("note", both, words="Seen")
    law = [o.action for o in offers(story.definition, story.now, (SECOND_INSPECTOR,), story.at, {7: FINDER})[0]]
    assert law == ["note"]


def test_a_later_round_is_checked_by_somebody_else_too() -> None:
    story = handled().do("pass", SECOND_INSPECTOR).do("close", SHIFT).do("reopen", SHIFT, words="It fell again")
    story.do("dispatch", DISPATCHER, **LEAD_ONLY).do("accept", PARKS_OFFICER)
    story.do("report_back", PARKS_OFFICER).do("submit", DISPATCHER)
    story.refused("pass", INSPECTOR, "law.finder")
