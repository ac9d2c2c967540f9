"""A reporter says it is not fixed: whoever checks must answer, nothing closes over it, and it is bounded."""

from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.offers import offers
from tests.ground.loop.cast import (
    DISPATCHER,
    INSPECTOR,
    LEAD_ONLY,
    PARKS_OFFICER,
    REPORTER,
    RULE,
    SECOND_INSPECTOR,
    SHIFT,
)
from tests.ground.loop.test_case_loop import Story

WORDS = {"words": "The branch is still there"}


def test_while_command_holds_it_the_dispute_goes_with_it_to_the_check() -> None:
    story = Story().handling().do("report_back", PARKS_OFFICER).do("dispute", REPORTER, **WORDS)
    assert (story.now.state, story.now.disputed) == ("handled", True)
    story.do("submit", DISPATCHER)
    assert story.now.disputed and story.duty().role == "inspector"


def test_a_check_in_its_face_is_passed_only_with_an_answer() -> None:
    story = Story().checking().do("dispute", REPORTER, **WORDS)
    assert story.now.state == "checking"
    story.refused("pass", INSPECTOR, "loop.disputed")
    story.do("pass", INSPECTOR, words="I stood there: it is gone")
    assert (story.now.state, story.now.disputed) == ("checked", False)
    story.do("close", SHIFT)


def test_after_a_passed_check_another_inspector_looks_again() -> None:
    story = Story().checking().do("pass", INSPECTOR).do("dispute", REPORTER, **WORDS)
    assert (story.now.state, story.now.disputed, story.duty().role) == ("checking", True, "inspector")
    story.refused("close", SHIFT, "loop.state")
    story.refused("pass", INSPECTOR, "loop.checked", words="still gone")
    story.do("fail", SECOND_INSPECTOR, words="It lies there")
    assert (story.now.state, story.now.disputed) == ("handling", False)


def test_who_was_asked_to_confirm_stands_in_the_inspectors_place() -> None:
    story = Story().checking().do("ask_confirmation", RULE).do("dispute", REPORTER, **WORDS)
    assert (story.now.state, story.now.disputed, story.now.lead.state) == ("handling", False, "accepted")


def test_it_is_bounded_and_then_the_centre_decides() -> None:
    story = Story().checking()
    for inspector in (INSPECTOR, SECOND_INSPECTOR):
        story.do("dispute", REPORTER, **WORDS).do("pass", inspector, words="I stood there: it is gone")
    story.do("dispute", REPORTER, **WORDS)
    assert story.now.held == "duty_commander"
    story.refused("dispute", REPORTER, "loop.held", **WORDS)


def test_what_nobody_has_answered_is_not_said_again() -> None:
    story = Story().handling().do("report_back", PARKS_OFFICER).do("dispute", REPORTER, **WORDS)
    story.refused("dispute", REPORTER, "loop.dispute.waiting", **WORDS)
    open_, _denied = offers(story.definition, story.now, (REPORTER,), story.at)
    assert "dispute" not in {offer.action for offer in open_} and not story.now.held


def test_only_the_reporter_and_only_with_words() -> None:
    story = Story().checking()
    story.refused("dispute", REPORTER, "loop.field.missing")
    story.refused("dispute", Actor("reporter", "follower"), "loop.role", **WORDS)
    story.refused("dispute", Actor("reporter", "reporter", PARKS_OFFICER.person), "law.person", **WORDS)
    open_, _denied = offers(story.definition, story.now, (REPORTER,), story.at)
    assert "dispute" in {offer.action for offer in open_}


def test_a_small_town_has_it_too() -> None:
    story = Story("small_town").filed().do("dispatch", DISPATCHER, **LEAD_ONLY)
    story.do("report_back", PARKS_OFFICER).do("dispute", REPORTER, **WORDS)
    assert (story.now.state, story.now.disputed) == ("checking", True)


def test_a_new_round_begins_without_it() -> None:
    story = Story().checking().do("dispute", REPORTER, **WORDS).do("pass", INSPECTOR, words="gone").do("close", SHIFT)
    story.do("reopen", REPORTER, **WORDS)
    assert not story.now.disputed
