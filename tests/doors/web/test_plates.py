"""The plates at the desk: told whole, switched by the city engineer, and open cases go on when one is off."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cityloop.ground.kit.registry import plates
from cityloop.loops.cases.known import exactness
from cityloop.town.catalog import queries as catalog
from cityloop.town.ledger.models import Step
from tests.steady import steady
from tests.town.staff import seat

ROOT = "/desk/settings/plates"


@pytest.fixture
def engineer(town):
    client = Client()
    client.force_login(seat(town.orgs["city"], "city_engineer"))
    return client


def switch(client, key, what, on=None):
    digest = catalog.last_digest() if on is None else on
    return client.post(f"{ROOT}/{key}", {"do": what, "on": digest})


def test_all_are_listed_and_a_stranger_sees_none(town, at_desk, engineer, settings):
    steady(settings)
    assert Client().get(ROOT).status_code == 302
    engineer.get(ROOT)
    with CaptureQueriesContext(connection) as asked:
        page = engineer.get(ROOT).content.decode()
    assert len(asked) <= 12, [q["sql"] for q in asked]
    for key in plates():
        assert f'href="{ROOT}/{key}"' in page


@pytest.mark.parametrize("key", sorted(plates()))
def test_each_is_told_whole_and_only_the_engineer_is_offered_the_switch(town, at_desk, engineer, key, settings):
    steady(settings)
    page = at_desk("parks").get(f"{ROOT}/{key}")
    assert page.status_code == 200 and b'value="on"' not in page.content
    engineer.get(f"{ROOT}/{key}")
    with CaptureQueriesContext(connection) as asked:
        own = engineer.get(f"{ROOT}/{key}").content.decode()
    assert len(asked) <= 12, [q["sql"] for q in asked]
    assert 'value="on"' in own
    for part in ("matters", "organisations", "components", "services", "indicators", "plans", "datasets", "stories"):
        assert f'id="{part}"' in own, part


def test_on_and_off_and_what_the_page_says(town, at_desk, engineer):
    assert at_desk("dispatcher").post(f"{ROOT}/health", {"do": "on", "on": ""}).status_code == 403
    seen = catalog.last_digest()
    assert switch(engineer, "health", "on").status_code == 303
    assert "health.aed" in catalog.current().matters
    assert b'value="off"' in engineer.get(f"{ROOT}/health").content
    late = switch(engineer, "port", "on", seen)
    assert late.status_code == 422 and "newer catalogue" in late.content.decode()
    assert f'name="on" value="{catalog.last_digest()}"' in late.content.decode(), "the next try is on what is shown"
    twice = switch(engineer, "health", "on")
    assert twice.status_code == 422 and "switched on already" in twice.content.decode()
    assert switch(engineer, "health", "maybe").status_code == 422
    assert switch(engineer, "health", "off").status_code == 303
    step = Step.objects.filter(subject="catalog").latest("seq")
    assert (step.what, step.role) == ("switched_off", "city_engineer")
    assert engineer.get(f"{ROOT}/nothing").status_code == 404


def test_an_open_case_goes_on_when_its_plate_is_off(town, at_desk, engineer):
    made = town.collect(matter="tree", lon=10.05, lat=50.07)
    town.take(made.case, "file", "shift")
    how, name = exactness("tree"), catalog.current().matter("tree").names["en"]
    assert switch(engineer, "town", "off").status_code == 303
    assert not catalog.current().matters
    assert exactness("tree") == how, "how exactly its place is told stays"
    page = at_desk("dispatcher").get(f"/desk/cases/{made.number}").content.decode()
    assert name in page
    after = town.take(made.case, "dispatch", "dispatcher")
    assert after.snapshot.parts, "who is responsible is as when it was filed"
