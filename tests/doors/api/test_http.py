"""What HTTP itself promises (RFC 9110): methods, conditions, kinds of bodies."""

from collections.abc import Callable

import pytest

from tests.doors.api.conftest import CLIENT, ask, name_of
from tests.doors.api.test_acting import jpeg
from tests.loops.cases.smallville import Town

Key = Callable[..., str]


def test_head_is_get_without_a_body(town: Town, key: Key) -> None:
    for path in (f"/api/v1/cases/{name_of(town.to('filed'))}", "/api/v1/cases", "/api/v1/openapi.json"):
        whole, head = ask("GET", path, key("shift")), CLIENT.head(path, headers=_bearer(key("shift")))
        assert (head.status_code, head.content) == (200, b"")
        assert int(head["Content-Length"]) > 100
        assert head.get("ETag") == whole.headers.get("ETag")
    assert CLIENT.head("/api/v1/cases/SV-2026-999999", headers=_bearer(key("shift"))).status_code == 404
    assert CLIENT.head("/api/v1/cases/actions/note", headers=_bearer(key("shift"))).status_code == 405


def test_methods_are_told_in_one_order(town: Town, key: Key) -> None:
    assert ask("DELETE", "/api/v1/cases", key("shift")).headers["Allow"] == "GET, HEAD, POST"
    assert ask("GET", "/api/v1/cases/actions/note", key("shift")).headers["Allow"] == "POST"


def test_any_state_will_do(town: Town, key: Key) -> None:
    path = f"/api/v1/cases/{name_of(town.to('filed'))}"
    assert ask("GET", path, key("shift"), If_None_Match="*").status == 304


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain"])
def test_a_body_of_another_kind_is_told_so(town: Town, key: Key, kind: str) -> None:
    path = f"/api/v1/cases/{name_of(town.to('filed'))}/actions/note"
    answer = CLIENT.post(path, b"words=x", content_type=kind, headers=_bearer(key("dispatcher")))
    assert (answer.status_code, answer.json()["code"]) == (415, "api.media")


def test_a_key_used_twice_is_named_as_it_was_sent(town: Town, key: Key) -> None:
    for words, status in (("a", 201), ("b", 409)):
        answer = ask("POST", "/api/v1/reports", body={"words": words, "address": "x"}, Idempotency_Key="k")
        assert answer.status == status
    assert answer.body["field"] == "Idempotency-Key"


def test_no_photo_is_lost_unseen(town: Town, key: Key) -> None:
    number, mine = name_of(town.to("handling")), _bearer(key("parks"))
    for more, field in (({"photo": [jpeg(), jpeg()]}, "photo"), ({"photo": jpeg(), "words": "w"}, "words")):
        answer = CLIENT.post("/api/v1/photos", {"number": number, **more}, headers=mine)
        assert (answer.status_code, answer.json()["field"]) == (422, field)


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}
