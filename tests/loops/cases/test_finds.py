"""A find of an inspector's own: in their post and its units, without a caller, checked by somebody else."""

import json

import pytest

from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases import actions as cases
from cityloop.loops.cases.checkers import find_checkers
from cityloop.loops.cases.models import Case
from cityloop.loops.cases.queries import snapshot_of
from cityloop.loops.cases.rebuilding import differences
from cityloop.town.ledger.models import Step
from cityloop.town.orgs import authority
from tests.loops.cases.smallville import STRAIGHT

# The district of the post `inspector_east`, and the other one.
HERE, THERE = {"lon": 10.05, "lat": 50.07}, {"lon": 10.15, "lat": 50.07}


def scope(town, who):
    return authority.scope(town.accounts[who], town.at)


def find(town, who="inspector", **more):
    report = cases.Report(**{"channel": cases.FIND, "words": "A tree is down", "matter": "tree", **HERE, **more})
    by = cases.finder(report=report, scope=scope(town, who))
    return cases.collect(report=report, by=by, at=town.at)


def test_it_is_in_the_book_as_what_an_inspector_found(town):
    made = find(town)
    case, step = Case.objects.get(pk=made.case), Step.objects.get(what="collect")
    assert (case.channel, step.role, step.actor) == ("inspector", "inspector", "person")
    assert snapshot_of(case).finder == town.accounts["inspector"].person_id
    assert set(json.loads(step.data)) == {
        "channel",
        "unit",
        "level",
        "matter",
        "words",
        "own",
        "tell",
    }  # no person is named
    assert list(differences([case])) == []


def test_only_within_the_units_of_the_post(town):
    assert find(town, "inspector_east")
    for place in (THERE, {"lon": None, "lat": None, "address": "Behind the mill"}):
        with pytest.raises(Refusal) as caught:
            find(town, "inspector_east", **place)
        assert (caught.value.code, caught.value.field) == ("cases.find.beyond", "lon")
    assert Case.objects.count() == 1


def test_the_action_itself_asks_for_the_post(town):
    report = cases.Report(channel=cases.FIND, words="A tree is down", **THERE)
    for who, code in (("dispatcher", "authority.denied"), ("inspector_east", "cases.find.beyond")):
        with pytest.raises(Refusal) as caught:
            cases.collect(report=report, by=town.actor(who), at=town.at)
        assert caught.value.code == code
    with pytest.raises(Refusal, match="None of your posts"):
        cases.finder(report=report, scope=scope(town, "intake"))


def test_it_has_no_caller(town):
    with pytest.raises(Refusal) as caught:
        find(town, phone="+1 555 0100")
    assert caught.value.code == "cases.find.contact"


def test_somebody_else_checks_it_and_where_nobody_near_may_the_nearest_is_named(town):
    case = find(town, "inspector_east").case
    for action, who, data in STRAIGHT[:-2]:
        town.take(case, action, who, **data)
    with pytest.raises(Refusal, match="You reported this yourself"):
        town.take(case, "pass", "inspector_east", words="It is gone")
    find_checkers()
    town.take(case, "pass", "inspector", words="It is gone")


def test_children_of_a_find_are_not_checked_by_who_found_it(town):
    case = find(town).case
    town.take(case, "file", "shift")
    town.take(case, "split", "dispatcher", children=[{"matter": "tree"}, {"matter": "hole"}])
    child = Case.objects.get(parent_id=case, matter="hole").pk
    town.take(child, "dispatch", "dispatcher")
    town.take(child, "accept", "roads")
    town.take(child, "report_back", "roads", words="Filled")
    town.take(child, "submit", "dispatcher")
    with pytest.raises(Refusal, match="You reported this yourself"):
        town.take(child, "pass", "inspector", words="It is filled")
