"""Plates through the JSON door: read by every post, switched by the city engineer, never on a version unseen."""

import pytest

from cityloop.ground.kit.registry import plates
from cityloop.town.catalog import queries as catalog
from cityloop.town.ledger.models import Step
from tests.doors.api.conftest import ask
from tests.town.staff import make_account, seat

ROOT = "/api/v1/plates"


@pytest.fixture
def engineer(town, key):
    town.accounts["engineer"] = seat(town.orgs["city"], "city_engineer")
    return key("engineer")


def test_every_post_reads_all_there_are(town, key, engineer):
    listed = ask("GET", ROOT, key("parks"))
    assert {one["key"] for one in listed.body["items"]} >= set(plates())
    assert [one["key"] for one in listed.body["items"] if one["on"]] == ["town"]
    one = ask("GET", f"{ROOT}/health", key("parks")).body
    assert one["adds"]["matters"] == one["counts"]["matters"] == len(one["manifest"]["matters"])
    assert ask("GET", f"{ROOT}/nothing", engineer).status == 404
    assert ask("GET", ROOT, key(make_account())).status == 403
    assert ask("GET", ROOT).status == 401


def test_on_and_off_make_a_version_each_and_are_the_engineers(town, key, engineer):
    before = catalog.current().number
    refused = ask("PUT", f"{ROOT}/health", key("commander"), {"on": True})
    assert (refused.status, refused.body["code"]) == (403, "authority.denied")
    assert ask("PUT", f"{ROOT}/health", key("engineer", "read", "act"), {"on": True}).body["code"] == "api.scope"
    on = ask("PUT", f"{ROOT}/health", engineer, {"on": True})
    assert on.status == 200 and on.body["on"] and on.body["adds"] is None, on.body
    assert "health.aed" in catalog.current().matters and catalog.current().number == before + 1
    again = ask("PUT", f"{ROOT}/health", engineer, {"on": True})
    assert (again.status, again.body["code"]) == (409, "catalog.plate.on")
    off = ask("PUT", f"{ROOT}/health", engineer, {"on": False})
    assert off.status == 200 and not off.body["on"]
    assert "health.aed" not in catalog.current().matters
    assert [s.what for s in Step.objects.filter(subject="catalog").order_by("seq")][-2:] == [
        "switched_on",
        "switched_off",
    ]


def test_who_read_an_older_version_is_told(town, key, engineer):
    seen = ask("GET", f"{ROOT}/port", engineer).headers["ETag"]
    assert ask("PUT", f"{ROOT}/health", engineer, {"on": True}).status == 200
    late = ask("PUT", f"{ROOT}/port", engineer, {"on": True}, **{"If-Match": seen})
    assert (late.status, late.body["code"]) == (412, "api.match")
    assert "port.berth" not in catalog.current().matters
    fresh = ask("GET", f"{ROOT}/port", engineer).headers["ETag"]
    assert ask("PUT", f"{ROOT}/port", engineer, {"on": True}, **{"If-Match": fresh}).status == 200
