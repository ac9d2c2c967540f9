"""A component's pages: what everybody may know of it, its label, reporting about it, and the hand that keeps it."""

import html
import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cityloop.doors.web import maps
from cityloop.doors.web.desk import register
from cityloop.ground.codes.tiles import tile_at
from cityloop.loops.cases.models import Case
from cityloop.town.components.actions import keeping
from cityloop.town.components.models import Component
from cityloop.town.ledger.models import Step
from tests.doors.web.conftest import number, publish
from tests.steady import steady
from tests.town.components.things import WEST, furnish, put
from tests.town.staff import BY


@pytest.fixture
def lamp(town):
    furnish()
    return put(name="Gate 7", attributes={"height": 7, "kind": "led", "lit": True})


def page(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, path
    return html.unescape(answer.content.decode())


def test_everybody_sees_what_is_known_of_it(client, lamp):
    said = page(client, f"/components/{lamp.code}")
    for words in (lamp.code, "Street lamp", "Gate 7", "Intact", "Roads", "7 m", "LED", "Yes", "Added"):
        assert words in said
    chinese = page(Client(headers={"accept-language": "zh-hans"}), f"/components/{lamp.code}")
    assert "完好" in chinese and "标识码" in chinese


def test_the_label_leads_to_a_report_about_it(client, lamp):
    said = page(client, f"/components/{lamp.code}/label")
    assert f"/report?component={lamp.code}" in said and re.search(r'<path d="M\d', said)


@pytest.mark.parametrize("code", ["1", "x" * 16, "９" * 16, "1001010137000099", "100101013700000'", "..%2f..%2fetc"])
def test_other_codes_are_pages_that_are_not_there(client, lamp, code):
    for path in (f"/components/{code}", f"/components/{code}/label"):
        assert client.get(path).status_code == 404


def test_a_confidential_one_is_there_for_staff_alone(client, at_desk, lamp):
    camera = put("camera")
    assert client.get(f"/components/{camera.code}").status_code == 404
    assert at_desk("shift").get(f"/desk/components/{camera.code}").status_code == 200
    assert client.get(f"/desk/components/{camera.code}").status_code == 302


def test_reporting_about_it_fixes_the_place_and_suggests_its_matters(client, lamp):
    said = page(client, f"/report?component={lamp.code}")
    assert "Street lamp · Gate 7" in said and 'data-step="what"' in said
    offered = re.findall(r'name="choose" value="(\w+)"', said)
    assert offered == ["hole"]
    key = re.search(r'name="key" value="([^"]+)"', said)
    assert key
    sent = {"component": lamp.code, "lon": "10.050000", "lat": "50.070000", "matter": "hole", "words": "dark",
            "key": key[1], "do": "send"}  # fmt: skip
    answer = client.post("/report", sent)
    assert answer.status_code == 303
    case = Case.objects.get()
    assert (case.component, case.lon, case.lat, case.unit_code) == (lamp.code, lamp.lon, lamp.lat, lamp.unit_code)
    step = Step.objects.get(subject=case.subject)
    assert lamp.code not in step.data and json.loads(step.inner)["component"] == lamp.code


def test_another_place_is_about_something_else(client, lamp):
    sent = {
        "component": lamp.code,
        "lon": "10.051000",
        "lat": "50.070000",
        "matter": "hole",
        "key": "k" * 18,
        "do": "send",
    }
    assert client.post("/report", sent).status_code == 303
    assert Case.objects.get().component == ""


@pytest.mark.parametrize("what", ["gone", "unknown", "confidential", "nonsense"])
def test_what_cannot_be_reported_about_is_said_at_its_field(client, lamp, what):
    code = {"gone": lamp.code, "unknown": "1001010137000099", "confidential": put("camera").code, "nonsense": "<b>"}[
        what
    ]
    if what == "gone":
        keeping.change(code=lamp.code, state="discarded", by=BY, at=lamp.at)
    said = page(client, f"/report?component={code}")
    assert 'id="component"' in said and 'data-step="where"' in said
    assert client.post("/report", {"component": code, "matter": "hole", "do": "send"}).status_code == 422
    assert not Case.objects.exists()


def test_its_code_is_found_where_places_are(client, lamp):
    said = page(client, f"/places?q={lamp.code[:6]}+{lamp.code[6:]}")
    assert f"component:{lamp.code}" in said and "Gate 7" in said
    assert f"component={lamp.code}" in page(client, f"/places?q={lamp.code}&as=links")
    picked = client.post(
        "/report", {"pick": f"component:{lamp.code}", "lon": "10.15", "lat": "50.02", "unit": "100102"}
    )
    assert 'name="component" value="' + lamp.code in picked.content.decode()


def test_its_cases_stand_on_its_page_as_far_as_one_may_know(client, at_desk, town, lamp):
    furnish()
    told = town.collect(component=lamp.code, lon=None, lat=None, matter="hole").case
    secret = town.collect(component=lamp.code, lon=None, lat=None, matter="secret").case
    said = page(client, f"/components/{lamp.code}")
    assert number(told) in said and number(secret) not in said
    assert lamp.code in page(client, f"/cases/{number(told)}")
    desk = page(at_desk("shift"), f"/desk/components/{lamp.code}")
    assert number(told) in desk and number(secret) in desk
    assert f"/desk/components/{lamp.code}" in page(at_desk("shift"), f"/desk/cases/{number(told)}")
    publish(town, hole="street")
    assert number(told) not in page(client, f"/components/{lamp.code}")
    assert lamp.code not in page(client, f"/cases/{number(told)}")


def test_who_keeps_it_says_how_it_is(at_desk, lamp):
    path = f"/desk/components/{lamp.code}/change"
    for who, status in (("inspector", 303), ("roads", 303), ("parks", 403), ("intake", 403), ("inspector_east", 303)):
        state = "damaged" if Component.objects.get().state == "intact" else "intact"
        assert at_desk(who).post(path, {"state": state}).status_code == status, who
    assert at_desk("roads").post(path, {"state": "melted"}).status_code == 422
    assert at_desk("roads").get(path)["Location"] == path.removesuffix("/change")
    steps = Step.objects.filter(subject=lamp.subject, what="state").order_by("seq")
    assert [step.role for step in steps] == ["inspector", "department_officer", "inspector"]


def test_maps_offer_what_stands_there(client, at_desk, lamp):
    put("camera")
    assert "Street lamp · 1" in page(client, "/map?things=lamp") and "Camera" not in page(client, "/map")
    assert "Camera · 1" in page(at_desk("inspector"), "/desk/map")
    assert 'value="lamp" selected' in page(client, "/map?things=lamp")
    assert 'value="all" selected' in page(client, "/map?things=spaceship")


def test_tiles_hold_what_one_may_see(client, lamp):
    import mapbox_vector_tile

    put("camera")
    path = "/tiles/components/{}/{}/{}.pbf"
    near = client.get(path.format(*tile_at(*WEST, 17)))
    told = mapbox_vector_tile.decode(near.content)["things"]["features"]
    assert [one["properties"]["code"] for one in told] == [lamp.code]
    assert told[0]["properties"]["at"] == "10.050000,50.070000"
    far = mapbox_vector_tile.decode(client.get(path.format(*tile_at(*WEST, 10))).content)
    assert [one["properties"]["n"] for one in far["counts"]["features"]] == [1]
    other = client.get(path.format(*tile_at(*WEST, 17)) + "?type=street_tree")
    assert mapbox_vector_tile.decode(other.content).get("things", {"features": []})["features"] == []
    for wrong in ("7/0/0", "19/0/0", "12/9999/0", "x/0/0", "-1/0/0", "12/1e3/0"):
        assert client.get(f"/tiles/components/{wrong}.pbf").status_code == 404


def test_pages_cost_few_statements_however_many_cases_there_are(client, at_desk, town, lamp, settings, monkeypatch):
    # What a process asks besides, once a second or in five for all pages, is not counted.
    steady(settings)
    monkeypatch.setattr(maps, "FRESH", 86_400_000_000)
    desk = at_desk("shift")
    paths = [(client, f"/components/{lamp.code}"), (desk, f"/desk/components/{lamp.code}"), (client, "/map"),
             (client, f"/report?component={lamp.code}")]  # fmt: skip

    def cost() -> list[int]:
        return [min(statements(browser, path) for _look in range(3)) for browser, path in paths]

    def statements(browser: Client, path: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            browser.get(path)
        return len(asked)

    for _ in range(2):
        town.collect(component=lamp.code, lon=None, lat=None, matter="hole")
    before = cost()
    for _ in range(5):
        town.collect(component=lamp.code, lon=None, lat=None, matter="hole")
    after = cost()
    assert max(after) <= 12, after
    assert after == before
    assert reverse("public:component", args=[lamp.code]) == f"/components/{lamp.code}"


def codes(said: str) -> list[str]:
    return re.findall(r'class="code">(\d{16})<', said)


def test_the_register_lists_what_a_post_may_see_and_is_narrowed(at_desk, lamp):
    camera, other = put("camera"), put(place=(10.15, 50.02))
    keeping.change(code=other.code, state="damaged", by=BY, at=other.at)
    shift, police = at_desk("shift"), at_desk("police")
    assert codes(page(shift, "/desk/components")) == sorted(one.code for one in (lamp, camera, other))
    assert codes(page(police, "/desk/components")) == sorted(one.code for one in (lamp, other))
    for query, found in (
        ("type=lamp", [lamp, other]), ("type=camera", [camera]), ("type=no", []), ("state=damaged", [other]),
        (f"code={lamp.code}", [lamp]), (f"code={other.code[:6]}&state=damaged", [other]), ("code=no", []),
        ("unit=100101", [lamp, camera]),
    ):  # fmt: skip
        assert codes(page(shift, f"/desk/components?{query}")) == sorted(one.code for one in found), query
    assert "No component is like that" in page(shift, "/desk/components?state=lost")


def test_the_register_pages_and_prints_labels_of_what_still_stands(at_desk, town, monkeypatch):
    furnish()
    made = sorted(put(place=(10.01 + n / 1000, 50.07)).code for n in range(5))
    keeping.change(code=made[1], state="discarded", by=BY, at=Component.objects.get(code=made[1]).at)
    put("camera")
    monkeypatch.setattr(register, "PAGE", 2)
    monkeypatch.setattr(register, "LABELS", 3)
    shift = at_desk("shift")
    for path, wanted in (("/desk/components?type=lamp", made), ("/desk/components/labels", [made[0], *made[2:]])):
        seen, here = [], path
        while here:
            said = page(shift, here)
            seen += codes(said)
            following = re.search(r'href="([^"]+)" rel="next"', said)
            here = following and path.split("?")[0] + following[1]
        assert seen == wanted
    assert "There is nothing here that bears a label" in page(shift, "/desk/components/labels?type=camera")


def test_the_register_costs_the_same_for_any_number(at_desk, lamp, settings):
    shift, counts = at_desk("shift"), []
    steady(settings)
    page(shift, "/desk/components?type=lamp")
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            page(shift, "/desk/components?type=lamp")
        counts.append(len(asked))
        for n in range(10):
            put(place=(10.01 + n / 1000, 50.07))
    assert counts[0] == counts[1] <= 12
