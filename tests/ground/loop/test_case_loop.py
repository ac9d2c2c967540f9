"""The case loop, stage by stage."""

from typing import Any

import pytest

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import CLOCK, Actor
from cityloop.ground.loop.definition import shipped
from cityloop.ground.loop.duties import duties
from cityloop.ground.loop.engine import begin, step
from cityloop.ground.loop.offers import offers
from cityloop.ground.loop.snapshot import Act, Snapshot, dump, load
from tests.ground.loop.cast import (
    COMMANDER,
    DAY,
    DISPATCHER,
    FILE,
    HOUR,
    INSPECTOR,
    INTAKE,
    LEAD_ONLY,
    LEADER,
    MINUTE,
    PARKS,
    PARKS_CREW,
    PARKS_INSPECTOR,
    PARKS_OFFICER,
    POLICE_OFFICER,
    REPORTER,
    ROADS,
    ROADS_OFFICER,
    SECOND_INSPECTOR,
    SHIFT,
    START,
    THREE,
    TIMES,
    part,
    person,
)


class Story:
    """A case told step by step; each `do` is a minute later unless said otherwise."""

    def __init__(self, profile: str = "full") -> None:
        self.definition = shipped("case", profile)
        self.now: Snapshot = begin(self.definition)
        self.at = START

    def do(self, action: str, who: Actor, /, after: int = MINUTE, **data: Any) -> "Story":
        self.at += after
        self.now = step(self.definition, self.now, Act(action, data), who, self.at, TIMES).snapshot
        return self

    def refused(self, action: str, who: Actor, code: str, /, **data: Any) -> None:
        before = dump(self.now)
        with pytest.raises(Refusal) as caught:
            step(self.definition, self.now, Act(action, data), who, self.at + MINUTE, TIMES)
        assert caught.value.code == code
        assert dump(self.now) == before

    def filed(self) -> "Story":
        return self.do("collect", REPORTER, unit="1001").do("claim", INTAKE).do("file", SHIFT, **FILE)

    def handling(self, parts: dict[str, Any] = LEAD_ONLY) -> "Story":
        return self.filed().do("dispatch", DISPATCHER, **parts).do("accept", PARKS_OFFICER)

    def checking(self) -> "Story":
        return self.handling().do("report_back", PARKS_OFFICER).do("submit", DISPATCHER)

    def closed(self) -> "Story":
        return self.checking().do("pass", INSPECTOR).do("close", SHIFT)

    def duty(self, slot: str = "state") -> Any:
        return {d.slot: d for d in duties(self.definition, self.now)}[slot]


def test_straight_through() -> None:
    story = Story().closed()
    assert (story.now.state, story.now.resolution, story.now.seq) == ("closed", "solved", 9)
    assert duties(story.definition, story.now) == ()


def test_small_town_goes_the_short_way() -> None:
    story = Story("small_town").filed().do("dispatch", DISPATCHER, **LEAD_ONLY)
    assert story.now.state == "handling"
    story.do("report_back", PARKS_OFFICER)
    assert story.now.state == "checking"
    story.do("pass", INSPECTOR)
    assert (story.now.state, story.now.resolution) == ("closed", "solved")


def test_small_town_urgent_minutes_wait_for_the_office() -> None:
    story = Story("small_town").do("collect", REPORTER)  # Sunday noon
    assert story.duty().clock.due - story.at > 20 * HOUR
    full = Story().do("collect", REPORTER)
    assert full.duty().clock.due == full.at + 15 * MINUTE


def test_the_one_who_handled_may_not_check() -> None:
    story = Story().checking()
    story.refused("pass", person("inspector", PARKS_OFFICER.person), "law.person")
    story.refused("pass", PARKS_INSPECTOR, "law.organisation")
    story.refused("pass", PARKS_OFFICER, "loop.role")
    story.do("pass", INSPECTOR)


def test_separation_binds_across_rounds_and_kin() -> None:
    story = Story().closed().do("reopen", REPORTER, words="w")
    assert (story.now.state, story.now.round) == ("filed", 2)
    story.refused("dispatch", person("dispatcher", INSPECTOR.person), "law.person", **LEAD_ONLY)
    with pytest.raises(Refusal) as caught:
        act = Act("dispatch", LEAD_ONLY)
        step(story.definition, story.now, act, person("dispatcher", 77), story.at, TIMES, kin={77: "supervision"})
    assert caught.value.code == "law.person"


def test_who_commanded_does_not_speak_as_reporter() -> None:
    story = Story().closed()
    officer = Actor("reporter", "reporter", PARKS_OFFICER.person)
    story.refused("rate", officer, "law.person", satisfied="yes")
    story.refused("reopen", officer, "law.person", words="w")
    story.do("rate", REPORTER, satisfied="no")


def test_parts_in_sequence_and_parallel() -> None:
    story = Story().handling(THREE)
    waiting = {p.org: p.clock.pause for p in story.now.parts}
    assert waiting[5] == "order" and waiting[4] == "" and waiting[3] == ""
    story.refused("report_back", POLICE_OFFICER, "loop.part.order")
    story.do("accept", ROADS_OFFICER).do("report_back", ROADS_OFFICER)
    assert story.now.state == "handling"
    story.do("report_back", PARKS_CREW)
    assert story.now.state == "handling"
    assert next(p for p in story.now.parts if p.org == 5).clock.since == story.at
    story.do("report_back", POLICE_OFFICER)
    assert story.now.state == "handled"


def test_bounce_of_an_assisting_part_stays_and_is_replaced() -> None:
    story = Story().handling(THREE).do("bounce", ROADS_OFFICER, words="w")
    assert story.now.state == "handling"
    assert story.duty("replace:2").role == "dispatcher"
    new = {"org": 44, "org_path": "/1/44/"}
    story.do("replace_part", DISPATCHER, part=2, organisation=new)
    assert [p.org for p in story.now.parts if p.state == "assigned"] == [5, 44]


def test_bounce_by_the_lead_pauses_and_same_organisation_resumes() -> None:
    story = Story().handling()
    story.do("bounce", PARKS_OFFICER, after=DAY, words="w")
    used = story.now.clocks["handling"].used
    assert story.now.state == "filed" and used > 0 and story.now.clocks["handling"].since == -1
    same = Story()
    same.now, same.at = story.now, story.at
    same.do("re_dispatch", DISPATCHER, **LEAD_ONLY)
    assert same.now.clocks["handling"].used == used
    story.do("re_dispatch", DISPATCHER, parts=[part(ROADS, "lead")])
    assert story.now.clocks["handling"].used == 0
    assert story.now.lead and story.now.lead.org == 4


def test_third_bounce_of_one_organisation_goes_to_the_centre() -> None:
    story = Story().handling()
    for _ in range(2):
        story.do("bounce", PARKS_OFFICER, words="w").do("re_dispatch", DISPATCHER, **LEAD_ONLY)
        story.do("accept", PARKS_OFFICER)
    story.do("bounce", PARKS_OFFICER, words="w")
    assert story.now.held == "duty_commander"
    assert story.duty().role == "duty_commander"
    story.refused("re_dispatch", DISPATCHER, "loop.held", **LEAD_ONLY)
    story.do("let_go_on", COMMANDER, words="w").do("re_dispatch", DISPATCHER, parts=[part(ROADS, "lead")])


def test_failed_check_reopens_with_a_minimum_left() -> None:
    story = Story().handling()
    story.do("report_back", PARKS_OFFICER, after=9 * DAY).do("submit", DISPATCHER).do("fail", INSPECTOR, words="w")
    clock = story.now.clocks["handling"]
    assert story.now.state == "handling"
    assert clock.limit - clock.used == 4 * HOUR and clock.due > story.at
    assert story.now.counters["rework"] == 1


def test_settled_outside_and_failed_goes_back_to_dispatch() -> None:
    story = Story().filed().do("transfer", DISPATCHER, authority="State").do("settled_outside", INTAKE, words="w")
    assert story.now.state == "checking"
    assert story.do("fail", INSPECTOR, words="w").now.state == "filed"


def test_asking_the_reporter_pauses_every_clock() -> None:
    story = Story().handling(THREE).do("ask_reporter", PARKS_OFFICER, question="q")
    assert story.now.clocks["handling"].since == -1
    assert all(p.clock.since == -1 for p in story.now.parts)
    assert story.duty().clock.due == story.at + 5 * DAY
    story.do("silence", CLOCK, after=5 * DAY)
    assert story.now.state == "handling" and story.now.clocks["handling"].since == story.at


def test_extension_lengthens_before_overdue_only() -> None:
    story = Story().handling().do("extend", PARKS_OFFICER, words="w", by="2 wd")
    before = story.now.clocks["handling"].limit
    story.refused("extend", PARKS_OFFICER, "loop.request.open", words="w")
    story.refused("decide", COMMANDER, "loop.request.decider", request=1, answer="granted")
    story.do("decide", DISPATCHER, request=1, answer="granted")
    assert story.now.clocks["handling"].limit == before + 16 * HOUR
    story.refused("extend", PARKS_OFFICER, "loop.extension", words="w", by="9 wd")
    story.at += 30 * DAY
    story.refused("extend", PARKS_OFFICER, "loop.request.overdue", words="w")


def test_suspension_is_decided_by_the_centre_and_ends_by_itself() -> None:
    story = Story().handling()
    story.refused("suspend", PARKS_OFFICER, "loop.until", reason="season", until=story.at + 400 * DAY, words="w")
    until = story.at + 60 * DAY
    story.do("suspend", PARKS_OFFICER, reason="season", until=until, words="winter").do(
        "decide", COMMANDER, request=1, answer="granted"
    )
    assert story.now.state == "suspended"
    assert story.duty().clock.due == until and story.duty().on_due == "resume"
    story.do("resume", CLOCK, after=60 * DAY)
    assert story.now.state == "handling"
    story.refused("suspend", PARKS_OFFICER, "loop.request.max", reason="season", until=story.at + DAY, words="again")


def test_appeal_after_closing_is_decided_twice() -> None:
    story = Story().closed().do("appeal", PARKS_OFFICER, words="w")
    assert story.duty("request:1").role == "dispatcher"
    story.do("decide", DISPATCHER, request=1, answer="granted")
    assert story.duty("request:1").role == "shift_leader" and not story.now.adjusted
    story.do("decide", SHIFT, request=1, answer="granted")
    assert story.now.adjusted and story.now.state == "closed"


def test_a_call_is_answered_by_the_organisation_called() -> None:
    called = {"org": ROADS[0], "org_path": ROADS[1]}
    story = Story().handling().do("call", PARKS_OFFICER, organisation=called, words="come")
    story.refused("decide", POLICE_OFFICER, "loop.request.decider", request=1, answer="answered")
    story.do("decide", ROADS_OFFICER, request=1, answer="answered")
    assert story.now.requests[0].state == "answered"


def test_a_question_from_a_part_pauses_that_part_only() -> None:
    story = Story().handling(THREE).do("question", ROADS_OFFICER, words="w")
    clocks = {p.org: p.clock.since for p in story.now.parts}
    assert clocks[4] == -1 and clocks[3] >= 0
    story.do("lapse", CLOCK, request=1)
    assert {p.org: p.clock.since for p in story.now.parts}[4] == story.at


def test_unsolved_is_checked_like_any_other() -> None:
    story = Story().handling().do("close_unsolved", PARKS_OFFICER, resolution="nothing_found", words="w")
    assert story.now.state == "checking"
    story.do("pass", INSPECTOR).do("close", SHIFT)
    assert story.now.resolution == "nothing_found"


def test_confirmation_by_the_reporter_only_when_asked() -> None:
    story = Story().checking()
    story.refused("confirm", REPORTER, "loop.confirm", photos=["x"])
    story.do("ask_confirmation", SHIFT)
    assert story.duty().role == "reporter"
    story.refused("confirm", REPORTER, "loop.field.missing")
    assert story.do("confirm", REPORTER, photos=["x"]).now.state == "checked"


def test_reopening_is_bounded_in_time_and_number() -> None:
    story = Story().closed()
    story.at += 11 * DAY
    story.refused("reopen", REPORTER, "loop.too_late", words="w")
    assert story.do("reopen", SHIFT, words="w").now.round == 2


def test_folded_follows_and_returns() -> None:
    story = Story().filed().do("fold", SHIFT, into=99)
    assert story.now.state == "folded" and story.now.into == 99
    assert story.duty().clock is None
    story.do("unfold", SHIFT)
    assert story.now.state == "filed" and story.now.into == 0
    assert story.duty().clock.due > story.at


def test_milestones_have_their_own_clocks() -> None:
    story = Story().filed().do("dispatch", DISPATCHER, **LEAD_ONLY)
    assert story.duty("milestone:1").clock.limit == HOUR
    story.do("accept", PARKS_OFFICER).do("reach", PARKS_OFFICER, milestone="1")
    assert "milestone:1" not in {d.slot for d in duties(story.definition, story.now)}
    story.refused("reach", PARKS_OFFICER, "loop.milestone", milestone="1")


def test_reassigning_by_the_centre_cancels_the_old_lead() -> None:
    story = Story().handling().do("reassign", COMMANDER, parts=[part(ROADS, "lead")])
    assert story.now.state == "dispatched"
    assert [(p.org, p.state) for p in story.now.parts] == [(3, "cancelled"), (4, "assigned")]
    story.do("accept", ROADS_OFFICER).do("report_back", ROADS_OFFICER)
    assert story.now.state == "handled"


def test_times_never_run_backwards() -> None:
    story = Story().filed()
    story.at -= HOUR
    story.refused("dispatch", DISPATCHER, "loop.time", **LEAD_ONLY)


def test_offers_are_exactly_what_may_be_done() -> None:
    story = Story().filed()
    may, not_yet = offers(story.definition, story.now, (DISPATCHER,), story.at)
    assert [o.action for o in may] == ["return_to_intake", "split", "dispatch", "transfer", "message", "note", "call"]
    assert [d.action for d in not_yet] == ["re_dispatch"]
    for offer in may:
        assert DISPATCHER.role in story.definition.table["filed", offer.action].by
    may, not_yet = offers(story.definition, Story().checking().now, (PARKS_INSPECTOR,), story.at + DAY)
    assert "pass" not in [o.action for o in may]
    assert {d.code for d in not_yet} >= {"law.organisation"}


def test_a_request_is_offered_to_who_decides_it_and_to_nobody_else() -> None:
    story = Story().handling().do("extend", PARKS_OFFICER, words="w")
    may, _ = offers(story.definition, story.now, (DISPATCHER,), story.at)
    assert [(o.action, o.request) for o in may if o.action == "decide"] == [("decide", 1)]
    may, not_yet = offers(story.definition, story.now, (PARKS_OFFICER,), story.at)
    assert "decide" not in [o.action for o in may] and "decide" not in [d.action for d in not_yet]
    answered = story.do("decide", DISPATCHER, request=1, answer="granted")
    may, _ = offers(story.definition, answered.now, (DISPATCHER,), story.at)
    assert "decide" not in [o.action for o in may]


def test_a_held_case_shows_only_the_centre_a_way_on() -> None:
    story = Story().handling()
    for _ in range(3):
        story.do("report_back", PARKS_OFFICER).do("submit", DISPATCHER).do("fail", INSPECTOR, words="w")
    story.do("report_back", PARKS_OFFICER).do("submit", DISPATCHER).do("fail", SECOND_INSPECTOR, words="w")
    assert story.now.held == "duty_commander"
    may, _ = offers(story.definition, story.now, (PARKS_OFFICER,), story.at)
    assert [o.action for o in may] == ["note"]
    may, _ = offers(story.definition, story.now, (LEADER,), story.at)
    assert "let_go_on" in [o.action for o in may]
    assert story.duty().role == "duty_commander"


def test_snapshots_survive_writing_and_reading() -> None:
    story = Story().handling(THREE).do("extend", PARKS_OFFICER, words="w")
    assert load(dump(story.now)) == story.now
    assert PARKS[1] in story.now.orgs


def test_withdrawing_ends_when_work_has_begun() -> None:
    story = Story().filed().do("dispatch", DISPATCHER, **THREE).do("accept", ROADS_OFFICER)
    story.refused("withdraw", REPORTER, "loop.begun")
    asked = Story().handling().do("ask_reporter", PARKS_OFFICER, question="q")
    asked.refused("withdraw", REPORTER, "loop.begun")
    assert Story().filed().do("withdraw", REPORTER).now.state == "declined"


def test_only_the_lead_suspends_and_appeals() -> None:
    story = Story().handling(THREE)
    story.refused("suspend", ROADS_OFFICER, "loop.lead_only", reason="season", until=story.at + DAY, words="w")
    Story().closed().refused("appeal", ROADS_OFFICER, "loop.lead_only", words="w")


def test_acceptance_lies_inside_the_handling_limit() -> None:
    short = {**FILE, "milestones": [["1", "1 uh"]]}
    story = Story().do("collect", REPORTER).do("file", SHIFT, **short).do("dispatch", DISPATCHER, **LEAD_ONLY)
    assert story.duty().clock.due == story.at + HOUR
