"""Sending: reports and updates, once each however often they are sent; what is wrong is named, all of it."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cityloop.doors.open311 import reporting
from cityloop.loops.cases.actions import intake
from cityloop.loops.cases.models import Case, Follower, Report
from cityloop.loops.cases.rebuilding import all_differences
from cityloop.town.catalog import actions as catalog
from cityloop.town.columns import real_now
from cityloop.town.files.models import File
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.queries import verify
from cityloop.town.persons.actions import make_access_key
from cityloop.town.persons.models import Person
from cityloop.town.persons.queries import words_of
from tests.doors.open311.client import CREATED, UPDATED, Door, check_errors, check_requests, parsed
from tests.doors.web.conftest import number, picture
from tests.loops.cases.smallville import PLATE, Town
from tests.town.staff import BY

FORMS = ("json", "xml")
GOOD: dict[str, Any] = {"service_code": "tree", "lat": 50.07, "long": 10.05, "description": "A tree & a <fence>"}
PIT: dict[str, Any] = {**GOOD, "service_code": "pit", "attribute[size]": "l"}


def only() -> Case:
    return Case.objects.get()


@pytest.mark.parametrize("form", FORMS)
def test_a_report_is_a_case_like_any_other(town: Town, door: Door, form: str) -> None:
    (made,) = door.post(
        form=form, **GOOD, first_name="Jane", last_name="Roe", email="Jane@Example.org", phone="+1 555 0100",
        account_id="a-17", device_id="tt222111", media_url="http://169.254.169.254/latest/meta-data",
    )  # fmt: skip
    assert tuple(made) == CREATED and made["account_id"] == "a-17"
    case, report = only(), Report.objects.get()
    assert made["service_request_id"] == number(case.pk)
    assert (case.matter, case.state, case.lon, case.lat, report.channel) == (
        "tree",
        "collected",
        10.05,
        50.07,
        "open311",
    )
    kept = words_of(case.subject)
    assert kept["1:collect:words"] == "A tree & a <fence>"
    assert kept["1:collect:answers"] == "media_url: http://169.254.169.254/latest/meta-data"
    assert Person.objects.get(pk=report.person).language == "en"
    assert "tt222111" not in str(kept) + str(list(Step.objects.values()))
    check_requests(door.get(f"requests/{made['service_request_id']}", form))
    link = made["service_notice"].rpartition(" ")[2]
    assert Client().get(link).status_code == 200
    assert list(verify()) == [] and list(all_differences()) == []


@pytest.mark.parametrize("form", FORMS)
def test_the_answer_may_hold_the_follow_code(door: Door, form: str) -> None:
    answer = door.client.post(f"/open311/v2/requests.{form}?extensions=true", {**GOOD, "api_key": door.key})
    (made,) = parsed(answer, form, "service_requests")
    assert tuple(made) == (*CREATED, "extended_attributes") and answer["Cache-Control"] == "no-store"
    code = made["extended_attributes"]["follow_code"]
    assert door.get(f"tokens/{code}", form)[0]["service_request_id"] == made["service_request_id"]


def test_json_bodies(door: Door) -> None:
    (made,) = door.post_json({**GOOD, "service_code": "pit", "attribute": {"size": "s", "depth": 12.5, "road": True}})
    kept = words_of(only().subject)
    assert kept["1:collect:answers"] == "size: s (Small)\ndepth: 12.5\nroad: true"
    assert made["service_request_id"] == number(only().pk)
    for body in (b"", b"{", b"[]", b"3", b"null", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"lat": 1e999}'):
        door.post_json(body, expect=400)
    assert Case.objects.count() == 1


def test_the_place_may_be_a_unit_or_words(door: Door) -> None:
    door.post(service_code="tree", address_string="5 Main Street, by the <school>" + "x" * 300)
    case = only()
    assert case.address.startswith("5 Main Street, by the <school>") and case.lon is None
    assert words_of(case.subject)["1:collect:answers"].startswith("address_string: 5 Main Street")
    door.post(service_code="tree", address_id="100101001")
    assert Case.objects.order_by("-pk")[0].unit_code == "100101001"
    (error,) = door.post(service_code="tree", address_id="nowhere", expect=400)
    assert error["description"].startswith("address_id: ")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("changed", "status", "named"),
    [
        ({"service_code": ""}, 400, "service_code"), ({"service_code": "nothing"}, 404, "service_code"),
        ({"lat": ""}, 400, "lat"), ({"long": ""}, 400, "long"), ({"lat": "", "long": ""}, 400, "lat"),
        ({"lat": "91"}, 400, "lat"), ({"long": "181"}, 400, "long"), ({"lat": "x"}, 400, "lat"),
        ({"lat": "NaN"}, 400, "lat"), ({"lat": "1e400"}, 400, "lat"), ({"lat": "0", "long": "0"}, 400, "long"),
        ({"description": "x" * 4001}, 400, "description"), ({"email": "nobody"}, 400, "email"),
        ({"phone": "none"}, 400, "phone"), ({"first_name": "x" * 101}, 400, "first_name"),
        ({"jurisdiction_id": "metropolis"}, 404, "jurisdiction_id"), ({"media_url": "x" * 2001}, 400, "media_url"),
        ({"attribute[size]": "xl"}, 400, "attribute[size]"), ({"attribute[size]": ""}, 400, "attribute[size]"),
        ({"attribute[depth]": "deep"}, 400, "attribute[depth]"), ({"attribute[depth]": "inf"}, 400, "attribute[depth]"),
        ({"attribute[since]": "long ago"}, 400, "attribute[since]"),
        ({"attribute[road]": "maybe"}, 400, "attribute[road]"),
        ({"attribute[more]": "x" * 2001}, 400, "attribute[more]"),
        ({"attribute[colour]": "red"}, 400, "attribute[colour]"),
        ({"attribute[size]": ["s", "l"]}, 400, "attribute[size]"),
        ({"api_key": ""}, 403, "api_key"), ({"api_key": "wrong\0"}, 403, "api_key"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_wrong_is_named(door: Door, changed: dict[str, Any], status: int, named: str, form: str) -> None:
    (error,) = door.post(form=form, expect=status, **{**PIT, **changed})
    assert error["description"].startswith(f"{named}: ")
    assert not Case.objects.exists()


def test_all_that_is_wrong_is_told_at_once(door: Door) -> None:
    wrong = {**PIT, "attribute[size]": "xl", "attribute[depth]": "deep", "lat": "", "description": "x" * 5000}
    found = door.post(expect=400, **wrong)
    assert {e["description"].partition(":")[0] for e in found} == {
        "attribute[size]", "attribute[depth]", "lat", "description"
    }  # fmt: skip
    (error,) = door.post(expect=400, **{**GOOD, "service_code": "pit"})
    assert error["description"] == "attribute[size]: This is needed."


def test_nothing_is_cut_off_unsaid(door: Door) -> None:
    long = {"attribute[more]": "x" * 1990, "media_url": "http://x/" + "y" * 1980, "address_string": "z" * 1500}
    (error,) = door.post(expect=400, **{**PIT, **long})
    assert error["description"] == "attribute: Give at most 5000 characters."


def test_errors_speak_the_language_asked_for(door: Door) -> None:
    door.get("services/nothing", expect=404, locale="zh-Hans")
    assert door.last["Content-Language"] == "zh-hans"


def test_keys(town: Town, door: Door) -> None:
    reader = make_access_key(account=town.accounts["parks"], label="r", days=1, by=BY, at=real_now(), scopes=["read"])
    (error,) = door.post(expect=403, key=None, **GOOD)
    assert "key" in error["description"]
    door.post(expect=403, key=reader, **GOOD)
    for headers in ({"Authorization": f"Bearer {door.key}"}, {"X-Api-Key": door.key}):
        door.post(key=None, headers=headers, **GOOD)
    slow = make_access_key(account=town.accounts["parks"], label="s", days=1, by=BY, at=real_now(), per_minute=1)
    door.post(key=slow, **GOOD)
    (error,) = door.post(key=slow, expect=429, **GOOD)
    assert error["description"].startswith("api_key: ")


@pytest.mark.parametrize("form", FORMS)
def test_the_same_post_is_one_report(town: Town, door: Door, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = door.post(form=form, **PIT)
    assert door.post(form=form, **PIT) == first
    assert Case.objects.count() == 1
    door.post(form=form, **{**PIT, "description": "Another"})
    other = make_access_key(account=town.accounts["roads"], label="o", days=1, by=BY, at=real_now())
    door.post(form=form, key=other, **PIT)
    assert Case.objects.count() == 3
    codes = [
        door.post(form=form, **PIT, **who) for who in ({"device_id": "a"}, {"device_id": "b"}, {"account_id": "a"})
    ]
    assert len({str(code) for code in codes}) == 3  # of other persons, each with a link of their own
    assert Case.objects.count() == 6
    monkeypatch.setattr(intake, "real_now", lambda: real_now() + reporting.AGAIN + 60_000_000)
    assert door.post(form=form, **PIT) != first  # an hour later it is reported anew
    assert Case.objects.count() == 7


def test_a_key_of_the_sender_holds_for_a_day(door: Door) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = door.post(headers=headers, **GOOD)
    assert door.post(headers=headers, **GOOD) == first
    door.post(headers=headers, expect=409, **{**GOOD, "description": "Another"})
    door.post(headers={"Idempotency-Key": "k" * 500}, expect=400, **GOOD)
    assert Case.objects.count() == 1


def test_photos_are_kept_once(door: Door) -> None:
    def send(colour: str = "green", **more: Any) -> Any:
        photo = SimpleUploadedFile("a.jpg", picture(colour).read(), "image/jpeg")
        body = {**GOOD, "api_key": door.key, "media": photo, **more}
        return door.client.post("/open311/v2/requests.json", body)

    first = send()
    assert first.status_code == 200, first.content
    assert send().content == first.content
    assert Case.objects.count() == 1 and File.objects.filter(subject=only().subject).count() == 1
    assert send("red").json() != first.json()
    text = send(media=SimpleUploadedFile("a.jpg", b"<svg onload=alert(1)>", "image/jpeg"))
    check_errors(parsed(text, "json", "errors"), 400)
    assert text.json()[0]["description"].startswith("media: ")
    many = door.client.post(
        "/open311/v2/requests.xml",
        {**GOOD, "api_key": door.key, "media": [SimpleUploadedFile(f"{n}.jpg", b"x") for n in range(11)]},
    )
    check_errors(parsed(many, "xml", "errors"), 400)


def test_statements_of_a_report(door: Door) -> None:
    door.post(**GOOD)
    with CaptureQueriesContext(connection) as queries:
        door.post(**{**GOOD, "description": "Another"})
    sql = [q["sql"] for q in queries if not q["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"))]
    assert len(sql) <= 9, "\n".join(s[:120] for s in sql)  # collecting with a key takes 8; whose access key it is, 1


@pytest.mark.parametrize("form", FORMS)
def test_updates_from_outside_are_additions(town: Town, door: Door, form: str) -> None:
    case = town.to("handling")
    sent = {
        "service_request_id": number(case), "update_id": "77", "status": "FIXED", "description": "It fell & <broke>",
        "updated_datetime": "2018-10-21T12:00:00Z", "email": "x@example.org", "first_name": "Jane",
    }  # fmt: skip
    (made,) = door.post("servicerequestupdates", form, **sent)
    assert tuple(made) == UPDATED
    step = Step.objects.filter(subject=f"case:{case}").order_by("-seq")[0]
    assert (step.what, made["update_id"]) == ("add", f"{number(case)}-{step.seq}")
    row = Case.objects.get(pk=case)
    assert row.state == "handling" and not Follower.objects.exists()
    assert words_of(row.subject)[f"{step.seq}:add:words"] == (
        "It fell & <broke>\nstatus: FIXED\nupdated_datetime: 2018-10-21T12:00:00Z"
    )
    assert door.post("servicerequestupdates", form, **sent) == [made]
    assert Step.objects.filter(subject=row.subject, what="add").count() == 1
    door.post("servicerequestupdates", form, expect=409, **{**sent, "description": "Another"})
    door.post(f"requests/{number(case)}/servicerequestupdates", form, description="By its address")
    assert Step.objects.filter(subject=row.subject, what="add").count() == 2
    assert b"fell" not in Client().get("/open311/v2/servicerequestupdates.json").content


@pytest.mark.parametrize(
    ("changed", "status", "named"),
    [
        ({"service_request_id": ""}, 400, "service_request_id"),
        ({"service_request_id": "x"}, 404, "service_request_id"),
        ({"service_request_id": "SV-2018-999999"}, 404, "service_request_id"),
        ({"description": ""}, 400, "description"),
        ({"description": "x" * 4001}, 400, "description"), ({"status": "MENDED"}, 400, "status"),
        ({"updated_datetime": "now"}, 400, "updated_datetime"), ({"api_key": "x"}, 403, "api_key"),
    ],
    ids=str,
)  # fmt: skip
def test_wrong_updates_are_named(town: Town, door: Door, changed: dict[str, str], status: int, named: str) -> None:
    good = {"service_request_id": number(town.collect().case), "update_id": "1", "description": "d"}
    (error,) = door.post("servicerequestupdates", expect=status, **{**good, **changed})
    assert error["description"].startswith(f"{named}: ")


def test_what_has_ended_or_is_confidential_takes_no_updates(town: Town, door: Door) -> None:
    for case, status in ((town.to("closed"), 400), (town.collect(matter="secret").case, 404)):
        door.post("servicerequestupdates", expect=status, service_request_id=number(case), description="d")


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k1"}])
def test_what_was_taken_stays_taken_whatever_is_asked_today(town: Town, door: Door, headers: dict[str, str]) -> None:
    photo = {"media": SimpleUploadedFile("a.jpg", picture("green").read(), "image/jpeg")}

    def send() -> Any:
        photo["media"].seek(0)
        return door.client.post("/open311/v2/requests.json", {**PIT, "api_key": door.key, **photo}, headers=headers)

    first = send()
    assert first.status_code == 200, first.content
    catalog.publish(plates=[PLATE], by=BY, at=town.at)
    assert send().content == first.content
    assert Case.objects.count() == 1 and File.objects.count() == 1


@pytest.mark.parametrize("answers", [["s"], [{"value": "s"}], [{"code": None, "value": "s"}], [["size", "s"]]])
def test_an_answer_that_names_no_question_is_not_lost_unseen(town: Town, door: Door, answers: Any) -> None:
    (error,) = door.post_json({**GOOD, "attribute": answers}, expect=400)
    assert error["description"] == "attribute: attribute has a wrong type."
    assert not Case.objects.exists()


def test_an_update_id_used_twice_is_named_as_it_was_sent(town: Town, door: Door) -> None:
    sent = {"service_request_id": number(town.collect().case), "update_id": "1"}
    door.post("servicerequestupdates", **sent, description="a")
    (error,) = door.post("servicerequestupdates", **sent, description="b", expect=409)
    assert error["description"] == "update_id: This update_id was used for another update."
    by_header = {"Idempotency-Key": "k"}
    door.post("servicerequestupdates", **sent, description="a", headers=by_header)
    (error,) = door.post("servicerequestupdates", **sent, description="b", headers=by_header, expect=409)
    assert error["description"].startswith("Idempotency-Key: ")
