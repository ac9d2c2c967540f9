"""Acting through the door: what is offered is enough to go the whole way; repeating is safe; several at once."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import jsonschema
import pytest
from PIL import Image

from cityloop.loops.cases.models import Case
from cityloop.town.catalog import actions as catalog
from cityloop.town.files.photo import MAX_BYTES
from cityloop.town.ledger.models import Step
from tests.doors.api.conftest import CLIENT, ask, name_of
from tests.doors.open311.conftest import plate
from tests.loops.cases.smallville import PLATE, Town
from tests.town.staff import BY

Key = Callable[..., str]


def offers(number: str, key: str) -> dict[str, Any]:
    answer = ask("GET", f"/api/v1/cases/{number}/actions", key)
    assert answer.status in (200, 404), answer.body
    return {one["action"]: one for one in answer.body.get("offers", [])}


def sample(schema: dict[str, Any]) -> Any:
    """Give the least value of a schema, as a client does that knows nothing of the loop."""
    for word in ("const", "default"):
        if word in schema:
            return schema[word]
    if "oneOf" in schema:
        return sample(schema["oneOf"][0])
    if schema.get("type") == "object":
        needed = schema.get("required", []) + schema.get("anyOf", [{"required": []}])[0]["required"]
        return {name: sample(schema["properties"][name]) for name in needed}
    return {"string": "x", "integer": schema.get("minimum", 1), "array": []}[schema["type"]]


def test_a_client_that_knows_nothing_of_the_loop_goes_the_whole_way(town: Town, key: Key) -> None:
    """It picks from what is offered by its name alone, sends what the schema asks for, and the case closes."""
    said = ask("POST", "/api/v1/reports", body={"words": "A tree", "matter": "tree", "lon": 10.05, "lat": 50.07})
    number, wished = said.body["number"], ["file", "dispatch", "accept", "report_back", "submit", "pass", "close"]
    people = [key(who) for who in ("shift", "dispatcher", "parks", "roads", "inspector")]
    for _ in range(30):
        found = [(mine, offer) for mine in people for offer in offers(number, mine).values()]
        mine, offer = next((m, o) for name in wished for m, o in found if o["action"] == name)
        body = sample(offer["body"])
        jsonschema.Draft202012Validator.check_schema(offer["body"])
        jsonschema.validate(body, offer["body"])
        answer = ask(offer["method"], offer["href"], mine, body)
        assert answer.status == 200, answer.body
        if answer.body["closed"]:
            break
    assert Case.objects.get().state == "closed"


def test_what_may_be_left_out_is_not_asked_for(town: Town, key: Key) -> None:
    """Who leads may be left to the catalogue, and then the schema does not want it."""
    number = name_of(town.to("filed"))
    offer = offers(number, key("dispatcher"))["dispatch"]
    jsonschema.validate({"data": {}}, offer["body"])
    assert "left out" in offer["body"]["properties"]["data"]["properties"]["parts"]["description"]
    answer = ask("POST", offer["href"], key("dispatcher"), {"data": {}})
    assert (answer.status, answer.body["state"], answer.body["organisation"]) == (200, "dispatched", "parks")


@pytest.mark.parametrize("state", ["collected", "filed", "dispatched", "handling", "handled", "checking", "checked"])
def test_every_offer_has_a_sound_schema(town: Town, key: Key, state: str) -> None:
    number = name_of(town.to(state))
    for who in town.accounts:
        answer = ask("GET", f"/api/v1/cases/{number}/actions", key(who))
        for offer in answer.body.get("offers", []):
            jsonschema.Draft202012Validator.check_schema(offer["body"])
            assert offer["body"]["properties"]["expected"] == {"const": answer.body["seq"]}


def test_an_offer_says_by_what_it_is_judged(town: Town, key: Key) -> None:
    words = {"file": {"en": "seen", "zh-hans": "seen"}, "pass": {"en": "gone", "zh-hans": "gone"}}
    for state, who, action in (("collected", "shift", "file"), ("checking", "inspector", "pass")):
        case = name_of(town.to(state))
        found = offers(case, key(who))
        assert found[action]["condition"] == words[action] and found["note"]["condition"] == {}
        whole = ask("GET", f"/api/v1/cases/{case}", key(who)).body
        assert whole["closing"] == ({} if state == "collected" else words["pass"])


def test_a_decision_names_its_request_and_its_answers(town: Town, key: Key) -> None:
    case = town.to("handling")
    town.take(case, "extend", "parks", words="more time")
    offer = offers(name_of(case), key("dispatcher"))["decide"]
    data = offer["body"]["properties"]["data"]["properties"]
    assert data["request"] == {"const": offer["request"]}
    assert {one["const"] for one in data["answer"]["oneOf"]} == {"granted", "refused"}
    body = sample(offer["body"])
    body["data"]["words"] = "so be it"
    assert ask("POST", offer["href"], key("dispatcher"), body).status == 200


def test_who_sees_no_case_is_offered_nothing(town: Town, key: Key) -> None:
    number = name_of(town.to("handling"))
    for path in ("", "/actions", "/timeline"):
        assert ask("GET", f"/api/v1/cases/{number}{path}", key("police")).body["code"] == "cases.unknown"


def test_the_loser_is_told(town: Town, key: Key) -> None:
    case = town.to("handling")
    path, mine = f"/api/v1/cases/{name_of(case)}/actions/note", key("shift")
    tag = ask("GET", f"/api/v1/cases/{name_of(case)}", mine).headers["ETag"]
    first = ask("POST", path, mine, {"data": {"words": "a"}}, If_Match=tag)
    assert first.status == 200 and first.headers["ETag"] == f'"{first.body["seq"]}"'
    late = ask("POST", path, mine, {"data": {"words": "b"}}, If_Match=tag)
    assert (late.status, late.body["code"]) == (412, "api.match")
    assert ask("POST", path, mine, {"data": {"words": "b"}}, If_Match='"x"').status == 412
    late = ask("POST", path, mine, {"data": {"words": "b"}, "expected": int(tag.strip('"').partition(".")[0])})
    assert (late.status, late.body["code"]) == (409, "cases.changed")
    assert ask("POST", path, mine, {"data": {"words": "b"}}, If_Match="*").status == 200
    now = ask("GET", f"/api/v1/cases/{name_of(case)}", mine).headers["ETag"]
    assert ask("POST", path, mine, {"data": {"words": "c"}}, If_Match=f'"x", {tag}').status == 412
    assert ask("POST", path, mine, {"data": {"words": "c"}}, If_Match=f"{tag}, W/{now}").status == 200


def test_a_number_with_another_year_is_nobodys(town: Town, key: Key) -> None:
    case = town.to("filed")
    name = name_of(case)
    other = f"{name[:3]}1999{name[7:]}"
    path = f"/api/v1/cases/{other}/actions/note"
    assert ask("POST", path, key("shift"), {"data": {"words": "seen"}}).status == 404
    for preview in (False, True):
        sent = {"numbers": [other, name], "data": {"words": "seen"}, "preview": preview}
        told = ask("POST", "/api/v1/cases/actions/note", key("shift"), sent).body["results"]
        assert [(one["number"], one["status"]) for one in told] == [(other, 404), (name, 200)]
    assert Step.objects.filter(subject=f"case:{case}", what="note").count() == 1


def test_repeating_under_a_key_does_it_once(town: Town, key: Key) -> None:
    case = town.to("handling")
    path, mine = f"/api/v1/cases/{name_of(case)}/actions/note", key("shift")
    body = {"data": {"words": "once"}}
    first, again = (ask("POST", path, mine, body, Idempotency_Key="k1") for _ in range(2))
    assert first.status == again.status == 200 and first.body == again.body
    assert Step.objects.filter(subject=f"case:{case}", what="note").count() == 1
    other = ask("POST", path, mine, {"data": {"words": "twice"}}, Idempotency_Key="k1")
    assert (other.status, other.body["code"]) == (409, "cases.key.reused")
    assert ask("POST", path, mine, body, Idempotency_Key="k" * 200).body["code"] == "cases.key.long"
    assert ask("POST", path, key("dispatcher"), body, Idempotency_Key="k1").status == 200  # another client's key


def test_a_refused_request_leaves_its_key_free(town: Town, key: Key) -> None:
    case = town.to("handling")
    path, mine = f"/api/v1/cases/{name_of(case)}/actions/note", key("shift")
    assert ask("POST", path, mine, {"data": {"words": 7}}, Idempotency_Key="k").status == 400
    assert ask("POST", path, mine, {"data": {"words": "now"}}, Idempotency_Key="k").status == 200


def test_several_at_once_are_answered_one_by_one(town: Town, key: Key) -> None:
    good, done = town.to("collected"), town.to("filed")
    names = [name_of(good), name_of(done), "SV-2018-999999", "nonsense", name_of(good)]
    mine, path = key("shift"), "/api/v1/cases/actions/file"
    before = Step.objects.count()
    would = ask("POST", path, mine, {"numbers": names, "preview": True}).body["results"]
    assert [one["status"] for one in would] == [200, 409, 404, 404]
    assert (would[0]["would"]["was"], would[0]["would"]["state"], would[0]["would"]["reporters"]) == (
        "collected",
        "filed",
        1,
    )
    assert Step.objects.count() == before and Case.objects.get(pk=good).state == "collected"
    for _ in range(2):  # the second time under the same key it is the same answer
        did = ask("POST", path, mine, {"numbers": names}, Idempotency_Key="b1").body["results"]
        assert [one["status"] for one in did] == [200, 409, 404, 404]
        assert did[0]["case"]["state"] == "filed" and did[1]["problem"]["code"] == "loop.state"
    assert Step.objects.count() == before + 1
    assert ask("POST", path, mine, {"numbers": []}).status == 422
    assert ask("POST", path, mine, {"numbers": ["x"] * 101}).status == 422


def test_a_preview_tells_nobody_what_they_may_not_see(town: Town, key: Key) -> None:
    case = name_of(town.to("handling"))
    (one,) = ask("POST", "/api/v1/cases/actions/note", key("police"), {"numbers": [case], "preview": True}).body[
        "results"
    ]
    assert (one["status"], one["problem"]["code"]) == (404, "cases.unknown")
    said = ask(
        "POST", "/api/v1/cases/actions/dispatch", key("dispatcher"),
        {"numbers": [name_of(town.to("filed"))], "preview": True},
    ).body["results"][0]["would"]  # fmt: skip
    assert said["organisations"] == ["parks", "roads"] and said["state"] == "dispatched"


def jpeg() -> BytesIO:
    made = BytesIO()
    Image.effect_noise((64, 48), 90).convert("RGB").save(made, "JPEG")
    made.seek(0)
    made.name = "tree.jpg"
    return made


def test_a_photo_goes_the_whole_way(town: Town, key: Key) -> None:
    case = town.to("handling")
    mine = {"Authorization": f"Bearer {key('parks')}"}
    kept = CLIENT.post("/api/v1/photos", {"number": name_of(case), "photo": jpeg()}, headers=mine)
    assert kept.status_code == 201, kept.content
    photo = kept.json()["key"]
    path = f"/api/v1/cases/{name_of(case)}/actions/report_back"
    assert ask("POST", path, key("parks"), {"data": {"words": "done", "photos": [photo]}}).status == 200
    assert ask("GET", f"/api/v1/cases/{name_of(case)}", key("shift")).body["photos"][0]["key"] == photo
    for side, status in ((0, 200), (320, 200), (77, 400)):
        assert ask("GET", f"/api/v1/photos/{photo}?side={side}", key("shift")).status == status
    assert ask("GET", f"/api/v1/photos/{photo}", key("police")).status == 404
    assert ask("GET", "/api/v1/photos/nothing", key("shift")).status == 404
    refused = CLIENT.post("/api/v1/photos", {"number": name_of(case), "photo": jpeg()},
                          headers={"Authorization": f"Bearer {key('police')}"})  # fmt: skip
    assert refused.status_code == 404


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\xff\xd8\xff" + b"x" * 1000, b"<svg/>"])
def test_what_is_no_photo_is_refused(town: Town, key: Key, content: bytes) -> None:
    upload = BytesIO(content)
    upload.name = "x.jpg"
    mine = {"Authorization": f"Bearer {key('parks')}"}
    sent = {"number": name_of(town.to("handling")), "photo": upload}
    answer = CLIENT.post("/api/v1/photos", sent, headers=mine)
    assert answer.status_code == 400 and answer.json()["code"].startswith("files.")


def test_a_photo_that_is_too_large_is_told_so(town: Town, key: Key) -> None:
    upload = BytesIO(jpeg().read() + b"\0" * MAX_BYTES)
    upload.name = "x.jpg"
    sent = {"number": name_of(town.to("handling")), "photo": upload}
    answer = CLIENT.post("/api/v1/photos", sent, headers={"Authorization": f"Bearer {key('parks')}"})
    assert (answer.status_code, answer.json()["code"]) == (413, "files.photo.big")


def test_a_matters_questions_are_answered_or_the_report_is_refused(town: Town, key: Key) -> None:
    catalog.publish(plates=[plate()], by=BY, at=town.at)
    (pit,) = [one for one in ask("GET", "/api/v1/matters", key("parks")).body["items"] if one["code"] == "pit"]
    assert [(one["key"], one["required"]) for one in pit["questions"]][:2] == [("size", True), ("depth", False)]
    body = {"words": "A pit", "matter": "pit", "lon": 10.05, "lat": 50.07}
    for answers, code, field in (
        ({}, "catalog.answer.missing", "answers.size"),
        ({"size": "xl"}, "catalog.answer.choice", "answers.size"),
        ({"size": "s", "depth": "deep"}, "catalog.answer.number", "answers.depth"),
        ({"size": "s", "hue": "red"}, "catalog.answer.unknown", "answers.hue"),
        ({"size": ["s", "l"]}, "catalog.answer.many", "answers.size"),
        ({"size": {"s": 1}}, "api.shape", "answers.size"),
        ({"size": None}, "api.shape", "answers.size"),
        ({"size": [["s"]]}, "api.shape", "answers.size"),
        ("s", "api.shape", "answers"),
    ):
        said = ask("POST", "/api/v1/reports", body={**body, "answers": answers})
        assert said.status in (400, 422) and said.body["code"] == code, answers
        assert said.body["field"] == field
    for gone in ({"size": "s"}, {}):
        said = ask("POST", "/api/v1/reports", body={**body, "matter": "withdrawn", "answers": gone})
        assert (said.body["code"], said.body["field"]) == ("catalog.matter.unknown", "matter")
    given = {"size": "l", "depth": 2.5, "seen": ["glass", "water"]}
    said = ask("POST", "/api/v1/reports", body={**body, "answers": given})
    assert said.status == 201
    steps = ask("GET", f"/api/v1/cases/{said.body['number']}/timeline", key("intake")).body["items"]
    told = "size: l (Large & <wide>)\ndepth: 2.5\nseen: water (Water), glass (Glass)"
    assert steps[0]["words"]["answers"] == told


def test_a_report_that_was_taken_stays_taken_whatever_is_asked_today(town: Town, key: Key) -> None:
    """Sent again under its key it gets its answer, though its matter is gone and its questions with it."""
    catalog.publish(plates=[plate()], by=BY, at=town.at)
    body = {"words": "A pit", "matter": "pit", "lon": 10.05, "lat": 50.07, "answers": {"size": "l", "seen": ["glass"]}}
    by_phone = {name: body[name] for name in ("words", "matter", "lon", "lat")} | {"channel": "phone"}
    sent = (("/api/v1/reports", "", body), ("/api/v1/cases", key("intake"), by_phone))
    first = [ask("POST", path, who, said, Idempotency_Key="k") for path, who, said in sent]
    catalog.publish(plates=[PLATE], by=BY, at=town.at)
    assert [one.status for one in first] == [201, 201]
    for (path, who, said), before in zip(sent, first, strict=True):
        again = ask("POST", path, who, said, Idempotency_Key="k")
        assert (again.status, again.body) == (201, before.body)
        assert ask("POST", path, who, said, Idempotency_Key="new").status in (400, 422)
        assert ask("POST", path, who, {**said, "words": "Another"}, Idempotency_Key="k").status == 409
    assert Case.objects.count() == 2
