"""Who gets in: scopes, posts, strangers; and how often."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cityloop.doors.api.routes.reports import schema
from cityloop.town.persons.pace import WINDOW, Counter
from tests.conftest import in_part
from tests.doors.api.conftest import EVERY, ask, name_of
from tests.loops.cases.smallville import Town
from tests.town.staff import make_account

Key = Callable[..., str]


def routes() -> list[tuple[str, str, str]]:
    """Every route of the document: method, path, the scope it says it needs."""
    return [
        (method.upper(), path, route["security"][0]["Key"][0])
        for path, methods in schema()["paths"].items()
        for method, route in methods.items()
        if not route.get("x-stream") and "Signature" not in route["security"][0]  # one that is signed has no key
    ]


def filled(path: str, number: str) -> str:
    return (
        path.replace("{number}", number).replace("{action}", "note").replace("{code}", "1001")
        .replace("{key}", "6f7b1a52-0000-4000-8000-000000000000").replace("{webhook}", "1")
        .replace("{kind}", "csv").replace("{matter}", "tree").replace("{organisation}", "parks")
        .replace("{calendar_key}", "city").replace("{loop}", "case")
    )  # fmt: skip


def body_of(method: str, path: str, number: str) -> Any:
    if method != "POST":
        return None
    return {
        "/api/v1/reports": {"words": "w"}, "/api/v1/cases/actions/{action}": {"numbers": [number]},
        "/api/v1/cases/{number}/reports/{report}/contact": {"purpose": "p"},
        "/api/v1/webhooks": {"url": "https://example.org/x"}, "/api/v1/webhooks/{webhook}/replay": {"offset": 0},
    }.get(path, {"data": {"words": "w"}})  # fmt: skip


@pytest.mark.parametrize(("method", "path", "scope"), in_part(routes()))
def test_each_route_wants_just_its_scope(town: Town, key: Key, method: str, path: str, scope: str) -> None:
    number = name_of(town.to("handling"))
    at, body = filled(path, number), body_of(method, path, number)
    for one in EVERY:
        answer = ask(method, at, key("shift", one), body)
        denied = answer.status == 403 and answer.body["code"] == "api.scope"
        assert denied is (one != scope), (one, answer.body)
        if denied:
            assert scope in answer.body["detail"]
    for wrong in ("nonsense", "cl_" + "x" * 43, "\u20ac".encode().decode("latin1")):
        answer = ask(method, at, wrong, body)
        assert (answer.status, answer.body["code"]) == (401, "api.key")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    stranger = ask(method, at, "", body)
    assert stranger.status == (201 if path == "/api/v1/reports" else 401)


@pytest.mark.parametrize(("method", "path", "scope"), in_part(routes(), 2))
def test_no_post_no_case(town: Town, key: Key, method: str, path: str, scope: str) -> None:
    """An account without posts, and one of another department, learn of a case by no route."""
    number = name_of(town.to("handling"))
    for who in (make_account(), town.accounts["police"]):
        answer = ask(method, filled(path, number), key(who), body_of(method, path, number))
        assert number not in str(answer.body).replace(filled(path, number), "") or "results" in answer.body
        if "{number}" in path:
            assert answer.status in (403, 404), answer.body
        for one in (answer.body or {}).get("results", []) if isinstance(answer.body, dict) else []:
            assert one["status"] in (403, 404)
        if isinstance(answer.body, dict) and path in ("/api/v1/cases", "/api/v1/map", "/api/v1/worklist"):
            assert not (answer.body.get("items") or answer.body.get("features"))


def test_roles_see_what_authority_grants(town: Town, key: Key) -> None:
    west, secret = name_of(town.to("handling")), name_of(town.collect(matter="secret", lon=10.15, lat=50.02).case)
    sees = {
        "intake": {west, secret}, "shift": {west, secret}, "inspector": {west, secret}, "dispatcher": {west, secret},
        "commander": {west, secret}, "inspector_east": {west}, "parks": {west}, "roads": {west}, "police": set(),
    }  # fmt: skip
    for who, wanted in sees.items():
        listed = {one["number"] for one in ask("GET", "/api/v1/cases", key(who)).body["items"]}
        marked = {one["id"] for one in ask("GET", "/api/v1/map", key(who)).body["features"]}
        opened = {n for n in (west, secret) if ask("GET", f"/api/v1/cases/{n}", key(who)).status == 200}
        assert listed == marked == opened == wanted, who


def test_a_key_asked_too_often_is_told_when_to_come_again(town: Town, key: Key) -> None:
    mine = key("shift", per_minute=3)
    answers = [ask("GET", "/api/v1/me", mine) for _ in range(5)]
    assert [one.status for one in answers] == [200, 200, 200, 429, 429]
    assert [one.headers["RateLimit"].split(";")[1] for one in answers] == ["r=2", "r=1", "r=0", "r=0", "r=0"]
    assert answers[0].headers["RateLimit-Policy"] == '"key";q=3;w=60'
    assert answers[3].body["code"] == "api.rate" and 1 <= int(answers[3].headers["Retry-After"]) <= 60
    assert ask("GET", "/api/v1/me", key("parks", per_minute=3)).status == 200  # another key has its own count


def test_counting_is_exact_over_threads_and_mappings(tmp_path: Path) -> None:
    counters, passed = [Counter(tmp_path / "rates") for _ in range(4)], []

    def work(counter: Counter) -> None:
        for _ in range(500):
            passed.append(not counter.count(7, "k", 900, 1000.0).refused)

    threads = [threading.Thread(target=work, args=(one,)) for one in counters for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(passed) == 900 and len(passed) == 4000


def test_a_minute_ends_and_keys_in_one_place_do_not_mix(tmp_path: Path) -> None:
    counter = Counter(tmp_path / "rates")
    assert [counter.count(1, "a", 1, 10.0 + n).refused for n in range(2)] == [False, True]
    assert counter.count(1, "a", 1, 10.0 + WINDOW).refused is False
    assert counter.count(1, "a", 1, 5.0).refused is False  # the clock was set back
    assert counter.count(1 + (1 << 16), "b", 1, 5.0).refused is False


def test_without_a_key_reports_come_only_so_often(town: Town, key, settings, tmp_path) -> None:
    settings.STRANGERS, settings.PROXIES, settings.CITYLOOP_HOME = 2, 1, tmp_path
    told = [ask("POST", "/api/v1/reports", body={"words": "w"}, X_Forwarded_For="203.0.113.7") for _ in range(3)]
    assert [answer.status for answer in told] == [201, 201, 429]
    assert told[2].headers["Retry-After"] and "Without a key" in told[2].body["detail"]
    assert ask("POST", "/api/v1/reports", body={"words": "w"}, X_Forwarded_For="203.0.113.8").status == 201
    assert ask("POST", "/api/v1/reports", key("shift"), {"words": "w"}, X_Forwarded_For="203.0.113.7").status == 201
