"""A plate in force is the one published, whatever lies in its folder; a newer one is taken over in one act."""

import json
from dataclasses import replace

import pytest

from cityloop.ground.kit import compare
from cityloop.ground.kit.loader import load
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.registry import plates as installed
from cityloop.town.catalog import actions, exchange, outgoing, queries, standing
from cityloop.town.catalog.content import Content, digest_of, text_of
from cityloop.town.components import queries as components
from cityloop.town.ledger.models import Step
from cityloop.town.orgs import queries as orgs
from tests.town.catalog.plates import matter, plate
from tests.town.staff import AT, BY, both, make_city

pytestmark = pytest.mark.django_db

PLAN = {
    "key": "flood", "names": both("Flood"), "matters": ["9901"],
    "grades": [{"grade": 4, "names": both("blue"), "when": both("rain")}],
    "tasks": [{"key": "pump", "names": both("Pump"), "organisation": "works", "within": "1 uh"}],
}  # fmt: skip


def water(version="1.0.0", *matters, **more):
    made = matters or (matter("9901", "Burst main"), matter("9902", "No water"))
    return plate(
        "water",
        *made,
        version=version,
        **{
            "organisations": [{"key": "works", "names": both("Works")}],
            "responsibility": [{"lead": "works"}],
            **more,
        },
    )


@pytest.fixture(autouse=True)
def city():
    return make_city()


def renew(made, on=None):
    return actions.renew(plate=made, on=on, by=BY, at=AT)


def published():
    return next(one for one in queries.published().plates if one.key == "water")


def test_a_version_keeps_all_that_its_plates_bring():
    for key, folder in installed().items():
        made = load(folder)
        actions.switch_on(plate=made, by=BY, at=AT)
        kept = next(one for one in queries.published().plates if one.key == key)
        assert kept.counts() == made.counts() and compare.plates(kept, made) == []
        assert standing.one(key).newer == ()


def test_what_is_in_force_is_what_was_published_not_what_lies_in_the_folder():
    made = load(installed()["health"])
    older = made.model_copy(update={"services": made.services[:1], "version": "0.9.0"})
    actions.switch_on(plate=older, by=BY, at=AT)
    now = standing.one("health")
    assert now.manifest.services == made.services[:1] and now.version == "0.9.0" and now.installed == made.version
    assert {(d.part, d.kind) for d in now.newer} == {("plate", "changed"), ("services", "added")}
    renew(made)
    assert standing.one("health").newer == () and standing.one("health").manifest.services == made.services


def test_a_newer_plate_comes_with_its_parts_and_organisations_and_keeps_what_the_city_changed():
    actions.switch_on(plate=water(), by=BY, at=AT)
    actions.change_matter(code="9901", changes={"urgent": True}, on=queries.last_digest(), by=BY, at=AT)
    newer = water(
        "1.1.0",
        matter("9901", "Burst pipe", milestones=[{"name": both("done"), "limit": "2 wd"}]),
        matter("9903", "Brown water"),
        plans=[PLAN],
        organisations=[{"key": "works", "names": both("Other")}, {"key": "lab", "names": both("Lab")}],
        responsibility=[{"lead": "works"}, {"matter": "9903", "lead": "lab"}],
        components=[{"code": "pipe", "class": "01", "subclass": "01", "names": both("Pipe"), "responsible": "works"}],
    )
    renew(newer, queries.last_digest())
    now = published()
    found = {one.code: one for one in now.matters}
    assert set(found) == {"9901", "9903"} and now.version == "1.1.0"
    assert found["9901"].urgent, "the city's"
    assert found["9901"].names["en"] == "Burst pipe" and found["9901"].limit == "2 wd", "the plate's"
    assert now.plans == newer.plans and components.kind("pipe").responsible == "works"
    assert {"lab", "works"} <= orgs.directory().keys() and orgs.directory()["works"].names == both("Works")
    told = Step.objects.filter(subject="catalog").latest("seq")
    assert (told.what, json.loads(told.data)["plate_version"]) == ("renewed", "1.1.0")


def test_what_the_city_changed_before_the_last_taking_over_still_counts_as_its_own():
    actions.switch_on(plate=water(), by=BY, at=AT)
    actions.change_matter(code="9901", changes={"urgent": True}, on=queries.last_digest(), by=BY, at=AT)
    renew(water("1.1.0"))
    renew(water("1.2.0"))
    assert published().version == "1.2.0" and next(m for m in published().matters if m.code == "9901").urgent


def test_nothing_new_or_a_plate_that_is_off_is_refused_and_changes_nothing():
    for code in ("off", "same"):
        steps = Step.objects.count()
        with pytest.raises(Refusal) as caught:
            renew(water())
        assert caught.value.code == f"catalog.plate.{code}" and Step.objects.count() == steps
        if code == "off":
            actions.switch_on(plate=water(), by=BY, at=AT)
    seen = queries.last_digest()
    actions.change_matter(code="9902", changes={"urgent": True}, on=seen, by=BY, at=AT)
    with pytest.raises(Refusal) as caught:
        renew(water("2.0.0"), seen)
    assert caught.value.code == "catalog.changed"


def test_a_matter_that_is_withdrawn_is_still_known_by_name():
    actions.switch_on(plate=water(), by=BY, at=AT)
    before = queries.last_digest()
    renew(water("1.1.0", matter("9901", "Burst main")))
    now = queries.current()
    assert set(now.matters) == {"9901"} and now.known["9902"].names["en"] == "No water"
    actions.switch_off(plate="water", by=BY, at=AT)
    assert not queries.current().matters and queries.current().known["9902"].plate == "water"
    actions.switch_on(plate=water("1.2.0"), by=BY, at=AT)
    assert set(queries.current().matters) == {"9901", "9902"} and queries.published().withdrawn == ()
    assert queries.last_digest() != before


def test_what_was_withdrawn_goes_along_in_the_file_and_comes_to_the_same():
    actions.switch_on(plate=water(), by=BY, at=AT)
    renew(water("1.1.0", matter("9901", "Burst main")))
    reading = exchange.read(outgoing.file(), "city.toml")
    assert reading.digest == queries.last_digest() == digest_of(text_of(reading.content(queries.published())))
    assert reading.content(Content()).withdrawn[0].matters[0].names["en"] == "No water"
    shorter = reading.file.model_copy(update={"plates": (water("1.1.0", matter("9903", "Mud")),), "withdrawn": ()})
    actions.take_in(reading=replace(reading, file=shorter), by=BY, at=AT)
    assert {"9901", "9902", "9903"} == queries.current().known.keys()


def test_a_city_that_withdrew_nothing_keeps_the_digests_it_always_had():
    actions.switch_on(plate=water(), by=BY, at=AT)
    assert "withdrawn" not in text_of(queries.published())
