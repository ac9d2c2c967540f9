"""Hostile requests: answered in the form of the standard, saying what is wrong; no page, no fault of ours."""

import random
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client, override_settings

from cityloop.doors.open311 import errors, reporting
from cityloop.loops.cases.models import Case
from cityloop.loops.cases.rebuilding import all_differences
from cityloop.town.ledger.queries import verify
from tests.conftest import IN_PART, PROVE
from tests.doors.api.test_hostile import NASTY, SEED
from tests.doors.open311.client import Door, check_errors, check_requests, parsed
from tests.loops.cases.smallville import Town

FORMS = ("json", "xml")
FIELDS = (
    "service_code", "lat", "long", "address_string", "address_id", "email", "device_id", "account_id", "first_name",
    "last_name", "phone", "description", "media_url", "jurisdiction_id", "attribute", "attribute[more]",
    "attribute[size]", "attribute[depth]", "attribute[since]", "api_key", "colour",
)  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
def test_no_value_of_any_field_breaks_a_report(town: Town, door: Door, field: str) -> None:
    print(f"seed {SEED}")
    rng = random.Random(f"{SEED}{field}")
    for value in NASTY if PROVE else rng.sample(NASTY, 8 if IN_PART else 20):
        good = {"service_code": "pit", "attribute[size]": "s", "description": "w", "lat": 50.02, "long": 10.05}
        form = rng.choice(FORMS)
        for sent in (_json, _form):
            answer = sent(door, form, {**good, field: value})
            assert answer.status_code in (200, 400, 403, 404, 409), (field, value, answer.content)
            if answer.status_code >= 400:
                check_errors(parsed(answer, form, "errors"), answer.status_code)
            else:
                parsed(answer, form, "service_requests")
    for form in FORMS:
        check_requests(door.get("requests", form))
    assert list(verify()) == [] and list(all_differences()) == []


def _json(door: Door, form: str, body: Any) -> Any:
    import json

    return door.client.post(
        f"/open311/v2/requests.{form}", json.dumps(body), content_type="application/json",
        headers={"X-Api-Key": door.key},
    )  # fmt: skip


def _form(door: Door, form: str, body: Any) -> Any:
    from urllib.parse import urlencode

    values = {k: str(v).encode("utf-8", "surrogatepass") for k, v in body.items()}
    return door.client.post(
        f"/open311/v2/requests.{form}", urlencode(values), content_type="application/x-www-form-urlencoded",
        headers={"X-Api-Key": door.key},
    )  # fmt: skip


def test_what_xml_cannot_hold_is_left_out(town: Town, door: Door, keys: dict[str, str]) -> None:
    nasty = "]]><x>&amp;\ufffe\uffff\x00\x0b\x1b\ud800 \U0001f333 \u202eevil"
    door.post_json({"service_code": "tree", "lat": 50.02, "long": 10.05, "description": nasty})
    for form in FORMS:
        (found,) = door.get("requests", form, api_key=keys["intake"])
        assert found["description"].startswith("]]><x>&amp;") and "\U0001f333 evil" in found["description"]
    for form in FORMS:
        (error,) = door.get("services/" + "%00%0b%ef%bf%be<x>", form, expect=404)
        assert error


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "nothing.{}", 404), ("GET", "v2/nothing.{}", 404), ("GET", "v2/requests/a/b.{}", 404),
        ("POST", "v2/nothing.{}", 404), ("POST", "v2/services.{}", 405), ("PUT", "v2/requests.{}", 405),
        ("DELETE", "v2/requests/SV-2018-000001.{}", 405), ("PATCH", "discovery.{}", 405), ("PUT", "v2/nope.{}", 405),
        ("GET", "v2/requests/SV-2018-%00.{}", 404), ("GET", "v2/requests/" + "9" * 400 + ".{}", 404),
        ("GET", "v2/tokens/%00.{}", 404), ("GET", "v2/tokens/" + "x" * 2000 + ".{}", 404),
        ("GET", "v2/media/x.jpg.{}", 404),
    ],
)  # fmt: skip
def test_what_is_not_there_is_told_in_the_form_asked_for(
    town: Town, method: str, path: str, status: int, form: str
) -> None:
    answer = Client().generic(method, f"/open311/{path.format(form)}")
    assert answer.status_code == status
    check_errors(parsed(answer, form, "errors"), status)
    if status == 405:
        assert "OPTIONS" in answer["Allow"]


def test_what_django_would_answer_with_a_page(town: Town, door: Door) -> None:
    strange = Client().get("/open311/v2/services.json", headers={"Host": "evil.example"})
    check_errors(parsed(strange, "json", "errors"), 400)
    for kind, body in (
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition"), ("multipart/form-data", b"abc"),
        ("text/xml", b"<x/>"), ("application/x-www-form-urlencoded; charset=nothing", b"a=b"),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(2000))), ("", b"x"),
        ("application/x-www-form-urlencoded", b"service_code=tree&lat=%ff%00&long=10"),
    ):  # fmt: skip
        answer = Client().generic("POST", "/open311/v2/requests.xml", body, kind, headers={"X-Api-Key": door.key})
        check_errors(parsed(answer, "xml", "errors"), 400)
    for body in (b"description=" + b"x" * 5_000_000, b'{"description": "' + b"x" * 5_000_000 + b'"}'):
        kind = "application/json" if body[:1] == b"{" else "application/x-www-form-urlencoded"
        answer = Client().post("/open311/v2/requests.json", body, content_type=kind, headers={"X-Api-Key": door.key})
        check_errors(parsed(answer, "json", "errors"), 413)
    answer = Client().post("/open311/v2/requests.json", b"x", content_type="application/json", CONTENT_LENGTH="9" * 11)
    check_errors(parsed(answer, "json", "errors"), 413)
    assert not Case.objects.exists()


@pytest.mark.parametrize("form", FORMS)
def test_faults_of_ours_are_told_in_the_same_form(door: Door, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_: Any) -> None:
        raise DatabaseError("disk full")

    def broken(**_: Any) -> None:
        raise ZeroDivisionError("secret detail")

    good = {"service_code": "tree", "lat": 50.02, "long": 10.05}
    monkeypatch.setattr(reporting.cases, "collect", away)
    door.post(form=form, expect=503, **good)
    assert door.last["Retry-After"] == "5"
    monkeypatch.setattr(reporting.cases, "collect", broken)
    (error,) = door.post(form=form, expect=500, **good)
    assert "E-500-" in error["description"] and "secret" not in error["description"]
    page = errors.page(door.client.get(f"/open311/v2/services.{form}").wsgi_request, 500)
    check_errors(parsed(page, form, "errors"), 500)


@pytest.mark.django_db
@pytest.mark.parametrize("form", FORMS)
def test_without_a_city_it_says_so(form: str) -> None:
    answer = Client().get(f"/open311/v2/services.{form}")
    check_errors(parsed(answer, form, "errors"), 503)


def test_programs_in_pages_may_ask(town: Town) -> None:
    asked = Client().options("/open311/v2/requests.json")
    assert asked.status_code == 204 and asked["Access-Control-Allow-Origin"] == "*"
    assert asked["Access-Control-Allow-Methods"] == "GET, HEAD, POST, OPTIONS"
    assert Client().get("/open311/v2/services.json")["Access-Control-Allow-Origin"] == "*"
    assert Client().head("/open311/v2/services.json").content == b""


def test_a_forged_form_needs_no_token_and_gets_nothing_without_a_key(town: Town) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/open311/v2/requests.json", {"service_code": "tree"})
    check_errors(parsed(answer, "json", "errors"), 403)


@override_settings(DATA_UPLOAD_MAX_NUMBER_FIELDS=5)
def test_the_limits_of_django_hold(door: Door) -> None:
    answer = door.client.post("/open311/v2/requests.json", {f"a{n}": "1" for n in range(9)})
    check_errors(parsed(answer, "json", "errors"), 400)
