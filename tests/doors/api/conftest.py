"""A town whose people act through programs."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from django.test import Client

from cityloop.doors.api.routes.reports import schema
from cityloop.loops.cases.models import Case
from cityloop.loops.cases.numbers import number
from cityloop.town.columns import real_now
from cityloop.town.persons.actions import make_access_key
from cityloop.town.persons.models import Account
from tests.loops.cases.smallville import Town, build
from tests.town.staff import BY

EVERY = ("read", "act", "report", "hooks", "setup")
CLIENT = Client(raise_request_exception=True)  # one for all: each loads the whole chain of layers anew


@dataclass
class Answer:
    """An answer read: its status, its JSON, its headers."""

    status: int
    body: Any
    headers: Any


@cache
def _document() -> tuple[dict[str, Any], list[tuple[re.Pattern[str], str]]]:
    """Give the document and its paths as patterns, those with fewer parameters first."""
    document = json.loads(json.dumps(schema()))
    paths = sorted(document["paths"], key=lambda path: path.count("{"))
    return document, [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + r"(\?.*)?$"), path) for path in paths]


@cache
def _judge(method: str, path: str, status: str, kind: str) -> Any:
    """Give what the document says of an answer, as a validator."""
    document, _ = _document()
    content = document["paths"][path][method]["responses"][status]["content"][kind]["schema"]
    return jsonschema_rs.Draft202012Validator({**content, "components": document["components"]})


def _held_to_the_document(method: str, path: str, answer: Any) -> None:
    """Every answer that a test of this door gets has the shape that the document gives it."""
    document, paths = _document()
    kind = answer.get("Content-Type", "").partition(";")[0]
    found = next((name for pattern, name in paths if pattern.match(path)), "")
    if "json" in kind and method.lower() in document["paths"].get(found, {}):
        _judge(method.lower(), found, str(answer.status_code), kind).validate(json.loads(answer.content))


def ask(method: str, path: str, key: str = "", body: Any = None, **headers: str) -> Answer:
    """Ask the door; header names are written with underscores. The answer is held to the document."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if key:
        sent["Authorization"] = f"Bearer {key}"
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    answer = CLIENT.generic(method, path, raw, content_type="application/json", headers=sent)
    is_json = "json" in answer.get("Content-Type", "")
    if not answer.streaming:
        _held_to_the_document(method, path, answer)
    content = answer.getvalue() if answer.streaming else answer.content
    return Answer(answer.status_code, json.loads(content) if is_json else content, answer.headers)


@pytest.fixture
def town(db: None, tmp_path: Path) -> Town:
    return build(tmp_path)


@pytest.fixture
def key(town: Town) -> Callable[..., str]:
    """Make a key of one of the town's people, good for everything unless said otherwise."""
    made: dict[Any, str] = {}

    def make(who: str | Account, *scopes: str, per_minute: int = 100_000) -> str:
        account = town.accounts[who] if isinstance(who, str) else who
        named = (account.pk, scopes, per_minute)
        if named not in made:
            made[named] = make_access_key(
                account=account, label="t", days=1, by=BY, at=real_now(), scopes=scopes or EVERY, per_minute=per_minute
            )
        return made[named]

    return make


def name_of(case: int) -> str:
    """Give the public number of a case."""
    return number(Case.objects.get(pk=case))
