"""The case loop off the straight way: waits, holds, leads that come and go, limits that change."""

from typing import Any

import pytest

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import CLOCK, Actor
from cityloop.ground.loop.clocks import elapsed
from cityloop.ground.loop.offers import offers
from tests.ground.loop.cast import (
    COMMANDER,
    DAY,
    DISPATCHER,
    HOUR,
    INSPECTOR,
    INTAKE,
    LEAD_ONLY,
    LEADER,
    MINUTE,
    PARKS,
    PARKS_CREW,
    PARKS_OFFICER,
    POLICE,
    POLICE_OFFICER,
    REPORTER,
    ROADS,
    ROADS_OFFICER,
    RULE,
    SECOND_INSPECTOR,
    SHIFT,
    THREE,
    TIMES,
    part,
)
from tests.ground.loop.test_case_loop import Story

TWO = {"parts": [part(PARKS, "lead"), part(ROADS)]}


def lead(org: tuple[int, str]) -> dict[str, Any]:
    return {"parts": [part(org, "lead")]}


def hours(story: Story, clock: str = "handling") -> tuple[float, float]:
    """Give limit and time used of a clock, in hours."""
    found = story.now.clocks[clock]
    return found.limit / HOUR, round(elapsed(found, story.at, TIMES) / HOUR, 1)


def bounced(times: int) -> Story:
    story = Story().handling()
    for number in range(times):
        if number:
            story.do("re_dispatch", DISPATCHER, **LEAD_ONLY).do("accept", PARKS_OFFICER)
        story.do("bounce", PARKS_OFFICER, words="w")
    return story


# --- detours


@pytest.mark.parametrize("away", ["waiting", "handled", "filed"])
def test_a_move_is_granted_only_where_it_could_be_asked_for(away: str) -> None:
    story = Story().handling()
    story.do("suspend", PARKS_OFFICER, reason="season", until=story.at + 30 * DAY, words="w")
    if away == "waiting":
        story.do("ask_reporter", PARKS_OFFICER, question="q")
    elif away == "handled":
        story.do("report_back", PARKS_OFFICER)
    else:
        story.do("bounce", PARKS_OFFICER, words="w")
    story.refused("decide", COMMANDER, "loop.request.state", request=1, answer="granted")
    if away == "waiting":
        story.do("answer", REPORTER, words="w").do("decide", COMMANDER, request=1, answer="granted")
        assert (story.now.state, story.now.back) == ("suspended", "handling")


def test_a_claim_outlives_a_question_to_the_reporter() -> None:
    story = Story().do("collect", REPORTER, unit="1001").do("claim", INTAKE)
    story.do("ask_reporter", INTAKE, question="q").do("answer", REPORTER, words="w")
    assert story.now.person == INTAKE.person
    assert story.do("fold", INTAKE, into=7).do("unfold", INTAKE).now.person == INTAKE.person


def test_a_claim_is_taken_once_and_a_superior_frees_it() -> None:
    story = Story().do("collect", REPORTER, unit="1001").do("claim", INTAKE)
    story.refused("claim", INTAKE, "loop.claimed")
    assert story.do("release", SHIFT).now.person == 0
    story.refused("release", SHIFT, "loop.not_claimed")


def test_proving_does_not_give_acceptance_new_time() -> None:
    story = Story().do("collect", REPORTER, unit="1001").do("prove", INTAKE, after=14 * MINUTE)
    story.do("proved", INSPECTOR, after=20 * MINUTE)
    assert story.now.clocks["stage"].due == story.at + MINUTE and "kept" not in story.now.clocks


def test_withdrawing_ends_where_it_only_waits_for_an_answer() -> None:
    story = Story("small_town").filed().do("dispatch", DISPATCHER, **LEAD_ONLY)
    story.do("ask_reporter", PARKS_OFFICER, question="q").refused("withdraw", REPORTER, "loop.begun")


# --- holds


def test_a_hold_does_not_stop_what_ends_a_wait() -> None:
    story = Story().do("collect", REPORTER, unit="1001")
    for number in range(3):
        story.do("ask_reporter", INTAKE, question="q")
        if number < 2:
            story.do("answer", REPORTER, words="w")
    assert story.now.held == "duty_commander" and story.duty().on_due == "silence"
    assert story.do("answer", REPORTER, words="w").now.state == "collected"
    assert story.now.held == "duty_commander"


def test_only_who_must_decide_moves_a_held_case_and_so_decides() -> None:
    story = bounced(3)
    assert story.now.held == "duty_commander"
    story.refused("re_dispatch", DISPATCHER, "loop.held", **lead(ROADS))
    story.refused("re_dispatch", RULE, "loop.held", **lead(ROADS))
    story.do("reassign", COMMANDER, **lead(ROADS)).do("accept", ROADS_OFFICER)
    assert (story.now.state, story.now.held) == ("handling", "")


def test_the_commander_does_not_decide_for_the_leader() -> None:
    story = Story().handling()
    for org in (ROADS, PARKS, ROADS, POLICE):
        story.do("reassign", COMMANDER, **lead(org))
    assert story.now.held == "leader"
    story.refused("reassign", COMMANDER, "loop.held", **lead(PARKS))
    assert "let_go_on" not in [o.action for o in offers(story.definition, story.now, (COMMANDER,), story.at)[0]]
    story.do("urge", COMMANDER).do("let_go_on", LEADER, words="w").do("accept", POLICE_OFFICER)


def test_nobody_is_timed_while_the_centre_decides() -> None:
    story = Story().handling(TWO).do("accept", ROADS_OFFICER).do("extend", PARKS_OFFICER, words="w")
    for number in range(3):
        story.do("bounce", ROADS_OFFICER, words="w")
        if number < 2:
            story.do("replace_part", DISPATCHER, part=2).do("accept", ROADS_OFFICER)
    assert (story.now.state, story.now.held) == ("handling", "duty_commander")
    assert story.now.clocks["handling"].pause == "held" and story.now.parts[0].clock.pause == "held"
    story.refused("report_back", PARKS_OFFICER, "loop.held")
    story.do("decide", DISPATCHER, request=1, answer="granted")
    story.do("let_go_on", COMMANDER, after=3 * DAY, words="w")
    assert hours(story)[1] < 1 and story.now.clocks["handling"].due > story.at


# --- leads that come and go


def test_who_led_before_goes_on_with_its_own_time_another_begins_anew() -> None:
    story = Story().handling().do("bounce", PARKS_OFFICER, after=26 * HOUR, words="w")
    used = hours(story)[1]
    assert used > 2
    story.do("re_dispatch", DISPATCHER, **lead(ROADS))
    assert hours(story) == (40, 0)
    story.do("accept", ROADS_OFFICER).do("bounce", ROADS_OFFICER, after=4 * HOUR, words="w")
    story.do("re_dispatch", DISPATCHER, **LEAD_ONLY).do("accept", PARKS_OFFICER)
    assert hours(story) == (40, used) and story.now.lead is not None
    assert story.now.lead.clock == story.now.clocks["handling"]


def test_who_assisted_and_leads_now_begins_anew() -> None:
    story = Story().handling(TWO).do("accept", ROADS_OFFICER).do("bounce", PARKS_OFFICER, after=4 * DAY, words="w")
    story.do("re_dispatch", DISPATCHER, **lead(ROADS))
    assert hours(story) == (40, 0) and story.now.lead is not None
    assert story.now.lead.clock == story.now.clocks["handling"]


def test_a_milestone_reached_stays_reached_under_another_lead() -> None:
    story = Story().handling().do("reach", PARKS_OFFICER, milestone="1").do("bounce", PARKS_OFFICER, words="w")
    assert story.do("re_dispatch", DISPATCHER, **lead(ROADS)).now.clocks["milestone:1"].pause == "reached"


def test_a_part_given_to_another_ends_with_the_whole() -> None:
    story = Story().handling(TWO).do("bounce", ROADS_OFFICER, after=2 * DAY, words="w")
    story.do("replace_part", DISPATCHER, part=2, organisation={"org": POLICE[0], "org_path": POLICE[1]})
    assert story.now.parts[-1].clock.due == story.now.clocks["handling"].due
    story = Story().filed()
    parts = [part(PARKS, "lead"), part(ROADS, limit="3660 d")]
    story.refused("dispatch", DISPATCHER, "loop.part.limit", parts=parts)


def test_later_parts_wait_for_a_bounced_one() -> None:
    story = Story().handling(THREE).do("accept", ROADS_OFFICER).do("accept", POLICE_OFFICER)
    story.do("report_back", PARKS_OFFICER).do("bounce", ROADS_OFFICER, words="w")
    assert next(p for p in story.now.parts if p.org == POLICE[0]).clock.pause == "order"
    story.refused("report_back", POLICE_OFFICER, "loop.part.order")
    may = [o.action for o in offers(story.definition, story.now, (DISPATCHER,), story.at)[0]]
    assert {"take_back", "replace_part"} <= set(may)


def test_an_organisation_below_another_finds_its_own_part() -> None:
    below = (PARKS_CREW.org, PARKS_CREW.org_path)
    story = Story().filed().do("dispatch", DISPATCHER, parts=[part(PARKS, "lead"), part(below)])
    story.do("accept", PARKS_OFFICER).do("accept", PARKS_CREW)
    assert [p.state for p in story.now.parts] == ["accepted", "accepted"]


def test_no_part_stays_open_at_the_end() -> None:
    story = Story().handling(TWO).do("accept", ROADS_OFFICER).do("bounce", PARKS_OFFICER, words="w")
    story.do("return_to_intake", DISPATCHER, words="w").do("decline", INTAKE, reason="not_ours", words="w")
    assert {p.state for p in story.now.parts} == {"cancelled"}
    story = Story().handling(TWO).do("bounce", PARKS_OFFICER, words="w").do("transfer", DISPATCHER, authority="a")
    assert "assigned" not in {p.state for p in story.do("settled_outside", DISPATCHER, words="w").now.parts}


# --- limits and requests


def test_an_extension_is_at_most_the_original_limit_each_time() -> None:
    story = Story().handling().do("extend", PARKS_OFFICER, words="w")
    story.do("decide", DISPATCHER, request=1, answer="granted")
    story.do("bounce", PARKS_OFFICER, words="w").do("re_dispatch", DISPATCHER, **LEAD_ONLY).do("accept", PARKS_OFFICER)
    story.do("extend", PARKS_OFFICER, words="w").do("decide", DISPATCHER, request=2, answer="granted")
    assert hours(story)[0] == 120
    story.refused("extend", PARKS_OFFICER, "loop.request.max", words="w")


def test_an_extension_counts_in_the_time_of_the_clock_it_lengthens() -> None:
    story = Story().filed().do("dispatch", DISPATCHER, parts=[part(PARKS, "lead", limit="3 d")])
    story.do("accept", PARKS_OFFICER).do("extend", PARKS_OFFICER, words="w")
    before = hours(story)[0]
    story.do("decide", DISPATCHER, request=1, answer="granted")
    assert 0 < hours(story)[0] - before <= 24  # three days hold at the most three times eight working hours


def test_filing_again_computes_the_limits_anew_and_keeps_the_time_used() -> None:
    story = Story().handling().do("bounce", PARKS_OFFICER, after=26 * HOUR, words="w")
    used = hours(story)[1]
    story.do("return_to_intake", DISPATCHER, words="w")
    story.do("file", SHIFT, matter="hole", unit="1001", milestones=[["1", "2 wd"]], level=0)
    story.do("re_dispatch", DISPATCHER, **LEAD_ONLY)
    assert hours(story) == (16, used)
    assert not [name for name in story.now.clocks if name.startswith("milestone")]


def test_an_appeal_comes_once_whatever_the_answer_and_the_round() -> None:
    story = Story().closed().do("appeal", PARKS_OFFICER, words="w")
    story.do("decide", DISPATCHER, request=1, answer="refused")
    story.refused("appeal", PARKS_OFFICER, "loop.request.max", words="w")
    open_one = Story().closed().do("appeal", PARKS_OFFICER, words="w").do("reopen", SHIFT, words="w")
    assert [(r.kind, r.state) for r in open_one.now.requests] == [("appeal", "lapsed")]


def test_a_group_is_urged_in_its_own_role() -> None:
    group, who = (9, "/9/"), Actor("person", "public_group", 90, 90, 9, "/9/")
    story = Story().filed().do("dispatch", DISPATCHER, parts=[part(group, "lead", holder="public_group")])
    assert story.do("accept", who).do("urge", DISPATCHER).duty("request:1").role == "public_group"


# --- checking


def test_checking_again_is_for_another_inspector_and_not_for_the_reporter() -> None:
    story = Story().checking().do("ask_confirmation", SHIFT).do("pass", INSPECTOR)
    story.refused("recheck", SHIFT, "loop.checked", inspector=INSPECTOR.person)
    story.do("recheck", SHIFT)
    assert story.duty().role == "inspector"
    story.refused("confirm", REPORTER, "loop.confirm", photos=["x"])
    story.refused("pass", INSPECTOR, "loop.checked")
    story.do("fail", SECOND_INSPECTOR, words="w").do("report_back", PARKS_OFFICER).do("submit", DISPATCHER)
    assert story.do("pass", INSPECTOR).now.state == "checked"


def test_a_party_is_not_named_for_the_other_side() -> None:
    handled = Story().handling().do("report_back", PARKS_OFFICER)
    handled.refused("submit", DISPATCHER, "law.named", inspector=PARKS_OFFICER.person)
    dispatched = Story().filed().do("dispatch", DISPATCHER, **LEAD_ONLY)
    dispatched.refused("accept", PARKS_OFFICER, "law.named", person=SHIFT.person)


def test_what_was_never_filed_is_reopened_into_the_intake() -> None:
    story = Story().do("collect", REPORTER, unit="1001").do("fold", INTAKE, into=7)
    story.do("main_ended", RULE, resolution="solved").do("reopen", REPORTER, words="w")
    assert (story.now.state, story.now.into) == ("collected", 0)


# --- what is offered


def test_nothing_is_offered_that_comes_too_late_or_too_often() -> None:
    story = Story().handling().do("extend", PARKS_OFFICER, words="w")

    def may() -> set[str]:
        return {o.action for o in offers(story.definition, story.now, (PARKS_OFFICER,), story.at)[0]}

    assert "extend" not in may() and "suspend" in may()
    story.do("decide", DISPATCHER, request=1, answer="refused")
    assert "extend" in may()
    story.at += 30 * DAY
    assert "extend" not in may()
    story.do("suspend", PARKS_OFFICER, reason="season", until=story.at + DAY, words="w")
    story.do("decide", COMMANDER, request=2, answer="granted").do("resume", CLOCK)
    assert "suspend" not in may()
    with pytest.raises(Refusal):
        story.do("suspend", PARKS_OFFICER, reason="season", until=story.at + DAY, words="w")
