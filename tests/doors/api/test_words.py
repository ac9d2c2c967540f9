"""What is wrong is said in the language that was asked for, whoever found it, and names the place it is at."""

from collections.abc import Callable

import pytest

from tests.doors.api.conftest import ask, name_of
from tests.loops.cases.smallville import Town

Key = Callable[..., str]
CASES = "/api/v1/cases"


@pytest.mark.parametrize(
    ("method", "path", "body", "code", "said"),
    [
        ("GET", f"{CASES}?cursor=x", None, "api.cursor", "此游标不是由我们给出的；请不带游标重新开始。"),
        ("GET", f"{CASES}?limit=501", None, "api.shape", "limit：太大（至多 500）。"),
        ("GET", f"{CASES}?limit=x", None, "api.shape", "limit：请填写整数。"),
        ("GET", f"{CASES}?open=maybe", None, "api.shape", "open：请填写 true 或 false。"),
        ("GET", f"{CASES}?colour=red", None, "api.shape", "此处没有参数 colour。"),
        ("GET", f"{CASES}/SV-2026-999999", None, "cases.unknown", "没有这一案卷。"),
        ("POST", "/api/v1/webhooks", {}, "api.shape", "url：此项必填。"),
        ("POST", "/api/v1/webhooks", [], "api.shape", "body：请给出由名称和值组成的对象。"),
        ("POST", "/api/v1/reports", {"words": 5}, "api.shape", "words：请填写文字。"),
    ],
)
def test_every_refusal_speaks_the_language_asked_for(
    town: Town, key: Key, method: str, path: str, body: object, code: str, said: str
) -> None:
    answer = ask(method, path, key("shift"), body, Accept_Language="zh-CN,zh;q=0.9")
    assert (answer.body["code"], answer.body["detail"]) == (code, said)
    assert answer.headers["Content-Language"] == "zh-hans"


def test_so_do_those_of_actions_of_conflicts_and_of_several(town: Town, key: Key) -> None:
    number, zh = name_of(town.to("filed")), {"Accept_Language": "zh-hans"}
    at, mine = f"{CASES}/{number}/actions", key("dispatcher")
    said = ask("POST", f"{at}/note", mine, {"data": {"words": "w"}, "expected": 1}, **zh).body["detail"]
    assert said.startswith("其间已有人处理了本案卷（")
    by_header = ask("POST", f"{at}/note", mine, {"data": {"words": "w"}}, If_Match='"1"', **zh)
    assert (by_header.status, by_header.body["detail"]) == (412, said)
    several = ask("POST", f"{CASES}/actions/close", mine, {"numbers": [number]}, **zh).body["results"]
    assert several[0]["problem"]["detail"] == "当前状态 filed 下不能执行 close。"


def test_a_fault_names_its_place_and_nothing_of_how_we_are_made(town: Town, key: Key) -> None:
    for answers in ({"q": None}, {"q": {"a": 1}}, {"q": [None]}):
        said = ask("POST", "/api/v1/reports", body={"words": "w", "answers": answers}).body
        assert said["field"] == "answers.q" and said["detail"] == "answers.q: give text.", answers
    for wrong in (b"", b"null", b'"x"'):
        said = ask("POST", "/api/v1/reports", body=wrong).body
        assert said["field"] == "body" and said["detail"].startswith("body: "), wrong
