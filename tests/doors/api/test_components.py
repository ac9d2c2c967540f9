"""Components at the JSON door: lists by code and by place, one, types, and a report about one."""

import csv
import io

import pytest

from cityloop.loops.cases.models import Case
from tests.doors.api.conftest import ask
from tests.town.components.things import EAST, furnish, put
from tests.town.staff import seat

BASE = "/api/v1"


@pytest.fixture
def things(town):
    furnish()
    return [*(put(place=(10.05 + n / 1000, 50.07)) for n in range(5)), put("street_tree", place=EAST), put("camera")]


def codes(path: str, key: str) -> list[str]:
    found, following = [], path
    while following:
        answer = ask("GET", following, key)
        assert answer.status == 200, answer.body
        found += [one["code"] for one in answer.body["items"]]
        following = answer.body["next"]
    return found


def test_lists_page_by_code_and_by_place(things, key):
    mine = key("roads")
    public = [one.code for one in things[:6]]
    assert codes(f"{BASE}/components?limit=2", mine) == sorted(public)
    assert codes(f"{BASE}/components?limit=2&type=lamp&state=intact", mine) == sorted(public[:5])
    assert codes(f"{BASE}/components?limit=2&unit=100102", mine) == [things[5].code]
    assert sorted(codes(f"{BASE}/components?limit=2&bbox=10.0505,50.06,10.06,50.08", mine)) == public[1:5]
    assert codes(f"{BASE}/components?state=lost", mine) == []
    assert things[6].code in codes(f"{BASE}/components", key("shift"))


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("type=spaceship", 400, "type"), ("state=melted", 400, "state"), ("bbox=1,2,3", 400, "bbox"),
        ("cursor=xx", 400, "cursor"), ("cursor=WzEsIngiXQ", 400, "cursor"), ("limit=0", 422, "limit"),
        ("colour=red", 422, "colour"),
    ],
)  # fmt: skip
def test_what_is_asked_wrongly_is_said_at_its_field(things, key, query, status, field):
    answer = ask("GET", f"{BASE}/components?{query}", key("roads"))
    assert (answer.status, answer.body["field"]) == (status, field)


def test_one_and_what_it_says(things, key, town):
    answer = ask("GET", f"{BASE}/components/{things[5].code}", key("roads"))
    told = answer.body
    assert (told["type"], told["responsible"], told["attributes"]) == ("street_tree", "parks", {"species": "oak"})
    assert told["href"] == f"{BASE}/components/{things[5].code}"
    for wrong in (things[6].code, "1", "1001010137000099"):
        assert ask("GET", f"{BASE}/components/{wrong}", key("roads")).status == 404
    assert ask("GET", f"{BASE}/components/{things[5].code}").status == 401


def test_types(things, key):
    items = ask("GET", f"{BASE}/component-types", key("roads")).body["items"]
    assert [one["code"] for one in items] == ["camera", "lamp", "street_tree"]
    assert items[1]["class"] == "01" and items[1]["matters"] == ["hole"]
    told = {one["key"]: [choice["key"] for choice in one["choices"]] for one in items[1]["attributes"]}
    assert told["kind"] == ["led", "gas"] and told["height"] == []


def test_a_report_about_one(things, key):
    answer = ask("POST", f"{BASE}/reports", body={"component": things[0].code, "matter": "hole"})
    assert answer.status == 201
    case = Case.objects.get()
    assert (case.component, case.lon) == (things[0].code, things[0].lon)
    told = ask("GET", f"{BASE}/cases/{answer.body['number']}", key("shift")).body
    assert told["component"] == things[0].code
    for wrong in ("1001010137000099", "nonsense", things[6].code):
        refused = ask("POST", f"{BASE}/reports", body={"component": wrong, "matter": "hole"})
        assert (refused.status, refused.body["field"]) == (400, "component")


def test_one_is_added_and_corrected_by_whose_post_may(things, key):
    new = {"type": "lamp", "lon": 10.05, "lat": 50.07, "name": "Gate 8", "attributes": {"height": 5.5, "lit": False}}
    assert ask("POST", f"{BASE}/components", key("intake"), new).status == 403
    made = ask("POST", f"{BASE}/components", key("inspector"), new)
    assert made.status == 201 and (made.body["responsible"], made.body["attributes"]["height"]) == ("roads", 5.5)
    path, seen = made.body["href"], made.headers["ETag"]
    assert ask("GET", path, key("inspector"), **{"If-None-Match": seen}).status == 304
    assert ask("PATCH", path, key("intake"), {"name": "Mine"}).status == 403
    moved = ask("PATCH", path, key("inspector"), {"lon": 10.06, "lat": 50.07}, **{"If-Match": seen})
    assert moved.status == 200 and moved.body["lon"] == 10.06 and moved.body["name"] == "Gate 8", moved.body
    late = ask("PATCH", path, key("inspector"), {"name": "Late"}, **{"If-Match": seen})
    assert (late.status, late.body["code"]) == (412, "api.match")
    assert ask("PATCH", path, key("inspector"), {"owner": "parks"}).status == 403
    owned = ask("PATCH", path, key("dispatcher"), {"owner": "parks", "attributes": {"height": None}})
    assert (owned.body["owner"], owned.body["attributes"]) == ("parks", {"lit": False})


def test_who_looks_after_the_register_corrects_it(things, key, town):
    for unit, level, sees, may in (("100101", 2, 200, 200), ("100102", 0, 404, 403)):
        town.accounts["steward"] = seat(town.orgs["city"], "data_steward", unit, level)
        mine = key("steward")
        assert ask("GET", f"{BASE}/components/{things[6].code}", mine).status == sees
        done = ask(
            "PATCH", f"{BASE}/components/{things[0].code}", mine, {"state": "damaged", "lon": 10.04, "lat": 50.07}
        )
        assert done.status == may, done.body
    assert ask("PATCH", f"{BASE}/components/{things[0].code}", mine, {"owner": "parks"}).status == 403


@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ({"lon": 10.05}, 400, "lon"), ({"attributes": {"height": "tall"}}, 400, "height"),
        ({"owner": "nobody"}, 400, "owner"), ({"colour": "red"}, 422, "colour"), ({"state": "melted"}, 422, "state"),
        ({"lon": 0, "lat": 0}, 400, "lon"),
    ],
)  # fmt: skip
def test_what_is_corrected_wrongly_is_said_at_its_field(things, key, wrong, status, field):
    answer = ask("PATCH", f"{BASE}/components/{things[0].code}", key("dispatcher"), wrong)
    assert answer.status == status and field in answer.body["field"], answer.body


def test_programs_take_the_same(things, key, town):
    tree = things[5]
    path = f"{BASE}/exports/components"
    said = csv.DictReader(
        io.StringIO(ask("GET", f"{path}/csv?type=lamp&unit=100101", key("parks")).body.decode("utf-8-sig"))
    )
    assert [row["code"] for row in said] == sorted(one.code for one in things[:5])
    marks = ask("GET", f"{path}/geojson?bbox=10.1,50,10.2,50.1", key("parks")).body["features"]
    assert [mark["id"] for mark in marks] == [tree.code]
    assert marks[0]["properties"]["attributes.species"] == "oak" and "attributes.lit" not in marks[0]["properties"]
    assert ask("GET", f"{path}/csv?state=melted", key("parks")).status == 400
    assert ask("GET", f"{path}/doc", key("parks")).status == 422
    town.accounts["integrator"] = seat(town.orgs["city"], "integrator")
    assert ask("GET", f"{path}/csv", key("integrator")).status == 403
