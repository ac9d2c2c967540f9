"""Cases and their relatives off the straight way: duplicates, families, people who leave, the clock of others."""

from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.snapshot import Act, load
from cityloop.loops.cases import actions as cases
from cityloop.loops.cases import tasks
from cityloop.loops.cases.checkers import find_checkers
from cityloop.loops.cases.counting import four_counts
from cityloop.loops.cases.models import Case
from cityloop.loops.cases.rebuilding import all_differences
from cityloop.town.calendar.clock import city_clock
from cityloop.town.ledger.actions import sequence
from cityloop.town.ledger.queries import verify
from cityloop.town.notices.models import Notice
from cityloop.town.orgs import authority
from cityloop.town.orgs.actions import dismiss
from cityloop.town.orgs.models import Holding
from cityloop.town.worklist import queries as worklist
from tests.loops.cases.smallville import DAY, MINUTE, STRAIGHT, Town, build
from tests.town.staff import BY, seat

TWO = [{"matter": "hole"}, {"matter": "hole"}]
HOLE = [("file", "shift"), ("dispatch", "dispatcher"), ("accept", "roads"), ("report_back", "roads"),
        ("submit", "dispatcher"), ("pass", "inspector"), ("close", "shift")]  # fmt: skip


@pytest.fixture
def town(db: None, tmp_path: Path) -> Any:
    made = build(tmp_path)
    yield made
    assert list(verify()) == [] and list(all_differences()) == []


def state(case: int) -> str:
    return str(Case.objects.values_list("state", flat=True).get(pk=case))


def resolution(case: int) -> str:
    return str(Case.objects.values_list("resolution", flat=True).get(pk=case))


def said(action: str) -> dict[str, str]:
    """Give the words without which nothing is reported back."""
    return {"words": "Done"} if action == "report_back" else {}


def close(town: Town, case: int) -> None:
    """Bring a case to its end by the straight way from wherever it stands."""
    steps = [(a, w) for a, w, _ in STRAIGHT] if Case.objects.get(pk=case).matter == "tree" else HOLE
    stands = {"collected": 0, "filed": 1}[state(case)]
    for action, who in steps[stands:]:
        town.take(case, action, who, **said(action))
    assert state(case) == "closed"


def split(town: Town, case: int) -> list[int]:
    before = set(Case.objects.filter(parent_id=case).values_list("pk", flat=True))
    town.take(case, "split", "dispatcher", children=TWO)
    return sorted(set(Case.objects.filter(parent_id=case).values_list("pk", flat=True)) - before)


def as_role(town: Town, account: Any, role: str, case: int, action: str, **data: Any) -> None:
    town.at += MINUTE
    by = next(actor for actor in authority.actors(account, town.at) if actor.role == role)
    scope = authority.scope(account, town.at)
    cases.take(case=case, act=Act(action, data), by=by, at=town.at, scope=scope)


# --- duplicates


def test_a_main_case_is_reopened_and_closed_again_whatever_became_of_its_duplicates(town: Town) -> None:
    duplicate, main, other = (town.collect().case for _ in range(3))
    town.take(duplicate, "fold", "intake", into=main)
    close(town, main)
    assert state(duplicate) == "closed" and four_counts()["folded"] == 1
    town.take(main, "reopen", "reporter", words="still there")
    close(town, main)
    town.take(main, "reopen", "reporter", words="still there")
    town.take(main, "fold", "shift", into=other)
    assert state(duplicate) == "closed"


@pytest.mark.django_db(transaction=True)
def test_a_main_case_does_not_end_while_another_is_folded_into_it(town: Town) -> None:
    """Who closes it waits for the fold, and ends what was folded as well."""
    duplicate, main = town.to("filed"), town.to("checked")
    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            town.take(duplicate, "fold", "shift", into=main)
            closing = other.submit(close_elsewhere, town, main)
            wait([closing], timeout=0.5)
        closing.result(timeout=20)
    assert (state(duplicate), state(main)) == ("closed", "closed")


def close_elsewhere(town: Town, case: int) -> None:
    try:
        town.take(case, "close", "shift")
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_of_two_cases_folded_into_each_other_one_is(town: Town) -> None:
    """Each holds what the other waits for: one is told that somebody else was first."""
    one, two = town.to("filed"), town.to("filed")
    begin = Barrier(2)
    with ThreadPoolExecutor(2) as both:
        told = [
            f.result(timeout=30) for f in [both.submit(fold, town, begin, *pair) for pair in ((one, two), (two, one))]
        ]
    assert sorted(told)[0] == "" and sorted(told)[1] in ("cases.changed", "cases.fold.self", "cases.fold.folded")
    assert sorted((state(one), state(two))) == ["filed", "folded"]


def fold(town: Town, begin: Barrier, case: int, into: int) -> str:
    begin.wait()
    try:
        town.take(case, "fold", "shift", into=into)
    except Refusal as refusal:
        return refusal.code
    finally:
        connection.close()
    return ""


def test_a_reopened_duplicate_is_a_case_of_its_own(town: Town) -> None:
    main, duplicate = town.collect().case, town.to("filed")
    town.take(duplicate, "fold", "shift", into=main)
    close(town, main)
    town.take(duplicate, "reopen", "reporter", words="mine is another")
    assert Case.objects.get(pk=duplicate).into_id is None and state(duplicate) == "filed"
    assert four_counts() == {"reports": 2, "cases": 2, "rounds": 3, "folded": 0}


# --- families


def test_a_parent_ends_when_a_child_ends_with_another_main_case(town: Town) -> None:
    main, parent = town.to("filed", matter="hole"), town.to("filed")
    one, two = split(town, parent)
    town.take(one, "fold", "shift", into=main)
    close(town, two)
    close(town, main)
    assert [state(case) for case in (one, parent)] == ["closed", "closed"] and resolution(parent) == "solved"


def test_ends_travel_up_a_family_and_to_who_follows_it(town: Town) -> None:
    parent, follower = town.to("filed"), town.collect().case
    town.take(follower, "fold", "intake", into=parent)
    one, two = split(town, parent)
    grandchildren = split(town, one)
    for case in (two, *grandchildren):
        close(town, case)
    assert {state(case) for case in (one, parent, follower)} == {"closed"}


def test_a_child_is_not_folded_into_a_split_case(town: Town) -> None:
    parent = town.to("filed")
    one, _two = split(town, parent)
    with pytest.raises(Refusal) as refused:
        town.take(one, "fold", "shift", into=parent)
    assert refused.value.code == "cases.fold.split"


def test_a_parent_whose_children_were_all_declined_was_not_solved(town: Town) -> None:
    parent = town.to("filed")
    for child in split(town, parent):
        town.take(child, "return_to_intake", "dispatcher", words="w")
        town.take(child, "decline", "intake", reason="not_ours", words="w")
    assert (state(parent), resolution(parent)) == ("closed", "cannot_be_solved")


def test_nobody_stands_on_both_sides_of_a_family_also_when_it_has_ended(town: Town) -> None:
    both = town.accounts["roads"]
    seat(town.orgs["supervision"], "shift_leader", level=3, account=both)
    parent = town.to("filed")
    one, two = split(town, parent)
    for child in (one, two):
        close(town, child)
    with pytest.raises(Refusal) as refused:
        as_role(town, both, "shift_leader", parent, "reopen", words="w")
    assert refused.value.code == "law.person"


def test_who_filed_a_case_does_not_dispatch_its_grandchildren(town: Town) -> None:
    both = town.accounts["shift"]
    seat(town.orgs["command"], "dispatcher", level=3, account=both)
    parent = town.to("filed")
    grandchild = split(town, split(town, parent)[0])[0]
    with pytest.raises(Refusal) as refused:
        as_role(town, both, "dispatcher", grandchild, "dispatch")
    assert refused.value.code == "law.person"


def test_who_handled_a_sibling_is_no_checker(town: Town) -> None:
    for name in ("inspector", "inspector_east"):
        dismiss(holding=Holding.objects.get(account=town.accounts[name]), by=BY, at=town.at)
    both = town.accounts["roads"]
    seat(town.orgs["supervision"], "inspector", level=3, account=both)
    parent = town.to("filed")
    town.take(parent, "split", "dispatcher", children=[{"matter": "hole"}, {"matter": "secret"}])
    one, two = Case.objects.filter(parent_id=parent).order_by("pk").values_list("pk", flat=True)
    town.take(one, "dispatch", "dispatcher")
    town.take(one, "accept", "roads")
    for action, who in (("dispatch", "dispatcher"), ("accept", "police"), ("report_back", "police")):
        town.take(two, action, who, **said(action))
    town.take(two, "submit", "dispatcher")
    sequence()
    find_checkers()
    assert load(Case.objects.get(pk=two).snapshot).confirmable


# --- people


def test_only_who_can_take_it_is_named(town: Town) -> None:
    handled, dispatched = town.to("handled"), town.to("dispatched")
    officer, inspector = town.actor("parks").person, town.actor("inspector").person
    for wrong in (999_999, officer):
        with pytest.raises(Refusal) as refused:
            town.take(handled, "submit", "dispatcher", inspector=wrong)
        assert refused.value.code == "cases.person.unfit" and refused.value.field == "inspector"
    for wrong in (999_999, inspector):
        with pytest.raises(Refusal) as refused:
            town.take(dispatched, "accept", "parks", person=wrong)
        assert refused.value.code == "cases.person.unfit" and refused.value.field == "person"
    town.take(handled, "submit", "dispatcher", inspector=inspector)
    town.take(dispatched, "accept", "parks", person=officer)


def test_what_an_officer_left_behind_is_in_the_inbox_of_the_next(town: Town) -> None:
    case = town.to("handling")
    dismiss(holding=Holding.objects.get(account=town.accounts["parks"]), by=BY, at=town.at)
    successor = seat(town.orgs["parks"], "department_officer")
    rows = worklist.inbox(authority.scope(successor, town.at + MINUTE))
    assert "state" in {row.slot for row in rows if row.subject_id == case}


# --- the clock


def test_one_case_that_breaks_does_not_stop_the_clock_of_others(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, other = town.collect().case, town.collect().case
    for case in (broken, other):
        town.take(case, "ask_reporter", "intake", question="q")
    take = tasks.take

    def fails(*, case: int, **rest: Any) -> Any:
        if case == broken:
            raise KeyError("")
        return take(case=case, **rest)

    monkeypatch.setattr(tasks, "take", fails)
    monkeypatch.setattr(city_clock, "now", lambda: town.at + 9 * DAY)
    assert tasks.lapse() == 1
    assert (state(broken), state(other)) == ("waiting_reporter", "collected")


def test_only_who_holds_the_case_writes_to_the_reporter_and_nothing_moves(town):
    case = town.to("handling", email="rose@example.org", name="Rose")
    with pytest.raises(Refusal, match="holds the case"):
        town.take(case, "message", "dispatcher", words="Wait")
    with pytest.raises(Refusal, match="holds the case"):
        town.take(case, "message", "roads", words="Wait")  # assists, does not lead
    before = Case.objects.get(pk=case)
    town.take(case, "message", "parks", words="The crane comes on Monday")
    now = Case.objects.get(pk=case)
    assert (now.state, now.due, now.lead_org) == (before.state, before.due, before.lead_org)
    sequence()
    tasks.tell_reporters()
    assert "message" in set(Notice.objects.filter(subject=now.subject).values_list("kind", flat=True))
