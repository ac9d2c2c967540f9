"""Adding and changing components: codes, steps, counts, who sees what, and what reforms do to them."""

import json

import pytest
from shapely.geometry import box

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.catalog import actions as catalog
from cityloop.town.components import queries
from cityloop.town.components.actions import keeping, setting
from cityloop.town.components.models import Component
from cityloop.town.ledger import queries as ledger
from cityloop.town.ledger.models import Step
from cityloop.town.orgs import authority
from cityloop.town.units import queries as units
from cityloop.town.units.actions import reform
from cityloop.town.units.tasks import publish_reforms
from tests.loops.cases.smallville import AT, PLATE
from tests.town.components.things import EAST, LAMP, WEST, WITH_THINGS, counted, furnish, put, recounted
from tests.town.staff import BY, seat


def refusal(call, /, *args, **named) -> tuple[str, str | None]:
    with pytest.raises(Refusal) as refused:
        call(*args, **named)
    return refused.value.code, refused.value.field


def test_the_city_numbers_what_brings_no_code(town):
    first, second, east, tree = put(), put(), put(place=EAST), put("street_tree")
    assert [one.code for one in (first, second)] == ["1001010137000001", "1001010137000002"]
    assert east.code[:6] == east.unit_code[:6] != first.code[:6]
    assert tree.code[6:10] == "0402"
    assert first.responsible == town.orgs["roads"].pk
    assert (first.accuracy, tree.accuracy) == ("B", "C")


def test_a_code_that_came_along_is_kept_and_never_given_again(town):
    put(code="1001010137000007")
    assert put().code == "1001010137000008"
    assert refusal(put, code="1001010137000007") == ("components.code.taken", "code")
    assert refusal(put, code="1001010402000001") == ("components.code.type", "code")
    assert refusal(put, code="12") == ("components.code", "code")


def test_numbers_that_are_used_up_are_refused(town):
    put(code="1001010137999999")
    assert refusal(put) == ("components.codes.exhausted", "code")
    assert Component.objects.count() == 1
    assert put(place=EAST).code.endswith("000001")


def test_each_change_is_a_step_and_no_change_is_none(town):
    one = put(attributes={"height": 7.5})
    keeping.change(code=one.code, state="damaged", by=BY, at=AT + 1)
    keeping.change(code=one.code, state="damaged", by=BY, at=AT + 2)
    keeping.change(code=one.code, attributes={"height": 8}, organisations={"owner": 5}, by=BY, at=AT + 3)
    keeping.change(code=one.code, point=EAST, by=BY, at=AT + 4)
    steps = list(Step.objects.filter(subject=one.subject).order_by("seq"))
    assert [(step.what, step.at) for step in steps] == [
        ("added", AT), ("state", AT + 1), ("changed", AT + 3), ("moved", AT + 4),
    ]  # fmt: skip
    assert json.loads(steps[1].data) == {"state": ["intact", "damaged"]}
    assert json.loads(steps[2].data)["attributes"] == [{"height": "7.5"}, {"height": 8}]
    assert json.loads(steps[3].data)["unit_code"] == [one.unit_code, units.locate(*EAST)]
    after = Component.objects.get(code=one.code)
    assert (after.code, after.unit_code, after.state, after.owner) == (one.code, units.locate(*EAST), "damaged", 5)
    assert [step.what for step in queries.history(after)] == ["moved", "changed", "state", "added"]
    assert not list(ledger.verify())


def test_counts_follow_every_change(town):
    lamps = [put(), put(), put(place=EAST), put("street_tree")]
    assert counted() == recounted()
    keeping.change(code=lamps[0].code, state="discarded", by=BY, at=AT)
    keeping.change(code=lamps[1].code, point=EAST, by=BY, at=AT)
    assert counted() == recounted()
    keeping.change(code=lamps[0].code, state="intact", by=BY, at=AT)
    assert counted() == recounted()
    assert queries.count(["type"]) == [
        {"type": "lamp", "components": 3}, {"type": "street_tree", "components": 1},
    ]  # fmt: skip
    by_unit = {row["unit"]: row["components"] for row in queries.count(["unit"], level=1)}
    assert sum(by_unit.values()) == 4 and len(by_unit) == 2
    assert queries.count(["unit"], level="1") == queries.count(["unit"], level=1)
    assert refusal(queries.count, ["colour"]) == ("components.count.by", "by")
    assert refusal(queries.count, ["unit"], level="9") == ("codes.level.range", "level")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"type": "spaceship"}, "type"), ({"place": (0.0, 0.0)}, "lon"), ({"place": (50.07, 10.05)}, "lon"),
        ({"state": "melted"}, "state"), ({"accuracy": "D"}, "accuracy"), ({"attributes": {"height": "high"}}, "height"),
        ({"type": "street_tree", "attributes": {}}, "species"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_at_its_field_and_leaves_nothing(town, given, field):
    assert refusal(put, **given)[1] == field
    assert not Component.objects.exists() and counted() == ({}, {})


def test_who_may_see_what_a_plate_keeps_to_itself(town):
    camera, lamp = put("camera"), put()
    assert queries.by_code(lamp.code).pk == lamp.pk
    assert refusal(queries.by_code, camera.code) == ("components.unknown", "code")
    assert refusal(queries.reportable, camera.code) == ("components.report.unknown", "component")
    seeing = queries.seen_by(authority.scope(town.accounts["shift"], town.at))
    assert queries.by_code(camera.code, seeing).pk == camera.pk
    stranger = queries.seen_by(authority.NOBODY)
    assert [one.code for one in queries.listed(queries.Wanted(), seen=stranger, after=None, most=9)] == [lamp.code]
    for role, level, sees in (("data_steward", 2, True), ("city_engineer", 1, False), ("security_officer", 3, False)):
        scope = authority.scope(seat(town.orgs["city"], role, "100101", level), town.at)
        assert Component.objects.filter(queries.seen_by(scope), pk=camera.pk).exists() is sees, role
    assert queries.ceiling(authority.scope(seat(town.orgs["city"], "data_steward", "", 2), town.at)) == 2
    assert queries.standing_by_type("") == {"lamp": 1}
    assert queries.standing_by_type("", 2) == {"camera": 1, "lamp": 1}


def test_a_type_that_becomes_confidential_hides_what_stands_there(town):
    lamp = put()
    hidden = LAMP.model_copy(update={"level": 1})
    catalog.publish(plates=[PLATE.model_copy(update={"components": (hidden,)})], by=BY, at=AT)
    assert refusal(queries.by_code, lamp.code) == ("components.unknown", "code")
    assert set(queries.kinds()) == {
        "lamp",
        "street_tree",
        "camera",
    }  # what a plate no longer names stays: things have it


def test_a_type_stands_in_one_plate(town):
    other = WITH_THINGS.model_copy(update={"key": "other", "matters": (), "responsibility": ()})
    assert refusal(catalog.publish, plates=[other], by=BY, at=AT)[0] == "components.type.twice"


def test_publishing_the_same_again_writes_nothing(town):
    before = Step.objects.filter(subject="components").count()
    furnish()
    assert Step.objects.filter(subject="components").count() == before == 1


def test_codes_are_written_as_the_city_says(town):
    setting.write_codes(class_width=2, subclass_width=3, divisions={"100101": "320508"}, by=BY, at=AT)
    assert put().code == "3205080103700001"
    assert put(place=EAST).code[6:] == "0103700001"
    setting.write_codes(class_width=2, subclass_width=3, divisions={}, by=BY, at=AT)  # divisions may change
    again = {"class_width": 2, "subclass_width": 2, "divisions": {}, "by": BY, "at": AT}
    assert refusal(setting.write_codes, **again) == ("components.widths.used", "class_width")
    wrong = {**again, "subclass_width": 3}
    assert refusal(setting.write_codes, **{**wrong, "divisions": {"9": "320508"}})[1] == "divisions"
    assert refusal(setting.write_codes, **{**wrong, "divisions": {"100101": "32"}})[1] == "divisions"


def test_reforms_move_the_unit_and_leave_the_code(town):
    lamps = [put(place=(10.02, 50.07)), put(place=(10.08, 50.07)), put(place=EAST)]
    old = lamps[0].unit_code
    west, east = box(10.0, 50.05, 10.05, 50.1), box(10.05, 50.05, 10.1, 50.1)
    reform.split(code=old, parts=[reform.Part({"en": "a"}, west), reform.Part({"en": "b"}, east)], by=BY, at=AT + 1)
    assert publish_reforms() == 1
    after = [Component.objects.get(pk=one.pk) for one in lamps]
    assert [one.code for one in after] == [one.code for one in lamps]
    assert after[0].unit_code != after[1].unit_code and old not in (after[0].unit_code, after[1].unit_code)
    assert [one.unit_code for one in after] == [units.locate(one.lon, one.lat) for one in after]
    assert counted() == recounted()
    swap = {after[0].unit_code: after[1].unit_code, after[1].unit_code: after[0].unit_code}
    reform.renumber(codes=swap, by=BY, at=AT + 2)
    publish_reforms()
    publish_reforms()
    swapped = [Component.objects.get(pk=one.pk).unit_code for one in lamps[:2]]
    assert swapped == [swap[after[0].unit_code], swap[after[1].unit_code]]
    assert counted() == recounted()


def test_declared_divisions_follow_the_units_they_were_declared_of(town):
    west, east = (units.locate(*place)[:6] for place in (WEST, EAST))
    said = {west: "310101", east: "310102"}
    setting.write_codes(class_width=2, subclass_width=2, divisions=said, by=BY, at=AT)
    reform.renumber(codes={west: east, east: west}, by=BY, at=AT + 2)
    publish_reforms()
    publish_reforms()
    queries.forget()
    assert queries.known().divisions == {east: "310101", west: "310102"}
    assert put().code.startswith("310101") and put(place=EAST).code.startswith("310102")
    steps = Step.objects.filter(subject="components", what="codes")
    assert steps.count() == 2 and steps.latest("seq").name == "reform of units"
