import json

import pytest

from cityloop.ground.kit.manifest import Responsibility
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.worktime import Limit
from cityloop.town.catalog import actions, queries
from cityloop.town.catalog.models import CatalogVersion
from cityloop.town.ledger.models import Step
from cityloop.town.orgs import actions as orgs
from cityloop.town.orgs.models import Organisation
from tests.town.catalog.plates import matter, municipal, plate
from tests.town.staff import AT, BY, make_city, make_org, seat

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def city():
    return make_city()


def publish(*plates, city=()):
    return actions.publish(plates=plates or [municipal()], city=city, by=BY, at=AT)


def test_a_publication_makes_its_organisations_and_is_on_the_ledger():
    version = publish()
    sweepers = Organisation.objects.get(key="sweepers")
    assert sweepers.parent.key == "cleaning"
    step = Step.objects.get(subject="catalog")
    assert json.loads(step.data)["digest"] == version.digest


def test_the_same_content_is_published_once_whatever_the_order():
    other = plate("water", matter("9901"))
    first = publish(municipal(), other)
    assert publish(other, municipal()) == first
    assert Step.objects.filter(subject="catalog").count() == 1
    assert publish(municipal()).number == 2
    assert publish(municipal(), other).digest == first.digest
    assert queries.current().digest == first.digest
    assert CatalogVersion.objects.count() == 3


def test_matters_are_compiled():
    publish()
    found = queries.current().matter("0110")
    assert (found.plate, found.class_, found.subclass) == ("municipal", "01", "10")
    assert [step.limit for step in found.milestones] == [Limit(1, "uh"), Limit(5, "wd")]
    assert found.limit == Limit(5, "wd")
    with pytest.raises(Refusal) as caught:
        queries.current().matter("nope")
    assert caught.value.field == "matter"


def test_a_pinned_version_stays_as_it_was():
    old = publish().digest
    new = publish(plate("municipal", matter("0110", "Renamed")), city=[Responsibility(lead="city")]).digest
    assert queries.catalog(old).matter("0110").names["en"] == "Exposed rubbish"
    assert queries.catalog(new).matter("0110").names["en"] == "Renamed"
    with pytest.raises(Refusal):
        queries.catalog("0" * 64)


def test_routes_to_organisations_with_reasons():
    publish()
    now = queries.current()
    answer = now.route("0110", "3101")
    assert (answer.lead.key, [h.org.key for h in answer.assisting]) == ("sweepers", ["cleaning"])
    assert answer.lead.path == Organisation.objects.get(key="sweepers").path
    assert answer.won.lead == "sweepers" and answer.passed_over == []
    assert now.route("0110", "41").lead.key == "cleaning"
    assert now.lead_path("0401", "31") == Organisation.objects.get(key="cleaning").path


def test_a_plates_pattern_speaks_of_its_own_matters_only():
    publish(municipal(), plate("water", matter("9901")))
    assert queries.current().route("9901", "31").lead is None


def test_the_citys_own_rules_speak_of_all_and_win_ties():
    rules = [Responsibility(lead="city"), Responsibility(matter="0110", unit="31", lead="cleaning")]
    publish(municipal(), plate("water", matter("9901")), city=rules)
    now = queries.current()
    assert now.route("9901", "31").lead.actor_path == ""
    assert now.route("0110", "3101").lead.key == "cleaning"


def test_a_closed_organisation_is_passed_over_and_said_so():
    publish()
    orgs.set_active(organisation=Organisation.objects.get(key="sweepers"), active=False, by=BY, at=AT)
    queries.forget()
    answer = queries.current().route("0110", "3101")
    assert answer.lead.key == "cleaning"
    assert answer.won.lead == "cleaning" and answer.passed_over == ["sweepers"]


def test_moved_organisations_are_seen_with_their_new_path(city):
    publish()
    queries.current()
    works, cleaning = make_org("works", city), Organisation.objects.get(key="cleaning")
    orgs.move_organisation(organisation=cleaning, parent=works, by=BY, at=AT)
    queries.forget()
    assert queries.current().route("0401", "1").lead.path == f"{works.path}{cleaning.pk}/"


def test_no_sql_on_the_hot_path(django_assert_num_queries):
    publish()
    queries.current()
    with django_assert_num_queries(0):
        queries.current().route("0110", "3101")
        queries.catalog(queries.current().digest).matter("0401")
    queries.forget()
    with django_assert_num_queries(2):
        queries.current()


@pytest.mark.parametrize(
    ("plates", "own", "field"),
    [
        ([plate("a", matter("0101")), plate("b", matter("0101"))], (), "matters"),
        ([plate("a", matter("0101"), responsibility=[{"lead": "unknown"}])], (), "responsibility"),
        ([plate("a", matter("0101"))], [Responsibility(lead="unknown")], "responsibility"),
        ([plate("a", matter("0101"))], [Responsibility(lead="city")] * 2, "responsibility"),
        (
            [municipal(organisations=[{"key": "x", "names": {"en": "x", "zh-hans": "x"}, "parent": "y"}])],
            (),
            "organisations",
        ),
    ],
)
def test_what_does_not_hold_together_is_refused_whole(plates, own, field):
    before = (Organisation.objects.count(), Step.objects.count())
    with pytest.raises(Refusal) as caught:
        publish(*plates, city=own)
    assert caught.value.field == field
    assert (Organisation.objects.count(), Step.objects.count()) == before
    with pytest.raises(Refusal):
        queries.current()


def test_search_and_suggestions_in_both_languages():
    publish()
    now = queries.current()
    assert [m.code for m in now.search("rubb")] == ["0110"]
    assert [m.code for m in now.search("无照", "zh-hans")] == ["0401"]
    assert [m.code for m in now.search("04")] == ["0401"]
    assert len(now.search("")) == 2 and now.search("nothing like it") == []
    assert now.suggest("There is GARBAGE all over the pavement")[0].code == "0110"
    assert now.suggest("路边有一堆垃圾没人管", "zh-hans")[0].code == "0110"
    assert now.suggest("a vendor without a permit")[0].code == "0401"
    assert now.suggest("x" * 10_000) == []


def test_the_check_of_staff_uses_the_real_rules(city):
    publish()
    cleaning = Organisation.objects.get(key="cleaning")
    seat(cleaning, "department_officer", level=3)
    found = queries.missing(["3101", "4101"], AT)
    officers = {(f.problem, f.unit_code, f.matters) for f in found if f.role == "department_officer"}
    assert officers == {
        ("nobody", "31", ("0110",)),
        ("only_one", "31", ("0401",)),
        ("only_one", "", ("0110",)),
        ("only_one", "", ("0401",)),
    }
