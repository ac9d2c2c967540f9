"""What the standard's own forms do not cover: several choices, postal codes, pages for people, feeds for readers."""

import json
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree import ElementTree

import pytest
import shapely
from django.test import Client

from cityloop.loops.cases.models import Case
from cityloop.town.persons.queries import words_of_many
from cityloop.town.units import store
from cityloop.town.units.models import ReferenceArea, ReferenceLayer
from tests.doors.open311.client import Door
from tests.doors.web.conftest import number
from tests.loops.cases.smallville import Town

GOOD = {"service_code": "pit", "lat": "50.07", "long": "10.05", "attribute[size]": "s"}
GEO = "{http://www.georss.org/georss}point"


SAID_ONE = "size: s (Small)\nseen: water (Water), glass (Glass)"
SAID_TWO = "size: l (Large & <wide>)\nseen: water (Water), wires (Wires)"


def said(subject: str) -> str:
    return " ".join(words_of_many([subject], "1:collect:answers").values())


def test_several_choices_are_told_and_taken(town: Town, door: Door, keys: dict[str, str]) -> None:
    client = Client()
    definition = client.get("/open311/v2/services/pit.json").json()
    (several,) = [one for one in definition["attributes"] if one["code"] == "seen"]
    assert several["datatype"] == "multivaluelist" and [v["key"] for v in several["values"]] == [
        "water",
        "wires",
        "glass",
    ]
    many = {**GOOD, "attribute[seen][]": ["glass", "water", "glass"], "api_key": keys["parks"]}
    assert client.post("/open311/v2/requests.json", many).status_code == 200
    as_json = {"api_key": keys["parks"], "service_code": "pit", "lat": 50.07, "long": 10.05,
               "attribute": {"size": "l", "seen": ["wires", "water"]}}  # fmt: skip
    kind = "application/json"
    assert client.post("/open311/v2/requests.json", json.dumps(as_json), content_type=kind).status_code == 200
    told = [said(case.subject) for case in Case.objects.order_by("id")]
    assert told == [SAID_ONE, SAID_TWO]
    wrong = client.post("/open311/v2/requests.json", {**many, "attribute[seen][]": ["glass", "fire"]})
    assert wrong.status_code == 400 and "attribute[seen]" in wrong.json()[0]["description"]
    two = client.post("/open311/v2/requests.json", {**many, "attribute[size][]": ["s", "l"]})
    assert two.status_code == 400  # one of them alone


def test_the_postal_code_is_that_of_the_place_as_told(town: Town, door: Door) -> None:
    layer = ReferenceLayer.objects.create(key="zip", names={"en": "ZIP"}, postal=True)
    other = ReferenceLayer.objects.create(key="precinct", names={"en": "P"})
    boxes = {"70001": shapely.box(10.0, 50.0, 10.1, 50.1), "70002": shapely.box(10.1, 50.0, 10.15, 50.1)}
    for key, box in boxes.items():
        ReferenceArea.objects.create(layer=layer, key=key, wkb=store.wkb([box])[0])
    ReferenceArea.objects.create(layer=other, key="9", wkb=store.wkb([shapely.box(10, 50, 11, 51)])[0])
    cases = {
        town.to("filed"): "70001", town.to("filed", lon=10.12): "70002", town.to("filed", lon=10.18): None,
        town.to("filed", matter="hidden"): None,
    }  # fmt: skip
    listed = Client().get("/open311/v2/requests.json").json()
    found = {one["service_request_id"]: one["zipcode"] for one in listed}
    assert found == {number(case): code for case, code in cases.items()}


@pytest.mark.parametrize("path", ["services", "services/pit", "requests", "requests/{}"])
def test_pages_for_people(town: Town, path: str) -> None:
    case = number(town.to("filed", matter="pit"))
    answer = Client().get(f"/open311/v2/{path.format(case)}.html", headers={"Accept-Language": "zh-hans"})
    assert answer.status_code == 200 and answer["Content-Type"] == "text/html; charset=utf-8"
    body = answer.content.decode()
    assert 'lang="zh-Hans"' in body and body.count("<h1>") == 1 and "<script" not in body
    assert "style=" not in body.replace('<td style="overflow-wrap: anywhere">', "<td>"), "long words fit a phone"
    assert (case if "requests" in path else "pit") in body
    assert "<wide>" not in body


def test_a_page_says_what_is_wrong(town: Town) -> None:
    answer = Client().get("/open311/v2/requests.html?status=nonsense")
    assert answer.status_code == 400 and "<h1>" in answer.content.decode()
    assert Client().get("/open311/v2/requests/SV-2018-000999.html").status_code == 404


def test_feeds_for_readers(town: Town) -> None:
    case = number(town.to("filed"))
    hidden = number(town.to("filed", matter="hidden"))
    answer = Client().get("/open311/v2/requests.rss?service_code=tree")
    assert answer["Content-Type"] == "application/rss+xml; charset=utf-8"
    channel = ElementTree.fromstring(answer.content).find("channel")
    assert channel is not None
    (item,) = channel.findall("item")
    read: dict[str, Any] = {child.tag: child.text for child in item}
    assert read["title"] == f"Fallen tree · {case}" and read["link"].endswith(f"/cases/{case}")
    assert read[GEO] == "50.07 10.05" and parsedate_to_datetime(read["pubDate"]).year >= 2018
    other = ElementTree.fromstring(Client().get(f"/open311/v2/requests/{hidden}.rss").content)
    assert other.find(f".//{GEO}") is None
    services = ElementTree.fromstring(Client().get("/open311/v2/services.rss").content)
    assert len(services.findall(".//item")) == 8
    assert Client().get("/open311/v2/requests/SV-2018-000999.rss").status_code == 404


def test_nothing_confidential_in_any_form(town: Town) -> None:
    secret = number(town.to("filed", matter="secret"))
    for form in ("html", "rss"):
        assert secret not in Client().get(f"/open311/v2/requests.{form}").content.decode()
        assert Client().get(f"/open311/v2/requests/{secret}.{form}").status_code == 404


def test_a_post_is_answered_with_its_number_in_every_form(town: Town, keys: dict[str, str]) -> None:
    for form in ("html", "rss"):
        sent = {**GOOD, "api_key": keys["parks"], "description": form}
        answer = Client().post(f"/open311/v2/requests.{form}", sent)
        assert answer.status_code in (200, 201) and "SV-" in answer.content.decode()
