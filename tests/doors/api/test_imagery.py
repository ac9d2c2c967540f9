"""Pictures from above at the JSON door: who may look at which, and how the city engineer keeps the register."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cityloop.town.imagery.models import Layer
from tests.doors.api.conftest import ask
from tests.loops.cases.smallville import Town
from tests.town.imagery.above import BOX, capabilities, layer
from tests.town.staff import seat

Key = Callable[..., str]
READ, KEEP = "/api/v1/imagery", "/api/v1/settings/imagery"
XYZ = "https://tiles.example.org/{z}/{x}/{y}.webp"
SAID: dict[str, Any] = {"names": {"en": "Autumn"}, "kind": "xyz", "address": XYZ, "taken_from": "2018-03-01"}


@pytest.fixture
def engineer(town: Town, key: Key, tmp_path: Path, settings: Any) -> str:
    settings.IMAGERY = tmp_path / "imagery"
    town.accounts["engineer"] = seat(town.orgs["city"], "city_engineer")
    return key("engineer")


def keys(path: str, key: str) -> list[str]:
    answer = ask("GET", path, key)
    assert answer.status == 200, answer.body
    return [one["key"] for one in answer.body["items"]]


def test_one_sees_what_one_may_look_at(town: Town, key: Key, engineer: str) -> None:
    layer("open", public=True)
    layer("secret", level=3)
    layer("staff")
    assert sorted(keys(READ, key("parks"))) == ["open", "staff"]
    assert ask("GET", f"{READ}/secret", key("parks")).status == 404
    told = ask("GET", f"{READ}/staff", key("parks"))
    assert told.body["bounds"] == list(BOX) and told.body["kind"] == "xyz"
    again = ask("GET", f"{READ}/staff", key("parks"), If_None_Match=told.headers["ETag"])
    assert again.status == 304
    assert ask("GET", f"{READ}/secret", engineer).body["level"] == 3
    assert ask("GET", READ).status == 401


def test_a_layer_is_kept_changed_on_what_was_read_and_taken_out(engineer: str) -> None:
    made = ask("PUT", f"{KEEP}/autumn", engineer, SAID)
    assert made.status == 200 and made.body["taken_to"] == "2018-03-01"
    changed = ask("PUT", f"{KEEP}/autumn", engineer, {**SAID, "level": 2}, If_Match=made.headers["ETag"])
    assert changed.body["level"] == 2
    late = ask("PUT", f"{KEEP}/autumn", engineer, SAID, If_Match=made.headers["ETag"])
    assert late.status == 412 and [one["what"] for one in late.body["changes"]] == ["changed", "added"]
    assert ask("DELETE", f"{KEEP}/autumn", engineer, If_Match=made.headers["ETag"]).status == 412
    assert ask("DELETE", f"{KEEP}/autumn", engineer, If_Match=changed.headers["ETag"]).status == 204
    assert ask("GET", f"{READ}/autumn", engineer).status == 404
    assert ask("DELETE", f"{KEEP}/autumn", engineer).status == 404


def test_a_service_is_read_from_its_document(engineer: str) -> None:
    said = {**SAID, "kind": "wmts", "address": "", "capabilities": capabilities().decode()}
    told = ask("PUT", f"{KEEP}/service", engineer, said).body
    assert told["address"] == "https://wmts.example.org/ortho/plain/2024/web/{z}/{y}/{x}.jpg"
    assert (told["shallowest"], told["deepest"], told["attribution"]) == (10, 19, "Survey of Smallville")
    assert ask("PUT", f"{KEEP}/other", engineer, {**said, "capabilities": ""}).body["field"] == "capabilities"


@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ({"names": {}}, 422, "names"), ({"names": {"en": " "}}, 400, "names"), ({"kind": "tms"}, 422, "kind"),
        ({"address": "http://plain.example.org/{z}/{x}/{y}"}, 400, "address"), ({"address": XYZ[:-12]}, 400, "address"),
        ({"taken_from": "2018-02-30"}, 400, "taken_from"), ({"taken_from": "2999-01-01"}, 400, "taken_from"),
        ({"taken_to": "2018-01-01"}, 400, "taken_to"), ({"bounds": [1, 2, 3]}, 422, "bounds"),
        ({"bounds": [11, 50, 10, 51]}, 400, "bounds"), ({"shallowest": 9, "deepest": 8}, 400, "deepest"),
        ({"kind": "cog", "address": "../../etc/passwd"}, 400, "address"), ({"public": True, "level": 1}, 400, "level"),
        ({"colour": "red"}, 422, "colour"),
    ],
)  # fmt: skip
def test_what_is_said_wrongly_is_told_at_its_field(
    engineer: str, wrong: dict[str, Any], status: int, field: str
) -> None:
    answer = ask("PUT", f"{KEEP}/autumn", engineer, {**SAID, **wrong})
    assert (answer.status, answer.body["field"]) == (status, field), answer.body
    assert not Layer.objects.exists()
