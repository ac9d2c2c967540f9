import pytest

from cityloop.town.orgs import queries
from cityloop.town.orgs.staffing import Need
from tests.town.staff import AT, make_account, make_city, make_org, seat

pytestmark = pytest.mark.django_db


@pytest.fixture
def city():
    return make_city()


def test_eligible_nearest_first_in_one_query(city, django_assert_num_queries):
    centre = make_org("centre", city)
    far, near = seat(centre, "inspector", ""), seat(centre, "inspector", "3101")
    seat(centre, "inspector", "3102")
    seat(centre, "crew", "3101")
    with django_assert_num_queries(1):
        found = queries.eligible("inspector", "3101005", AT)
    assert [c.account for c in found] == [near.pk, far.pk]
    assert queries.eligible("inspector", "3101005", AT - 1) == []


def test_eligible_leaves_out_persons_and_related_organisations_but_never_the_city(city):
    water = make_org("water", city)
    pipes, police = make_org("pipes", water), make_org("police", city)
    people = {org: seat(org, "inspector", "", 1) for org in (city, water, pipes, police)}
    found = queries.eligible("inspector", "31", AT, exclude_org_paths=[water.path])
    assert {c.account for c in found} == {people[city].pk, people[police].pk}
    assert {c.org_path for c in found} == {"", police.path}
    found = queries.eligible("inspector", "31", AT, exclude_person=[people[police].person_id], level=1)
    assert people[police].pk not in {c.account for c in found} and len(found) == 3
    assert queries.eligible("inspector", "31", AT, level=2) == []


LITTER = (Need("litter"),)
UNITS = ["3101", "3102", "3201"]


def find(city, lead, needs=LITTER, splits=()):
    found = queries.missing(needs, UNITS, at=AT, lead=lambda m, u: lead, splits=splits)
    return {(f.problem, f.role, f.unit_code, f.units) for f in found}


def test_an_empty_city_lacks_everybody_once(city, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = find(city, None)
    assert found == {
        ("nobody", "intake_officer", "", 3),
        ("nobody", "inspector", "", 3),
        ("nobody", "shift_leader", "", 3),
        ("nobody", "dispatcher", "", 3),
        ("no_lead", "department_officer", "", 3),
    }


def test_a_well_staffed_city_has_no_findings(city):
    water = make_org("water", city)
    for role in ("intake_officer", "inspector", "shift_leader", "dispatcher"):
        seat(city, role), seat(city, role)
    seat(water, "department_officer"), seat(water, "department_officer")
    assert find(city, water.path) == set()


def test_only_one_and_where(city):
    water = make_org("water", city)
    for role in ("intake_officer", "shift_leader", "dispatcher", "inspector"):
        seat(city, role), seat(city, role, "31")
    seat(water, "department_officer"), seat(water, "department_officer")
    assert {f[:3] for f in find(city, water.path)} == {
        ("only_one", role, "") for role in ("intake_officer", "shift_leader", "dispatcher", "inspector")
    }
    assert {f[3] for f in find(city, water.path)} == {1}


def test_inspectors_of_the_lead_do_not_count_nor_do_posts_too_low(city):
    water = make_org("water", city)
    for org in (water, water):
        seat(org, "inspector", "", 3)
    assert ("nobody", "inspector", "", 3) in find(city, water.path)
    assert ("nobody", "inspector", "", 3) not in find(city, f"/{city.pk}/999999999/")
    seat(city, "inspector", "", 1), seat(city, "inspector", "", 1)
    assert ("nobody", "inspector", "", 3) in find(city, water.path, [Need("secret", 2)])
    assert ("nobody", "inspector", "", 3) not in find(city, water.path, [Need("open", 1)])


def test_one_person_alone_on_both_tracks_is_named(city):
    both = make_account()
    seat(city, "inspector", account=both), seat(city, "dispatcher", account=both)
    assert ("same_person", "inspector", "", 3) in find(city, None)


def test_a_big_city_is_checked_quickly(city, django_assert_num_queries):
    for district in range(20):
        for role in ("inspector", "dispatcher"):
            seat(city, role, f"{district:02}")
    units = [f"{i % 20:02}{i:06}" for i in range(50_000)]
    needs = [Need(f"m{i}", i % 4) for i in range(300)]
    calls = []
    with django_assert_num_queries(1):
        found = queries.missing(needs, units, at=AT, lead=lambda m, u: calls.append(m))
    assert len(calls) == 20 * 300
    assert sum(f.units for f in found if f.role == "department_officer") == 50_000 * 4
