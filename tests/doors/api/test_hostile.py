"""Hostile data at the JSON door: the answer is a refusal that names what is wrong, never a fault of ours."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from cityloop.loops.cases.loop import pinned
from cityloop.loops.cases.models import Case
from cityloop.loops.cases.numbers import number
from cityloop.loops.cases.rebuilding import all_differences
from cityloop.town.columns import real_now
from cityloop.town.ledger.queries import verify
from cityloop.town.persons.actions import make_access_key
from tests.conftest import IN_PART, PROVE
from tests.loops.cases.smallville import Town, build
from tests.town.staff import BY

NASTY: list[Any] = [
    True, 1, 0, -1, 2**31, 2**53, 2**63, 2**200, 1.5, float("nan"), float("inf"), 1e308, " ", "x", "1",
    "-1", "1" * 5000, "a\u0000b", "\ud800", "١٢", "²", "2 wd",
    "99999999999 wd", "999999999 wd", "0 wd", "parks", "1001", "100101",
    [], [[]], [None], [1], [2**70], ["x"], [True], [{}], [[], []], ["parks", "parks"], ["parks", {}],
    [{"organisation": "parks", "order": "x"}], [{"organisation": "parks", "order": 2**70}], [{"organisation": {}}],
    [{"organisation": ["x"]}], [{"organisation": "parks", "limit": "soon"}],
    [{"organisation": "parks", "holder": "king"}],
    [{"organisation": "parks", "role": {}}], [{"matter": "tree"}, {"matter": {}}], [{"matter": "tree", "unit": []}, 3],
    {}, {"org": 1}, {"org": 1, "org_path": "/x/"}, {"org": "x", "org_path": 3}, {"lon": 1}, {"lon": "x", "lat": []},
    {"lon": 1e400, "lat": 0}, {"lon": 10.05, "lat": 50.02}, [10.05], [10.05, 50.02, 3], ["a", "b"],
    {"a": {"b": [{}] * 50}},
]  # fmt: skip


CLIENT = Client(raise_request_exception=True)  # one for all: each loads the whole chain of layers anew
SEED = random.randrange(10**6)


@pytest.fixture
def town(db: None, tmp_path: Path) -> Town:
    return build(tmp_path)


@pytest.fixture
def keys(town: Town) -> dict[str, str]:
    return {
        name: make_access_key(account=account, label="t", days=1, by=BY, at=real_now(), per_minute=100_000)
        for name, account in town.accounts.items()
    }


def _post(path: str, body: Any, key: str = "") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = CLIENT.post(path, raw, content_type="application/json", headers=headers)
    return answer.status_code, json.loads(answer.content)


@pytest.mark.parametrize(
    "state", ["collected", "proving", "filed", "dispatched", "handling", "handled", "checking", "checked", "closed"]
)
def test_no_value_of_any_field_breaks_an_action(town: Town, keys: dict[str, str], state: str) -> None:
    case = town.collect().case if state == "proving" else town.to(state)
    if state == "proving":
        town.take(case, "prove", "shift")
    row = Case.objects.get(pk=case)
    name = number(row)
    rng = random.Random(SEED)
    print(f"seed {SEED}")
    roles = {actor.role: who for who in town.accounts if (actor := town.actor(who))}
    for transition in pinned(row.definition).from_state[row.state]:
        who = next((roles[role] for role in sorted(transition.by) if role in roles), None)
        if who is None:
            continue
        good = _good(transition.action.fields)
        for field in [*transition.action.fields, "colour", "milestones", "tell"]:
            for value in NASTY if PROVE else rng.sample(NASTY, 3 if IN_PART else 6):
                data = {**good, field: value}
                with transaction.atomic():
                    status, said = _post(f"/api/v1/cases/{name}/actions/{transition.name}", {"data": data}, keys[who])
                    assert status in (200, 400, 403, 404, 409, 422), (transition.name, data, said)
                    if status == 200:
                        assert list(verify()) == [] and list(all_differences()) == [], (transition.name, data)
                        transaction.set_rollback(True)  # so that the next value meets the same case
                    else:
                        assert said["code"] and said["title"] and said["detail"]
                        assert Case.objects.get(pk=case).seq == row.seq
    assert list(verify()) == [] and list(all_differences()) == []


def _good(fields: dict[str, Any]) -> dict[str, Any]:
    known = {
        "words": "w", "choice": "", "matter": "tree", "unit": "100101001", "case": 1, "part": 1, "request": 1,
        "parts": ["parks"], "organisation": "roads", "text": "t", "limit": "1 wd", "instant": real_now() + 10**12,
        "person": 0, "milestone": "1",
    }  # fmt: skip
    return {n: f.choices[0] if f.choices else known.get(f.type) for n, f in fields.items() if f.required}


@pytest.mark.parametrize(
    "field", ["words", "matter", "unit", "lon", "lat", "address", "language", "name", "phone", "email", "x"]
)
def test_no_value_breaks_a_report(town: Town, field: str) -> None:
    for value in NASTY:
        good = {"words": "w", "lon": 10.05, "lat": 50.02}
        status, said = _post("/api/v1/reports", {**good, field: value})
        assert status in (201, 400, 409, 422), (field, value, said)
        assert status == 201 or said["code"]
    assert list(verify()) == [] and list(all_differences()) == []


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"3", b"null", b'"x"', b"\xff\xfe{}", b"[" * 100_000, b'{"words":' * 50_000, b'{"words": 1e999}',
     b'{"data": ' + b"[" * 5_000 + b"]" * 5_000 + b"}", b'{"expected": 1e30}', b'{"post": -99999999999999999999}'],
)  # fmt: skip
def test_broken_bodies_are_refused(town: Town, keys: dict[str, str], raw: bytes) -> None:
    case = number(Case.objects.get(pk=town.collect().case))
    for path in ("/api/v1/reports", f"/api/v1/cases/{case}/actions/note", f"/api/v1/cases/{case}/actions/" + "x" * 300):
        status, said = _post(path, raw, keys["intake"])
        assert 400 <= status < 500 and said, raw[:30]


def test_strange_case_numbers_and_keys(town: Town, keys: dict[str, str]) -> None:
    for name in ("SV-2018-" + "9" * 12, "SV-2018-²²²²²²", "XX-2018-000001", "a" * 300, "%00", "SV-2018-000001%0a"):
        status, said = _post(f"/api/v1/cases/{name}/actions/note", {"data": {"words": "w"}}, keys["intake"])
        assert status in (400, 404), (name, said)
    answer = Client().post(
        "/api/v1/reports", b"{}", content_type="application/json", headers={"Idempotency-Key": "k" * 500}
    )
    assert answer.json()["code"] in ("cases.key.long", "cases.report.empty")
