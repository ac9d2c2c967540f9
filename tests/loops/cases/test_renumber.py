"""Units are split, merged and renumbered while cases are open: the cases follow, the past stays."""

import shapely
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cityloop.ground.loop.snapshot import load
from cityloop.loops.cases.actions import renumber
from cityloop.loops.cases.models import Case
from cityloop.loops.cases.rebuilding import all_differences
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.queries import verify
from cityloop.town.orgs.models import Holding, Post
from cityloop.town.units import queries as units
from cityloop.town.units.actions import reform
from cityloop.town.units.tasks import event_of, publish_reforms
from cityloop.town.worklist.models import Row
from tests.loops.cases.smallville import Town
from tests.town.staff import BY, both, seat


def _cases(town: Town) -> list[int]:
    places = [(10.02, 50.02), (10.07, 50.02), (10.02, 50.08), (10.15, 50.02), (10.15, 50.08)]
    made = [town.collect(lon=lon, lat=lat).case for lon, lat in places]
    made.append(town.collect(lon=None, lat=None, unit="100101").case)
    made.append(town.to("handling", lon=10.03, lat=50.01))
    made.append(town.to("closed", lon=10.03, lat=50.01))
    return made


def _sound() -> None:
    valid = set(units.valid().values_list("code", flat=True))
    for case in Case.objects.all():
        assert case.unit_code in valid and load(case.snapshot).unit == case.unit_code
        assert set(Row.objects.filter(subject_id=case.pk).values_list("unit_code", flat=True)) == {case.unit_code}
    assert sum(Case.objects.filter(unit_code=code).count() for code in valid) == Case.objects.count()
    assert list(verify()) == [] and list(all_differences()) == []


def test_a_case_known_no_finer_than_a_district_is_filed_under_its_rest(town: Town) -> None:
    case = town.collect(lon=None, lat=None, unit="100101").case
    assert Case.objects.get(pk=case).unit_code == "100101000"


def test_cases_follow_split_merge_and_renumber(town: Town) -> None:
    made = _cases(town)
    filed = dict(Case.objects.values_list("pk", "unit_filed"))
    old = Case.objects.get(pk=made[0]).unit_code
    town.at += 1
    halves = [shapely.box(10.0, 50.0, 10.05, 50.05), shapely.box(10.05, 50.0, 10.1, 50.05)]
    parts = [reform.Part(names=both(f"Half {n}"), shape=shape) for n, shape in enumerate(halves)]
    reform.split(code=old, parts=parts, by=BY, at=town.at)
    assert publish_reforms() == 1
    _sound()
    one, two = (Case.objects.get(pk=n).unit_code for n in made[:2])
    assert one != two and old not in (one, two)

    town.at += 1
    east = sorted({Case.objects.get(pk=n).unit_code for n in made[3:5]})
    reform.merge(codes=east, names=both("All East"), by=BY, at=town.at)
    publish_reforms()
    _sound()
    assert len({Case.objects.get(pk=n).unit_code for n in made[3:5]}) == 1

    town.at += 1
    before = {n: Case.objects.get(pk=n).unit_code for n in made}
    reform.renumber(codes={"100101": "100102", "100102": "100101"}, by=BY, at=town.at)  # the districts swap
    publish_reforms()
    _sound()
    for n in made:
        now = Case.objects.get(pk=n).unit_code
        assert now[:6] == {"100101": "100102", "100102": "100101"}[before[n][:6]] and now[6:] == before[n][6:]
    assert dict(Case.objects.values_list("pk", "unit_filed")) == filed

    told = [event_of(step) for step in Step.objects.filter(subject="units:city", kind="renumber")]
    assert publish_reforms() == 0 and renumber.follow(told[0]) == 0  # heard twice, changed once
    _sound()


def test_a_chunk_costs_a_constant_number_of_statements(town: Town) -> None:
    def cost(cases: int) -> int:
        for _ in range(cases):
            town.collect(lon=10.02, lat=50.02)
        town.at += 1
        code = units.locate(10.02, 50.02)
        assert code
        reform.renumber(codes={code: f"{code[:6]}{int(code[6:]) + 7:03}"}, by=BY, at=town.at)
        with CaptureQueriesContext(connection) as queries:
            publish_reforms()
        return len([q for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))])

    few, many = cost(3), cost(60)
    assert many <= few + 2, (few, many)


def test_posts_follow_and_double_where_a_unit_was_divided(town: Town) -> None:
    inspector = seat(town.orgs["supervision"], "inspector", "100101")
    children = tuple(u.code for u in units.children("100101") if u.kind == "normal")
    town.at += 1
    parts = [reform.Part(names=both(c), children=(c,)) for c in children]
    event = reform.split(code="100101", parts=parts, by=BY, at=town.at)
    publish_reforms()
    scopes = Holding.objects.filter(account=inspector).values_list("post__unit_code", flat=True)
    assert sorted(scopes) == sorted(event.became["100101"])
    assert not Post.objects.filter(unit_code="100101").exists()
    assert list(verify()) == []
