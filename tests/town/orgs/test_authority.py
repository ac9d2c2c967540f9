import itertools

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from cityloop.ground.kit.remembered import one_moment
from cityloop.ground.loop.actor import CLOCK, Actor
from cityloop.town.orgs import actions, authority
from cityloop.town.orgs.authority import NOBODY, Grant, Scope
from cityloop.town.orgs.models import Holding, Post
from cityloop.town.orgs.roles import ROLES
from tests.town.staff import AT, BY, make_account, make_city, make_org, make_post, seat

pytestmark = pytest.mark.django_db


@pytest.fixture
def city():
    return make_city()


@pytest.fixture
def water(city):
    return make_org("water", city)


def see(account, unit, level=0, paths=()):
    return authority.scope(account, AT).allows(unit, level, paths)


@pytest.mark.parametrize("role", ["intake_officer", "shift_leader", "inspector", "assessor", "dispatcher", "leader"])
def test_area_roles_see_all_of_their_area_and_nothing_beside(water, role):
    account = seat(water, role, "3101")
    assert see(account, "3101005") and see(account, "3101")
    assert not see(account, "3102005") and not see(account, "31")


@pytest.mark.parametrize("role", ["department_officer", "crew"])
def test_departments_see_only_what_they_or_those_below_take_part_in(city, water, role):
    pipes = make_org("pipes", water)
    account = seat(water, role, "31")
    assert see(account, "3101", paths=[water.path]) and see(account, "3101", paths=[pipes.path])
    assert not see(account, "3101") and not see(account, "3101", paths=[city.path, f"/{city.pk}/999999999/"])
    assert not see(account, "4101", paths=[water.path])
    assert not see(seat(pipes, role), "3101", paths=[water.path])


def test_confidentiality_is_a_ceiling(water):
    account = seat(water, "inspector", "", level=1)
    assert see(account, "1", level=1) and not see(account, "1", level=2)


@pytest.mark.parametrize("role", [name for name, role in ROLES.items() if role.sees == "nothing"])
def test_system_posts_see_no_cases(city, role):
    account = seat(city, role, "", level=3)
    assert not see(account, "1", paths=[city.path])
    assert not authority.scope(account, AT).sees_anything()
    assert authority.scope(account, AT).has_role(role)


def test_strangers_see_nothing_and_cost_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        for stranger in (None, AnonymousUser()):
            assert authority.scope(stranger, AT) is NOBODY
            assert authority.actors(stranger, AT) == []
        assert not NOBODY.allows("", 0, ["/1/"])
        assert list(Post.objects.filter(NOBODY.q("unit_code", "level", lambda path: Q()))) == []


def test_an_answer_sees_one_scope_however_fast_the_citys_time_runs(water, django_assert_num_queries):
    account = seat(water, "inspector", "31")
    with one_moment(), django_assert_num_queries(1):
        first = authority.scope(account, AT)
        assert authority.scope(account, AT + 3_600_000_000) is first
    with one_moment(), django_assert_num_queries(1):
        assert authority.scope(account, AT + 3_600_000_000) is not first


def test_scope_costs_one_query_and_is_kept_for_the_request(water, django_assert_num_queries):
    account = seat(water, "crew")
    with django_assert_num_queries(1):
        first = authority.scope(account, AT)
        assert authority.scope(account, AT + 1_000_000) is first
        authority.actors(account, AT)
    with django_assert_num_queries(1):
        authority.scope(account, AT + 6_000_000)


@pytest.mark.parametrize("what", ["dismissed", "account", "post", "organisation"])
def test_authority_ends_with_the_holding_the_account_the_post_and_the_organisation(water, what):
    account = seat(water, "inspector")
    holding = Holding.objects.select_related("post").get(account=account)
    if what == "dismissed":
        actions.dismiss(holding=holding, by=BY, at=AT + 1)
    elif what == "post":
        actions.close_post(post=holding.post, by=BY, at=AT)
    elif what == "organisation":
        actions.set_active(organisation=water, active=False, by=BY, at=AT)
    else:
        account.is_active = False
    assert authority.scope(account, AT + 1).grants == ()


def test_actors_carry_post_and_path_and_the_city_has_none(city, water):
    account = seat(water, "inspector", "31")
    seat(city, "leader", account=account)
    first, second = authority.actors(account, AT)
    post = Post.objects.get(role="inspector")
    assert first == Actor("person", "inspector", account.person_id, post.pk, water.pk, water.path)
    assert (second.role, second.org_path) == ("leader", "")


def test_may_asks_the_post(city, water):
    account = seat(water, "department_officer", "31", level=1)
    (actor,) = authority.actors(account, AT)
    scope = authority.scope(account, AT)
    cases = [
        ("3101", 0, [water.path], True),
        ("3101", 2, [water.path], False),
        ("4", 0, [water.path], False),
        ("3101", 0, [], False),
    ]
    for unit, level, paths, allowed in cases:
        assert authority.may(actor, unit, level, paths) is allowed
        assert scope.may(actor, unit, level, paths) is allowed
    assert authority.may(CLOCK, "3101") and not authority.may(Actor("reporter", "reporter"), "3101")
    assert not scope.may(Actor("person", "department_officer", 999, actor.post), "3101", 0, [water.path])


def test_the_list_condition_agrees_with_allows_on_every_row(city, water):
    """Posts stand in for cases: they have a unit, a level and an organisation."""
    pipes, police = make_org("pipes", water), make_org("police", city)
    for unit, level, org in itertools.product(["", "31", "3101", "3102", "4"], [0, 1, 2], [water, pipes, police]):
        make_post(org, "crew", unit, level)
    everything = list(Post.objects.select_related("organisation"))
    for seats in (
        [("inspector", "31", 1)],
        [("crew", "", 3)],
        [("crew", "31", 1), ("dispatcher", "4", 0)],
        [("leader", "", 3)],
        [("inspector", "31", 1), ("inspector", "3101", 2), ("crew", "3101", 0)],
    ):
        account = make_account()
        for role, unit, level in seats:
            seat(water, role, unit, level, account)
        scope = authority.scope(account, AT)
        listed = Post.objects.filter(scope.q("unit_code", "level", lambda path: _under(path)))
        expected = {p.pk for p in everything if scope.allows(p.unit_code, p.level, [p.organisation.path])}
        assert {p.pk for p in listed if p in everything} == expected, seats


def _under(path):
    return Q(organisation__path__gte=path, organisation__path__lt=path[:-1] + "0")


def test_grants_that_say_nothing_more_are_left_out_of_lists():
    def grant(role, unit, level, path="/1/5/"):
        return Grant(role, ROLES[role].track, ROLES[role].sees, 1, 5, path, unit, level)

    scope = Scope(1, 1, (grant("inspector", "3101", 1), grant("crew", "31", 0), grant("inspector", "31", 1)))
    assert [(r.low, r.high, r.level) for r in scope.area_ranges()] == [("31", "32", 1)]
    assert Scope(1, 1, (grant("leader", "", 3),)).q("u", "l", lambda path: Q()) == Q()
