"""Cameras and detectors: looks on record, signed claims that people must confirm, and nobody recognised."""

import base64
import json
import re
from typing import Any

import pytest
from django.test import Client

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.definition import compile_definition, definition_file
from cityloop.loops.cases.history import timeline
from cityloop.loops.cases.models import Case, LoopText
from cityloop.loops.cases.rebuilding import all_differences
from cityloop.loops.sensing.actions import eyes
from cityloop.loops.sensing.models import Camera, Detection, Look
from cityloop.town.columns import real_now, rfc3339
from cityloop.town.files.actions import forget_unsent
from cityloop.town.files.models import File
from cityloop.town.hooks.signing import headers
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.queries import verify
from cityloop.town.orgs import authority
from cityloop.town.persons.renewing import renew_keys
from tests.doors.cli.typed import typed
from tests.doors.web.conftest import picture
from tests.loops.cases.smallville import Town
from tests.town.secret import Secret
from tests.town.staff import BY

pytestmark = pytest.mark.usefixtures("town")
LINK = "https://video.example.org/live/gate"


def camera(key: str = "gate", lon: float = 10.05, level: int = 0) -> Camera:
    return eyes.register(key=key, name="Gate", link=LINK, lon=lon, lat=50.07, level=level, by=BY, at=real_now())


def test_a_look_is_kept_on_record(town: Town) -> None:
    camera()
    town.at = real_now()
    scope, by = authority.scope(town.accounts["inspector"], town.at), town.actor("inspector")
    assert eyes.look(key="gate", purpose="Is the tree still there?", scope=scope, by=by, at=town.at) == LINK
    step = Step.objects.get(subject=Camera.objects.get().subject, what="looked")
    assert (step.role, step.org) == ("inspector", by.org) and "tree" not in step.data
    assert eyes.opened(Look.objects.get().purpose) == "Is the tree still there?"
    with pytest.raises(Refusal, match="what you look for"):
        eyes.look(key="gate", purpose=" ", scope=scope, by=by, at=town.at)
    assert Look.objects.count() == 1


def test_who_may_not_see_the_place_sees_no_camera(town: Town) -> None:
    camera("west"), camera("secret", level=3), camera("east", lon=10.15)
    town.at = real_now()
    east = authority.scope(town.accounts["inspector_east"], town.at)
    roads = authority.scope(town.accounts["roads"], town.at)
    for scope, who, seen in ((east, "inspector_east", {"west", "secret"}), (roads, "roads", set())):
        for key in ("west", "secret", "east"):
            if key in seen:
                assert eyes.look(key=key, purpose="x", scope=scope, by=town.actor(who), at=town.at)
            else:
                with pytest.raises(Refusal, match="no such camera"):
                    eyes.look(key=key, purpose="x", scope=scope, by=town.actor(who), at=town.at)


@pytest.mark.parametrize(("changed", "field"), [
    ({"link": "http://video.example.org"}, "link"), ({"link": "javascript:alert(1)"}, "link"), ({"key": "A B"}, "key"),
    ({"level": 9}, "level"), ({"lon": 400.0}, "lon"),
])  # fmt: skip
def test_what_is_no_camera_is_refused(changed: dict[str, Any], field: str) -> None:
    said = {"key": "gate", "name": "Gate", "link": LINK, "lon": 10.05, "lat": 50.07, "by": BY, "at": real_now()}
    with pytest.raises(Refusal) as refused:
        eyes.register(**{**said, **changed})
    assert refused.value.field == field


def test_the_register_on_the_command_line(tmp_path: Any) -> None:
    file = tmp_path / "cameras.csv"
    file.write_text(
        f"key,name,link,lon,lat,level\ngate,Gate,{LINK},10.05,50.07,1\nbad,Bad,ftp://x,10,50,\nx,X,{LINK},a,1,0\n"
        f"odd,Odd,https://[x,10.05,50.07,0\n" + "".join(f"y,Y,{LINK},10.05,50.07,{n}\n" for n in ("nan", "1.9", "inf"))
    )
    code, told = typed("cameras", "import", str(file))
    assert (code, told["taken"], [one["row"] for one in told["rejected"]]) == (1, 1, [3, 4, 5, 6, 7, 8])
    assert typed("cameras", "list")[1] == [
        {"key": "gate", "name": "Gate", "unit": "100101001", "level": 1, "lon": 10.05, "lat": 50.07}
    ]
    assert typed("cameras", "remove", "gate")[0] == 0 and typed("cameras", "list")[1] == []
    assert Step.objects.filter(kind="sensing", what__in=("added", "removed")).count() == 2


# --- detections -----------------------------------------------------------------------------------


@pytest.fixture
def secret(town: Town) -> str:
    return eyes.admit(key="eye", classes={"fallen_tree": "tree"}, by=BY, at=real_now())


def tell(secret: str, seconds: int = 0, key: str = "eye", **changed: Any) -> Any:
    said = {"id": "e-1", "class": "fallen_tree", "at": rfc3339(real_now()), "lon": 10.05, "lat": 50.07, **changed}
    body = json.dumps({name: value for name, value in said.items() if value is not None}).encode()
    signed = headers(secret, "m-1", real_now() // 1_000_000 + seconds, body)
    return Client(headers=signed).post(f"/api/v1/detections/{key}", body, content_type="application/json")


def test_what_was_seen_waits_for_a_person(secret: str) -> None:
    camera()
    snapshot = base64.b64encode(picture().read()).decode()
    at = rfc3339(real_now())
    answer = tell(secret, at=at, camera="gate", lon=None, lat=None, confidence=0.91, snapshot=snapshot)
    assert answer.status_code == 201 and answer.json()["new"]
    case = Case.objects.get()
    assert (case.state, case.matter, case.channel, case.unit_code) == ("collected", "tree", "video", "100101001")
    assert File.objects.get().subject == case.subject
    again = tell(secret, at=at, camera="gate", lon=None, lat=None, confidence=0.91, snapshot=snapshot)
    assert again.json()["number"] == answer.json()["number"] and not again.json()["new"]
    assert tell(secret, at=at, confidence=0.5).status_code == 409
    assert Case.objects.count() == Detection.objects.count() == 1
    joined = tell(secret, id="e-2")
    assert joined.json() == {**answer.json(), "new": False} and Case.objects.count() == 1


def test_what_is_seen_of_a_known_case_is_shown_there(town: Town, secret: str) -> None:
    town.at = real_now()
    case = Case.objects.get(pk=town.collect().case)
    assert not tell(secret, snapshot=base64.b64encode(picture().read()).decode()).json()["new"]
    File.objects.update(recorded_at=0)
    assert forget_unsent() == 0
    case.refresh_from_db()
    assert [one.photos for one in timeline(case, internal=True) if one.photos] == [(str(File.objects.get().uuid),)]
    assert Step.objects.get(subject=case.subject, what="instrument").name == "detector:eye"
    assert list(verify()) == [] and list(all_differences()) == []


def test_a_case_of_an_older_loop_hears_of_it_without_the_picture(town: Town, secret: str) -> None:
    text = re.sub(r"(\[actions.instrument.fields\][^\[]*?)photos = .*\n", r"\1", definition_file("case").read_text())
    older = compile_definition(text)
    assert "photos" not in older.source.actions["instrument"].fields
    LoopText.objects.create(digest=older.digest, profile="full", text=text)
    town.at = real_now()
    case = Case.objects.get(pk=town.collect().case)
    Case.objects.update(definition=older.digest)
    assert not tell(secret, snapshot=base64.b64encode(picture().read()).decode()).json()["new"]
    assert Step.objects.filter(subject=case.subject, what="instrument").count() == 1
    assert File.objects.get().subject == "", "it is forgotten like what was never sent"


def test_links_and_secrets_open_after_the_old_secret_of_the_city_is_dropped(
    town: Town,
    secret: str,
    city_secret: Secret,
) -> None:
    camera()
    town.at = real_now()
    scope, by = authority.scope(town.accounts["inspector"], town.at), town.actor("inspector")
    eyes.look(key="gate", purpose="Is it there?", scope=scope, by=by, at=town.at)
    city_secret.change()
    renew_keys()
    city_secret.drop_old()
    assert tell(secret).status_code == 201
    assert eyes.look(key="gate", purpose="Still?", scope=scope, by=by, at=town.at) == LINK
    assert [eyes.opened(one.purpose) for one in Look.objects.order_by("pk")] == ["Is it there?", "Still?"]


@pytest.mark.parametrize(("changed", "status", "code"), [
    ({"class": "face"}, 400, "sensing.detection.class"), ({"lon": 99.0}, 400, "cases.report.outside"),
    ({"lon": None}, 400, "sensing.detection.place"),
    ({"camera": "none", "lon": None, "lat": None}, 404, "sensing.camera.unknown"),
    ({"at": "2020-01-01T00:00:00Z"}, 400, "sensing.detection.time"), ({"at": "now"}, 400, "api.time"),
    ({"snapshot": "?"}, 400, "sensing.detection.snapshot"), ({"snapshot": "QUJD"}, 400, "files.photo.type"),
    ({"confidence": 7}, 422, "api.shape"), ({"who": "x"}, 422, "api.shape"), ({"id": ""}, 422, "api.shape"),
])  # fmt: skip
def test_what_cannot_be_is_refused(secret: str, changed: dict[str, Any], status: int, code: str) -> None:
    answer = tell(secret, **changed)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Case.objects.exists() and not Detection.objects.exists()


def test_who_does_not_sign_is_not_heard(secret: str) -> None:
    other = eyes.admit(key="other", classes={"fallen_tree": "tree"}, by=BY, at=real_now())
    assert tell(other).status_code == 403
    assert tell(secret, seconds=-400).status_code == 403
    assert tell(secret, key="nobody").status_code == 404
    assert (
        Client().post("/api/v1/detections/eye", {"id": "1", "class": "x", "at": "x"}, "application/json").status_code
        == 403
    )
    eyes.dismiss(key="eye", by=BY, at=real_now())
    assert tell(secret).status_code == 404 and not Case.objects.exists()


@pytest.mark.parametrize("kind", ["face", "Person_fallen", "license_plate", "人脸"])
def test_no_class_of_persons_is_admitted(kind: str) -> None:
    with pytest.raises(Refusal, match="No class of persons"):
        eyes.admit(key="eye", classes={kind: "tree"}, by=BY, at=real_now())


def test_detectors_on_the_command_line() -> None:
    code, told = typed("detectors", "admit", "eye", "--class", "fallen_tree=tree")
    assert code == 0 and told["secret"].startswith("whsec_")
    assert typed("detectors", "list")[1] == [{"key": "eye", "classes": {"fallen_tree": "tree"}}]
    assert typed("detectors", "dismiss", "eye")[0] == 0 and typed("detectors", "list")[1] == []
