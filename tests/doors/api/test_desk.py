"""What the desk has and a program has too: words, who reported, what lies near, counts, files, views, notices."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from cityloop.ground.kit.manifest import Manifest
from cityloop.loops.cases.models import Case
from cityloop.loops.cases.search.actions import index
from cityloop.town.calendar.clock import city_clock
from cityloop.town.catalog import actions as catalog
from cityloop.town.columns import rfc3339
from cityloop.town.ledger.models import Step
from cityloop.town.notices.actions import tell
from cityloop.town.persons.models import Look
from tests.doors.api.conftest import ask, name_of
from tests.loops.cases.smallville import PLATE, Town
from tests.town.staff import BY, both

Key = Callable[..., str]
HOUR = 3_600_000_000


def found(key: str, query: str) -> Any:
    answer = ask("GET", f"/api/v1/cases?{query}", key)
    assert answer.status == 200, answer.body
    return {one["number"] for one in answer.body["items"]}, answer.body["meant"]


def test_cases_are_found_by_words_with_slips(town: Town, key: Key) -> None:
    bench = name_of(town.to("filed", words="A broken bench near the fountain", address="12 Rosewood Avenue"))
    tree = name_of(town.collect(words="树倒在路上 fountain").case)
    index(Case.objects.values_list("id", flat=True))
    mine = key("shift")
    assert found(mine, "q=bench") == ({bench}, [])
    assert found(mine, "q=fountain")[0] == {bench, tree}
    assert found(mine, "q=fountain&matter=hole")[0] == set()
    assert found(mine, "q=rosewod") == ({bench}, [{"word": "rosewod", "taken_for": ["rosewood"]}])
    assert found(mine, "q=树倒")[0] == {tree}
    assert found(mine, f"q={bench}")[0] == {bench}
    assert found(key("parks"), "q=bench")[0] == set()  # takes no part
    page = ask("GET", "/api/v1/cases?q=fountain&limit=1", mine).body
    assert [one["number"] for one in page["items"]] == [tree]
    assert [one["number"] for one in ask("GET", page["next"], mine).body["items"]] == [bench]


def test_who_asks_for_a_person_is_on_record(town: Town, key: Key) -> None:
    mine = name_of(town.collect(email="ann@example.org", name="Ann Able").case)
    town.collect(email="bob@example.org")
    assert found(key("intake"), "q=ann@example.org")[0] == {mine}
    assert Look.objects.count() == 1
    assert found(key("commander"), "q=ann@example.org")[0] == set()  # no post that may ask
    assert Look.objects.count() == 1


def test_the_reporter_is_masked_until_asked_for_with_a_purpose(town: Town, key: Key) -> None:
    case = name_of(town.to("dispatched", name="Ann Able", phone="+12125550123", email="ann@example.org"))
    path = f"/api/v1/cases/{case}/reports"
    said = ask("GET", path, key("intake")).body
    (report,) = said["items"]
    assert said["followers"] == 1 and "ann@" not in str(said) and "0123" not in report["phone"][:-2]
    assert ask("POST", report["contact"], key("intake"), {"purpose": " "}).body["field"] == "purpose"
    assert Look.objects.count() == 0
    whole = ask("POST", report["contact"], key("intake"), {"purpose": "Which tree?"})
    assert whole.body == {"name": "Ann Able", "phone": "+12125550123", "email": "ann@example.org"}
    look = Look.objects.get()
    assert (look.purpose, look.by_role) == ("Which tree?", "intake_officer")
    assert ask("GET", path, key("commander")).body["items"][0]["contact"] == ""
    assert ask("POST", report["contact"], key("commander"), {"purpose": "p"}).status == 403
    assert ask("POST", report["contact"], key("police"), {"purpose": "p"}).status == 404
    other = name_of(town.collect().case)
    moved = report["contact"].replace(case, other)
    assert ask("POST", moved, key("intake"), {"purpose": "p"}).status == 404  # not behind that case
    assert Look.objects.count() == 1


def test_a_report_by_phone_is_entered_by_who_takes_reports(town: Town, key: Key) -> None:
    body = {"words": "A caller says a lamp is out", "address": "Hill Road 3", "channel": "counter", "phone": "5550100"}
    first = ask("POST", "/api/v1/cases", key("intake"), body, Idempotency_Key="k1")
    assert first.status == 201, first.body
    assert ask("POST", "/api/v1/cases", key("intake"), body, Idempotency_Key="k1").body == first.body
    case = ask("GET", f"/api/v1/cases/{first.body['number']}", key("intake")).body
    assert case["channel"] == "counter"
    step = Step.objects.get(what="collect")
    assert (step.actor, step.role) == ("person", "intake_officer")
    assert ask("POST", "/api/v1/cases", key("dispatcher"), body).body["code"] == "authority.denied"
    assert ask("POST", "/api/v1/cases", key("intake"), {**body, "channel": "web"}).status == 422


def test_a_find_of_ones_own_is_entered_where_the_post_is(town: Town, key: Key) -> None:
    body = {"words": "A tree lies here", "lon": 10.05, "lat": 50.07, "channel": "inspector"}
    made = ask("POST", "/api/v1/cases", key("inspector_east"), body, Idempotency_Key="f1")
    assert made.status == 201, made.body
    assert ask("POST", "/api/v1/cases", key("inspector_east"), body, Idempotency_Key="f1").body == made.body
    assert ask("GET", f"/api/v1/cases/{made.body['number']}", key("inspector")).body["channel"] == "inspector"
    assert Step.objects.get(what="collect").role == "inspector"
    refused = ask("POST", "/api/v1/cases", key("inspector_east"), {**body, "lon": 10.15})
    assert (refused.status, refused.body["code"]) == (400, "cases.find.beyond")
    called = ask("POST", "/api/v1/cases", key("inspector"), {**body, "phone": "5550100"})
    assert called.body["code"] == "cases.find.contact"
    assert ask("POST", "/api/v1/cases", key("intake"), body).body["code"] == "authority.denied"


def test_likely_duplicates_and_neighbours(town: Town, key: Key) -> None:
    one = town.collect(words="A tree is down").case
    same = name_of(town.collect(words="A tree is down here", lon=10.0501).case)
    hole = name_of(town.collect(matter="hole", words="deep", lon=10.0502).case)
    far = name_of(town.collect(lon=10.08).case)
    path = f"/api/v1/cases/{name_of(one)}"
    alike = ask("GET", f"{path}/alike", key("shift")).body["items"]
    assert alike[0]["number"] == same and far not in str(alike) and 0 < alike[0]["metres"] < 20
    near = ask("GET", f"{path}/neighbours", key("shift")).body["items"]
    assert [one["number"] for one in near] == [same, hole]
    assert near[0]["metres"] < near[1]["metres"]
    wide = ask("GET", f"{path}/neighbours?radius=2000&limit=2", key("shift")).body["items"]
    assert len(wide) == 2
    assert ask("GET", f"{path}/neighbours?radius=5", key("shift")).status == 422
    mine = name_of(town.to("dispatched"))
    assert ask("GET", f"/api/v1/cases/{mine}/neighbours", key("parks")).body["items"] == []  # the others are not theirs
    assert len(ask("GET", f"/api/v1/cases/{mine}/neighbours", key("shift")).body["items"]) == 3


def test_what_was_said_stands_by_sides(town: Town, key: Key) -> None:
    case = town.collect(words="A tree is down").case
    town.take(case, "note", "shift", words="Looks old")
    town.take(case, "ask_reporter", "intake", question="Which tree?")
    town.take(case, "answer", "reporter", words="The oak")
    path = f"/api/v1/cases/{name_of(case)}/messages"
    said = [(m["side"], m["words"]) for m in ask("GET", path, key("shift")).body["items"]]
    assert said == [
        ("reporter", ["A tree is down"]), ("note", ["Looks old"]), ("city", ["Which tree?"]), ("reporter", ["The oak"]),
    ]  # fmt: skip
    assert [m["words"] for m in ask("GET", f"{path}?side=note", key("shift")).body["items"]] == [["Looks old"]]
    assert ask("GET", path, key("police")).status == 404 and ask("GET", f"{path}?side=x", key("shift")).status == 422


def test_words_ready_for_a_case(town: Town, key: Key) -> None:
    reply = {
        "key": "thanks", "names": both("Thanks"), "for": ["ask_reporter"], "states": ["collected"],
        "words": both("About {number}: where exactly?"),
    }  # fmt: skip
    plate = Manifest.model_validate({**PLATE.model_dump(by_alias=True), "replies": [reply]})
    catalog.publish(plates=[plate], by=BY, at=town.at)
    path = f"/api/v1/cases/{name_of(town.collect(language='zh-hans').case)}/replies"
    said = ask("GET", path, key("intake")).body
    assert said["language"] == "zh-hans" and said["items"][0]["actions"] == ["ask_reporter"]
    assert said["items"][0]["words"]["en"] == "About {number}: where exactly?"
    filed = f"/api/v1/cases/{name_of(town.to('filed'))}/replies"
    assert ask("GET", filed, key("shift")).body["items"] == []


def test_receipt_promise_and_paper(town: Town, key: Key) -> None:
    case = name_of(town.to("handling"))
    receipt = ask("GET", f"/api/v1/cases/{case}/receipt", key("shift")).body
    assert receipt["number"] == case and receipt["unsealed"] + len(receipt["steps"]) == 4
    assert ask("GET", f"/api/v1/cases/{case}/promise", key("shift")).body["promise"]["number"] == case
    paper = ask("GET", f"/api/v1/cases/{case}/paper", key("shift"), Accept_Language="zh-hans")
    assert paper.headers["Content-Type"] == "application/pdf" and paper.body.startswith(b"%PDF")


def test_files_hold_what_the_list_does(town: Town, key: Key) -> None:
    town.collect()
    case = name_of(town.to("dispatched"))
    body = ask("GET", "/api/v1/exports/csv", key("parks")).body.decode("utf-8-sig")
    assert [row["number"] for row in csv.DictReader(io.StringIO(body))] == [case]
    marks = ask("GET", "/api/v1/exports/geojson?state=dispatched", key("shift")).body["features"]
    assert [mark["id"] for mark in marks] == [case]
    assert ask("GET", "/api/v1/exports/xlsx", key("shift")).body[:2] == b"PK"
    assert ask("GET", "/api/v1/exports/doc", key("shift")).status == 422
    noted = Step.objects.filter(kind="export").order_by("id").values_list("what", flat=True)
    assert list(noted) == ["csv", "geojson", "xlsx"]


def test_counts_now_and_an_hour_ago(town: Town, key: Key) -> None:
    now = city_clock.now()
    town.at = now - 2 * HOUR
    town.collect()
    town.at = now - 30 * 60_000_000
    town.collect()
    mine = key("shift")
    told = ask("GET", "/api/v1/counts", mine).body
    assert told["open"] == 2 and {one["unit"]: one["open"] for one in told["items"]}["100101"] == 2
    assert {one["inhabitants"] for one in told["items"]} == {None} and max(one["km2"] for one in told["items"]) > 0
    then = ask("GET", f"/api/v1/counts?under=100101&at={rfc3339(now - HOUR)}", mine).body
    assert then["open"] == 1 and then["under"] == "100101"
    assert ask("GET", "/api/v1/counts", key("police")).body["open"] == 0
    for wrong in (rfc3339(now + HOUR), rfc3339(now - 48 * HOUR), "noon"):
        assert ask("GET", f"/api/v1/counts?at={wrong}", mine).body["field"] == "at"
    assert ask("GET", "/api/v1/counts?under=77", mine).status == 404


def test_views_are_kept_and_are_ones_own(town: Town, key: Key) -> None:
    body = {"page": "cases", "name": "Open trees", "filters": {"state": "open", "matter": "tree"}}
    kept = ask("POST", "/api/v1/views", key("shift"), body)
    assert kept.status == 201 and kept.body["filters"] == body["filters"]
    assert ask("GET", "/api/v1/views", key("shift")).body["items"] == [kept.body]
    assert ask("GET", "/api/v1/views", key("intake")).body["items"] == []
    assert ask("DELETE", kept.body["href"], key("intake")).status == 404
    assert ask("DELETE", kept.body["href"], key("shift")).status == 204
    assert ask("GET", "/api/v1/views?page=inbox", key("shift")).body["items"] == []
    assert ask("GET", "/api/v1/views?page=x", key("shift")).status == 400
    assert ask("POST", "/api/v1/views", key("shift"), {**body, "filters": {"a b": "c"}}).status == 422


def test_notices_are_ones_own(town: Town, key: Key) -> None:
    account = town.accounts["parks"]
    for n in range(3):
        tell(
            event=f"e{n}", kind="filed", subject="case:1", params={"number": f"SV-{n}"}, at=town.at, account=account.pk
        )
    first = ask("GET", "/api/v1/notices?limit=2", key("parks")).body
    rest = ask("GET", first["next"], key("parks")).body
    assert len(first["items"]) == 2 and len(rest["items"]) == 1 and rest["next"] is None
    assert first["items"][0]["title"] and ask("GET", "/api/v1/notices", key("roads")).body["items"] == []


def test_the_type_of_a_problem_leads_to_a_page(town: Town, key: Key) -> None:
    for path, code in (("/api/v1/nothing", "api.none"), ("/api/v1/cases/SV-2018-000999", "cases.unknown")):
        fault = ask("GET", path, key("shift")).body
        page, _, fragment = fault["type"].partition("#")
        assert fragment == fault["code"] == code
        shown = ask("GET", page)
        assert shown.status == 200 and f'id="{code}"' in shown.body.decode()


@pytest.mark.parametrize("path", ["reports", "alike", "neighbours", "receipt", "promise", "paper"])
def test_what_hangs_on_a_case_is_seen_by_who_sees_the_case(town: Town, key: Key, path: str) -> None:
    case = name_of(town.to("handling"))
    for who, status in (("shift", 200), ("parks", 200), ("police", 404)):
        assert ask("GET", f"/api/v1/cases/{case}/{path}", key(who)).status == status, who
