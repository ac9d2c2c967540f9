"""Plates switched on and off: a version each, on the ledger, nothing lost, and of two at once one is told."""

import json
import threading

import pytest
from django.db import connection

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.catalog import actions, queries
from cityloop.town.ledger.models import Step
from cityloop.town.orgs.models import Organisation
from tests.town.catalog.plates import matter, municipal, plate
from tests.town.staff import AT, BY, both, make_city, make_org


def water(**more):
    """A plate that names an organisation of municipal's and one of its own."""
    return plate(
        "water",
        matter("9901", "Burst main"),
        **{
            "organisations": [{"key": "cleaning", "names": both("Other")}, {"key": "works", "names": both("Works")}],
            "responsibility": [{"lead": "works"}],
            **more,
        },
    )


def on(made, digest=None):
    return actions.switch_on(plate=made, on=digest, by=BY, at=AT)


def off(key, digest=None):
    return actions.switch_off(plate=key, on=digest, by=BY, at=AT)


@pytest.mark.django_db
def test_a_plate_comes_with_matters_responsibility_and_missing_organisations_only():
    town = make_city()
    make_org("cleaning", town)
    before = Organisation.objects.get(key="cleaning")
    first, second = on(municipal()), on(water())
    assert (first.number, second.number) == (1, 2)
    now = queries.current()
    assert set(now.matters) == {"0110", "0401", "9901"}
    assert now.route("9901", "").lead.key == "works"
    kept = Organisation.objects.get(key="cleaning")
    assert (kept.names, kept.revision) == (before.names, before.revision)
    assert Organisation.objects.filter(key="works").count() == 1
    told = json.loads(Step.objects.filter(subject="catalog").latest("seq").data)
    assert (told["plate"], told["plate_version"], told["number"]) == ("water", "1.0.0", 2)
    assert told["digest"] == second.digest and set(told["plates"]) == {"municipal", "water"}


@pytest.mark.django_db
def test_off_leaves_the_old_version_the_organisations_and_the_name_of_its_matters():
    make_city()
    on(municipal())
    old = on(water()).digest
    off("water")
    now = queries.current()
    assert "9901" not in now.matters and now.known["9901"].names["en"] == "Burst main"
    assert queries.catalog(old).matter("9901").plate == "water"
    assert Organisation.objects.get(key="works").active
    step = Step.objects.filter(subject="catalog").latest("seq")
    assert (step.what, json.loads(step.data)["plate"]) == ("switched_off", "water")


@pytest.mark.django_db
def test_what_the_city_changed_is_there_again_when_the_same_version_is_switched_on_again():
    make_city()
    on(water())
    changed = actions.change_matter(
        code="9901", changes={"urgent": True}, on=queries.last_digest(), by=BY, at=AT
    ).digest
    off("water")
    actions.switch_on(plate=municipal(), by=BY, at=AT)
    assert queries.current().known["9901"].urgent, "another publication keeps what rests"
    off("municipal")
    assert on(water()).digest != changed, "municipal rests beside it"
    assert queries.current().matter("9901").urgent
    off("water")
    on(water(version="2.0.0"))
    assert not queries.current().matter("9901").urgent, "a newer plate comes as it is"


@pytest.mark.django_db
def test_what_is_on_or_off_already_is_refused_and_changes_nothing():
    make_city()
    on(municipal())
    steps = Step.objects.count()
    for change, code in ((lambda: on(municipal()), "on"), (lambda: off("water"), "off")):
        with pytest.raises(Refusal) as caught:
            change()
        assert (caught.value.code, caught.value.field) == (f"catalog.plate.{code}", "plate")
    with pytest.raises(Refusal) as caught:
        on(plate("other", matter("0110")))
    assert caught.value.code == "catalog.matter.twice"
    with pytest.raises(Refusal) as caught:
        on(water(organisations=[]))
    assert caught.value.code == "catalog.organisation.unknown"
    assert (Step.objects.count(), queries.current().number) == (steps, 1)


@pytest.mark.django_db
def test_two_plates_do_not_give_their_components_the_same_codes():
    make_city()
    pipe = {"code": "pipe", "class": "01", "subclass": "07", "names": both("Pipe"), "responsible": "works"}
    on(water(components=[pipe]))
    with pytest.raises(Refusal) as caught:
        on(plate("other", matter("0110"), components=[{**pipe, "code": "well", "subclass": "007"}]))
    assert caught.value.code == "catalog.component.twice"
    on(plate("other", matter("0110"), components=[{**pipe, "code": "well", "subclass": "08"}]))


@pytest.mark.django_db
def test_two_plates_published_together_do_not_name_one_type():
    make_city()
    pipe = {"code": "pipe", "class": "01", "subclass": "07", "names": both("Pipe"), "responsible": "works"}
    other = plate("other", matter("0110"), components=[{**pipe, "subclass": "08"}])
    with pytest.raises(Refusal) as caught:
        actions.publish(plates=[water(components=[pipe]), other], by=BY, at=AT)
    assert caught.value.code == "components.type.twice"


@pytest.mark.django_db
def test_who_looked_at_an_older_version_is_told():
    make_city()
    seen = on(municipal()).digest
    on(water(), seen)
    with pytest.raises(Refusal) as caught:
        off("municipal", seen)
    assert caught.value.code == "catalog.changed"
    assert "0110" in queries.current().matters


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_wins_and_the_other_is_told():
    make_city()
    seen, gate, said = on(municipal()).digest, threading.Barrier(2), []

    def try_it(made):
        try:
            gate.wait(10)
            on(made, seen)
            said.append("done")
        except Refusal as refusal:
            said.append(refusal.code)
        finally:
            connection.close()

    both_at_once = [threading.Thread(target=try_it, args=[made]) for made in (water(), plate("air", matter("7701")))]
    for one in both_at_once:
        one.start()
    for one in both_at_once:
        one.join(30)
    assert sorted(said) == ["catalog.changed", "done"]
    assert queries.last_digest() != seen and len(queries.published().plates) == 2


@pytest.mark.django_db
def test_a_version_that_is_published_again_has_the_number_it_has_now():
    make_city()
    first = on(water())
    assert queries.current().number == first.number
    off("water")
    again = on(water())
    assert again.digest == first.digest and queries.current().number == again.number > first.number
