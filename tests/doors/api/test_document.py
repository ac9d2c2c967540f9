"""The document of the door is true: an independent tool tries every route of it and finds nothing undocumented."""

import importlib
import json
import pkgutil
import re
from collections import Counter
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import cycle
from typing import Any

import jsonschema
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from ninja import Schema
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig

from cityloop.doors import api as room
from cityloop.doors.api.door import api
from cityloop.doors.api.routes.reports import schema
from cityloop.loops.cases.models import Case
from cityloop.town.files.actions import keep
from tests.conftest import IN_PART, PROVE, ROOT
from tests.doors.api.conftest import ask, name_of
from tests.loops.cases.smallville import Town
from tests.town.files.hostile import picture
from tests.town.staff import BY, seat

Key = Callable[..., str]
ROLES = ("shift", "parks", "engineer")  # in turn: who sees the city, who sees a part of it, who sets it up
THERE = {"matter": "tree", "organisation": "parks", "calendar_key": "city", "loop": "case", "layer": "spring"}
EXAMPLES = 100 if PROVE else 3 if IN_PART else 6
CONFIG = SchemathesisConfig()
LOADED = schemathesis.openapi.from_dict(json.loads(json.dumps(schema())), config=CONFIG)
LOADED.app = get_wsgi_application()
# What a document cannot say, only an answer can: a case that is not there, an action not open now, a wrong cursor.
STREAMS = ("/api/v1/live",)  # stays open, so no single answer can be judged: tests/doors/web/test_live.py
MODULES = [found.name for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}.")]
LEFT_OUT = ("positive_data_acceptance", "missing_required_header", "ignored_auth", "unsupported_method")
JUDGES = [CHECKS.get_one(name) for name in CHECKS.get_all_names() if name not in LEFT_OUT]


def operations() -> list[Any]:
    every = [found.ok() for found in LOADED.get_all_operations()]
    return [one for one in every if one.path not in STREAMS]


@pytest.fixture
def one_connection() -> Iterator[None]:
    """The test's transaction stays open over requests, as Django's own test client sees to."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("operation", operations(), ids=lambda one: one.label)
def test_no_route_answers_what_its_document_does_not_say(
    town: Town, key: Key, one_connection: None, operation: Any
) -> None:
    handled = town.to("handling")
    case, subject = name_of(handled), Case.objects.get(pk=handled).subject
    photo = keep(BytesIO(picture("WEBP")), subject=subject, by=BY, at=town.at)
    known = {**THERE, "key": str(photo.uuid)}
    town.accounts["engineer"] = seat(town.orgs["city"], "city_engineer")
    keys = cycle([key(who) for who in ROLES])

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=not PROVE,
        suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate],
    )  # fmt: skip
    @given(one=operation.as_strategy())
    def tried(one: Any) -> None:
        if "number" in (one.path_parameters or {}) and len(one.path_parameters["number"]) % 2:
            one.path_parameters["number"] = case  # half of them about a case that is there
        for name, there in known.items():
            if name in (one.path_parameters or {}) and sum(map(ord, one.path_parameters[name])) % 2:
                one.path_parameters[name] = there
        one.headers = {**(one.headers or {}), "Authorization": f"Bearer {next(keys)}"}
        answer = one.call()
        one.validate_response(answer, checks=JUDGES)

    tried()


def test_the_judges_are_there() -> None:
    names = {judge.__name__ for judge in JUDGES}
    assert {
        "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    } <= names  # fmt: skip


def test_the_document_is_sound() -> None:
    document = schema()
    assert document["openapi"].startswith("3.1")
    names = [route["operationId"] for methods in document["paths"].values() for route in methods.values()]
    assert len(names) == len(set(names))
    for part in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(part)
    referred = set(re.findall(r"#/components/(\w+)/([\w-]+)", json.dumps(document)))
    assert all(name in document["components"][kind] for kind, name in referred)


def test_no_two_shapes_share_a_name() -> None:
    """The document knows a shape by its name: of two with one name it would show one in the place of both."""
    shapes = [
        shape.__name__
        for module in map(importlib.import_module, MODULES)
        for shape in vars(module).values()
        if isinstance(shape, type) and issubclass(shape, Schema) and shape.__module__ == module.__name__
    ]
    assert len(shapes) > 100
    assert [name for name, times in Counter(shapes).items() if times > 1] == []


def test_every_route_is_in_it() -> None:
    documented = {(m, p) for p, methods in schema()["paths"].items() for m in methods}
    for pattern in api.urls[0]:
        path = "/api/v1/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern.pattern))
        if pattern.name != "api-root" and not path.endswith(("openapi.json", "problems")):
            assert any(p == path for _, p in documented), path


def test_every_fault_is_a_problem(town: Town, key: Key) -> None:
    for path in schema()["paths"].values():
        for route in path.values():
            for status, answer in route["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"], route["operationId"]
    for method, path, status in (
        ("GET", "/api/v1/", 404), ("GET", "/api/v1/nothing", 404), ("GET", "/api/v2/cases", 404),
        ("PUT", "/api/v1/cases", 405),
        ("DELETE", "/api/v1/me", 405), ("GET", "/api/v1/cases/a%00b", 404), ("GET", "/api/v1/reports", 405),
    ):  # fmt: skip
        answer = ask(method, path, key("shift"))
        assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json"), path


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [(b"{", "application/json", 400), (b"\xff", "application/json", 400), (b"[" * 200_000, "application/json", 400),
     (b'{"words": "w"}', "text/xml", 415), (b'{"words": "' + b"w" * 5_000_000 + b'"}', "application/json", 413),
     (b'{"words": "w"}', "application/merge-patch+json", 201),
     (b'{"words": "w", "colour": 1}', "application/json", 422)],
)  # fmt: skip
def test_hostile_bodies(town: Town, body: bytes, kind: str, status: int) -> None:
    from tests.doors.api.conftest import CLIENT

    answer = CLIENT.post("/api/v1/reports", body, content_type=kind)
    assert answer.status_code == status, answer.content[:300]
    assert status == 201 or answer["Content-Type"] == "application/problem+json"


def test_the_reference_is_up_to_date() -> None:
    from cityloop.doors.api.reference import page

    written = (ROOT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    assert written == "\n".join(page()).rstrip() + "\n"
