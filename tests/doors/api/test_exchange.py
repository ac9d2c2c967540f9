"""The catalogue out and in through the JSON door, and changes tried: by the city engineer, on the version seen."""

import pytest

from cityloop.ground.kit.loader import load
from cityloop.ground.kit.registry import plates as installed
from cityloop.town.catalog import actions, exchange
from cityloop.town.catalog import queries as catalog
from cityloop.town.ledger.models import Step
from tests.doors.api.conftest import ask
from tests.loops.cases.smallville import PLATE
from tests.town.staff import BY, seat

FILE, TRIALS = "/api/v1/settings/catalogue/file", "/api/v1/settings/catalogue/trials"
DAY = "2018-10-21"


@pytest.fixture
def engineer(town, key):
    town.accounts["engineer"] = seat(town.orgs["city"], "city_engineer")
    return key("engineer")


def test_it_goes_out_to_every_post_and_in_by_the_engineer(town, key, engineer):
    out = ask("GET", FILE, key("parks"))
    text, tag = out.body.decode(), out.headers["ETag"]
    assert out.headers["Content-Type"] == "application/toml" and exchange.read(text, "f").digest == tag.strip('"')
    assert ask("GET", FILE, key("parks"), **{"If-None-Match": tag}).status == 304
    changed = text.replace('limit = "5 wd"', 'limit = "3 wd"')
    assert ask("PUT", FILE, key("commander"), {"text": changed}).status == 403
    assert ask("PUT", FILE, key("engineer", "read", "act"), {"text": changed}).body["code"] == "api.scope"
    seen = ask("PUT", FILE, engineer, {"text": changed, "preview": True})
    assert seen.status == 200 and seen.body["digest"] == tag.strip('"') == catalog.last_digest()
    (change,) = seen.body["changes"]
    (one,) = change["differences"]
    assert (one["part"], one["key"], [f["name"] for f in one["fields"]]) == ("matters", "tree", ["milestones"])
    done = ask("PUT", FILE, engineer, {"text": changed, "name": "mine.toml"}, **{"If-Match": tag})
    assert done.status == 200 and done.body["digest"] == done.body["content"] == catalog.last_digest()
    assert Step.objects.filter(subject="catalog").latest("seq").what == "imported"
    assert ask("PUT", FILE, engineer, {"text": text}, **{"If-Match": tag}).status == 412


def test_a_wrong_file_is_told_by_line_and_key(town, engineer):
    text = ask("GET", FILE, engineer).body.decode().replace('limit = "5 wd"', 'limit = "soon"')
    refused = ask("PUT", FILE, engineer, {"text": text})
    assert (refused.status, refused.body["code"], refused.body["field"]) == (400, "catalog.file.refused", "file")
    assert "milestones[1].limit" in refused.body["detail"]


def test_a_change_is_tried_whatever_says_it_and_nothing_is_written(town, key, engineer):
    town.collect()
    town.collect(matter="hole", lon=10.15, lat=50.02)
    other = key("dispatcher")
    steps, before = Step.objects.count(), catalog.last_digest()
    days = {"since": DAY, "until": DAY}

    def tried(**asked):
        answer = ask("POST", TRIALS, engineer, {**asked, **days})
        assert answer.status == 200, answer.body
        return answer.body

    step = {"name": {"en": "done", "zh-hans": "done"}, "limit": "1 wd"}
    timed = tried(matter={"code": "tree", "milestones": [step]})
    assert (timed["cases"], timed["timed"][0]["sooner"], timed["routed"]) == (2, 1, [])
    assert timed["timed"][0]["was"] == ["1 uh", "5 wd"] and timed["timed"][0]["now"] == ["1 wd"]
    routed = tried(line={"matter": "hole", "lead": "parks"})
    assert routed["routed"][0]["was"]["lead"] == "roads" and routed["routed"][0]["now"]["lead"] == "parks"
    off = tried(plate={"key": "town", "do": "off"})
    assert {row["matter"] for row in off["gone"]} == {"tree", "hole"}
    assert tried(plate={"key": "health", "do": "on"})["same"]
    text = ask("GET", FILE, engineer).body.decode()
    assert tried(file=text)["same"]
    assert ask("POST", TRIALS, other, {"line": {"matter": "hole", "lead": "parks"}}).status == 403
    for wrong in ({}, {"line": {"matter": "hole", "lead": "parks"}, "file": text}):
        assert ask("POST", TRIALS, engineer, wrong).body["code"] == "catalog.trial.one"
    assert ask("POST", TRIALS, engineer, {"file": text, "since": "2018-10-22", "until": DAY}).body["field"] == "until"
    assert (Step.objects.count(), catalog.last_digest()) == (steps, before)


def test_a_plate_tells_what_is_newer_and_takes_it_over(town, engineer):
    made = load(installed()["health"])
    older = made.model_copy(update={"services": made.services[:1], "version": "0.9.0"})
    actions.publish(plates=[PLATE, older], by=BY, at=town.at)
    path = "/api/v1/plates/health"
    found = ask("GET", path, engineer).body
    assert {one["part"] for one in found["newer"]} == {"plate", "services"}
    assert len(found["manifest"]["services"]) == 1, "what is in force"
    done = ask("PUT", path, engineer, {"on": True, "renew": True})
    assert done.status == 200 and done.body["newer"] == [] and done.body["version"] == made.version
    again = ask("PUT", path, engineer, {"on": True, "renew": True})
    assert (again.status, again.body["code"]) == (409, "catalog.plate.same")
