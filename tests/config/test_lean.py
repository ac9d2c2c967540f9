"""The short way says to programs what is wrong in the language it was asked in, and takes whole forms only."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler

from cityloop.config.lean import FORM, Door, is_small


def _ask(door: Door, language: str) -> tuple[dict[bytes, bytes], Any]:
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": "/api/v1/nowhere",
        "query_string": b"", "root_path": "", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
        "headers": [(b"host", b"127.0.0.1")] + ([(b"accept-language", language.encode())] if language else []),
    }  # fmt: skip
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    asyncio.run(door(scope, receive, send))
    return dict(said[0]["headers"]), json.loads(said[1]["body"])


@pytest.mark.once
def test_who_names_no_language_is_answered_in_the_citys(settings: Any) -> None:
    settings.FIRST_LANGUAGE = "zh-hans"
    with ThreadPoolExecutor(1) as one:
        door = Door(one, WSGIHandler())
        for language, word in (("", "没有内容"), ("en", "nothing")):
            assert word in _ask(door, language)[1]["detail"], language


@pytest.mark.once
def test_a_problem_is_told_in_the_language_asked_for() -> None:
    with ThreadPoolExecutor(1) as one:  # one thread, so that each answer follows one in another language
        door = Door(one, WSGIHandler())
        for language, word in (
            ("zh-CN,zh;q=0.9", "没有内容"),
            ("", "nothing"),
            ("zh-Hans", "没有内容"),
            ("xx", "nothing"),
        ):
            headers, problem = _ask(door, language)
            assert word in problem["detail"] and problem["code"] == "api.none"
            assert b"Accept-Language" in headers[b"vary"]


FORMS = {"path": "/report", "method": "POST", "headers": [(b"content-type", FORM), (b"content-length", b"9")]}


def test_forms_without_files_go_the_short_way() -> None:
    photos = [(b"content-type", b"multipart/form-data; boundary=x"), (b"content-length", b"9")]
    unsized = [(b"content-type", FORM), (b"transfer-encoding", b"chunked")]
    large = [(b"content-type", FORM), (b"content-length", b"300000")]
    untold = [(b"content-type", FORM)]  # as HTTP/2 may have it
    assert is_small(FORMS)
    assert not any(is_small({**FORMS, "headers": headers}) for headers in (photos, unsized, large, untold, []))
    assert not is_small({**FORMS, "method": "GET"})  # a list may be streamed, whatever its asker says of itself
    program = {"path": "/api/v1/cases", "headers": untold}
    assert is_small({**program, "method": "GET"}) and not is_small({**program, "method": "POST"})


@pytest.mark.parametrize("then", [{"type": "http.disconnect"}, {"type": "http.request", "body": bytes(300_000)}])
def test_half_a_form_or_one_without_end_is_not_answered(then: dict[str, Any]) -> None:
    told = iter([{"type": "http.request", "body": b"do=s", "more_body": True}, then])
    said: list[Any] = []

    async def receive() -> Any:
        return next(told)

    async def send(message: Any) -> None:
        said.append(message)

    with ThreadPoolExecutor(1) as one:
        asyncio.run(Door(one, WSGIHandler())(FORMS, receive, send))
    assert said == []
