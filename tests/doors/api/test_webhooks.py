"""Webhooks through the door; and the snippets of the how-to, run as they stand there."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from cityloop.town.columns import real_now
from cityloop.town.hooks import actions, signing, tasks
from cityloop.town.ledger.actions import sequence
from cityloop.town.persons.models import AccessKey
from tests.conftest import ROOT
from tests.doors.api.conftest import ask, name_of
from tests.loops.cases.smallville import Town
from tests.town.hooks.receiver import Receiver

Key = Callable[..., str]
HOOKS = "/api/v1/webhooks"


@pytest.fixture
def there(settings: Any) -> Iterator[Receiver]:
    settings.HOOKS_INSIDE, settings.HOOKS_SECONDS = True, 1.0
    receiver = Receiver()
    yield receiver
    receiver.stop()


def deliver() -> int:
    sequence()
    return sum(tasks.run(pk) for pk in actions.claim(at=real_now(), most=8))


def test_the_whole_life_of_a_webhook(town: Town, key: Key, there: Receiver) -> None:
    mine = key("shift")
    made = ask("POST", HOOKS, mine, {"url": there.url, "label": "desk", "kinds": ["file", "close"]})
    assert made.status == 201 and made.body["secret"].startswith("whsec_")
    path = made.body["href"]
    assert ask("POST", f"{path}/ping", mine).body == {"delivered": True, "status": 200, "error": ""}
    case = town.to("handling")
    deliver()
    event = there.events()[-1]
    assert (event["type"], event["subject"]) == ("city.cityloop.case.file", name_of(case))
    assert ask("GET", event["data"]["href"], mine).status == 200
    (sent,) = ask("GET", f"{path}/deliveries", mine).body["items"]
    assert sent["delivered"] and sent["event"] == event["id"] and sent["subject"] == name_of(case)
    assert ask("POST", f"{path}/replay", mine, {"offset": 0}).body["offset"] == -1
    there.got.clear()
    deliver()
    assert [one["id"] for one in there.events()] == [event["id"]]
    (listed,) = ask("GET", HOOKS, mine).body["items"]
    assert listed["state"] == "going" and "secret" not in listed and ask("GET", path, mine).body == listed
    assert ask("DELETE", path, mine).status == 204 and ask("GET", path, mine).status == 404


def test_it_says_that_it_waits_for_a_key_and_is_not_made_twice(town: Town, key: Key, there: Receiver) -> None:
    mine, body = key("shift"), {"url": there.url, "kinds": ["file", "close"]}
    made = ask("POST", HOOKS, mine, body)
    again = ask("POST", HOOKS, mine, {**body, "kinds": ["close", "file", "close"]})
    assert (made.status, again.status, again.body["secret"]) == (201, 200, "") and again.body["id"] == made.body["id"]
    other = key("shift", "hooks")
    assert ask("POST", HOOKS, other, body).status == 201
    AccessKey.objects.filter(digest=sha256(mine.encode()).digest()).update(expires=real_now())
    states = {one["id"]: one["state"] for one in ask("GET", HOOKS, other).body["items"]}
    assert sorted(states.values()) == ["going", "paused"] and states[made.body["id"]] == "paused"
    went = ask("POST", f"{made.body['href']}/replay", other, {"offset": 0})
    assert went.status == 200 and went.body["state"] == "going"


def test_another_account_sees_no_webhook_of_mine(town: Town, key: Key, there: Receiver) -> None:
    path = ask("POST", HOOKS, key("shift"), {"url": there.url}).body["href"]
    other = key("dispatcher")
    assert ask("GET", HOOKS, other).body["items"] == []
    for method, at, body in (
        ("GET", path, None), ("GET", f"{path}/deliveries", None), ("POST", f"{path}/ping", None),
        ("POST", f"{path}/replay", {"offset": 0}), ("DELETE", path, None),
    ):  # fmt: skip
        assert ask(method, at, other, body).body["code"] == "hooks.unknown"
    assert ask("GET", path, key("shift")).status == 200


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [({"url": "http://example.org/"}, 400, "url"), ({"url": "https://user:p@example.org/"}, 400, "url"),
     ({}, 422, "url"),
     ({"url": "https://example.org/", "kinds": ["No Such"]}, 422, "kinds"),
     ({"url": "https://example.org/", "kinds": ["file", "clsoe"]}, 400, "kinds"), ({"url": 7}, 422, "url"),
     ({"url": "https://example.org/\0"}, 422, "url"), ({"url": "https://" + "x" * 600}, 422, "url")],
)  # fmt: skip
def test_strange_subscriptions_are_refused(town: Town, key: Key, body: Any, status: int, field: str) -> None:
    answer = ask("POST", HOOKS, key("shift"), body)
    assert answer.status == status and field in answer.body["field"], answer.body


@pytest.mark.parametrize(
    "body",
    [{}, {"offset": 1, "time": "2026-01-01T00:00:00Z"}, {"time": "soon"}, {"offset": -1}, {"offset": 10**9},
     {"time": "2999-01-01T00:00:00Z"}],
)  # fmt: skip
def test_strange_replays_are_refused(town: Town, key: Key, there: Receiver, body: Any) -> None:
    path = ask("POST", HOOKS, key("shift"), {"url": there.url}).body["href"]
    assert ask("POST", f"{path}/replay", key("shift"), body).status in (400, 422)


# --- the how-to -----------------------------------------------------------------------------------

PAGE = (ROOT / "docs" / "how-to" / "webhooks.md").read_text(encoding="utf-8")


def snippet(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found.count("\n") < 20
    return found


def messages() -> list[tuple[dict[str, str], bytes, bool]]:
    """Headers, body, and whether they are sound: a good one, one altered, one too old, one signed twice."""
    now, body = int(time.time()), b'{"words": "\xe6\xa0\x91"}'
    good = signing.headers(SECRET, "msg_1_7", now, body)
    twice = {**good, "webhook-signature": f"v1,AAAA {good['webhook-signature']}"}
    old = signing.headers(SECRET, "msg_1_7", now - 3600, body)
    other = signing.headers(signing.new_secret(), "msg_1_7", now, body)
    return [
        (good, body, True),
        (twice, body, True),
        (good, body + b" ", False),
        (old, body, False),
        (other, body, False),
    ]


SECRET = signing.new_secret()


def test_the_python_snippet_verifies() -> None:
    space: dict[str, Any] = {}
    exec(snippet("python"), space)
    assert [space["verified"](SECRET, headers, body) for headers, body, _ in messages()] == [m[2] for m in messages()]


def test_the_javascript_snippet_verifies(tmp_path: Path) -> None:
    node = shutil.which("node", path=f"{ROOT / '.venv' / 'bin'}:/usr/bin:/usr/local/bin") or "node"
    (tmp_path / "verify.mjs").write_text(snippet("javascript"))
    asked = json.dumps([[headers, body.decode()] for headers, body, _ in messages()])
    (tmp_path / "run.mjs").write_text(
        'import { verified } from "./verify.mjs";\n'
        f"const asked = {asked};\n"
        f'console.log(JSON.stringify(asked.map(([h, b]) => verified("{SECRET}", h, Buffer.from(b)))));'
    )
    done = subprocess.run([node, str(tmp_path / "run.mjs")], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [m[2] for m in messages()]
