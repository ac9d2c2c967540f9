"""Pictures from above at the doors: tiles by authority, choosers on maps, a case before and after, the settings."""

import html
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cityloop.ground.codes.tiles import tile_at
from cityloop.loops.cases.models import Case
from cityloop.town.calendar.clock import city_clock
from cityloop.town.imagery import pictures, queries
from cityloop.town.imagery.models import Layer
from cityloop.town.ledger.models import Step
from tests.doors.web.conftest import number, publish
from tests.loops.cases.smallville import DAY, Town
from tests.steady import steady
from tests.town.imagery.above import capabilities, draw, layer, picture
from tests.town.staff import seat

LONG_AGO, TODAY = date(2018, 3, 1), date(2018, 4, 1)
FORM = {
    "key": "spring", "names_en": "Spring flight", "names_zh": "春季航拍", "kind": "xyz", "level": "0",
    "address": "https://tiles.example.org/{z}/{x}/{y}.png", "taken_from": "2018-03-01", "taken_to": "2018-03-04",
    "bounds": "10, 50, 10.2, 50.1", "zooms": "8-18", "attribution": "Survey", "licence": "CC BY",
}  # fmt: skip


@pytest.fixture
def above(town: Town, tmp_path: Path, settings: Any) -> Town:
    """The town with a folder of imagery of its own."""
    settings.IMAGERY = tmp_path / "imagery"
    return town


@pytest.fixture
def engineer(above: Town) -> Client:
    """Give a browser in which the city engineer has signed in."""
    client = Client()
    client.force_login(seat(above.orgs["city"], "city_engineer"))
    return client


@pytest.fixture
def low(above: Town) -> Client:
    """Give a browser in which an inspector without confidence has signed in."""
    client = Client()
    client.force_login(seat(above.orgs["roads"], "inspector", "100101", 0))
    return client


def tile(key: str) -> str:
    zoom, column, row = tile_at(10.05, 50.05, 12)
    return f"/tiles/imagery/{key}/{zoom}/{column}/{row}.webp"


def policy(answer: Any, directive: str) -> str:
    found = re.search(rf"{directive} ([^;]*)", answer["Content-Security-Policy"])
    return found[1] if found else ""


def test_a_tile_is_given_to_who_may_look(low: Client, client: Client) -> None:
    picture("staff", LONG_AGO)
    picture("all", LONG_AGO, public=True)
    picture("secret", LONG_AGO, level=2)
    assert [client.get(tile(key)).status_code for key in ("all", "staff", "secret", "none")] == [200, 404, 404, 404]
    answer = low.get(tile("staff"))
    assert (answer.status_code, answer["Content-Type"], answer.content[:4]) == (200, "image/webp", b"RIFF")
    assert answer["Cache-Control"] == "private, no-cache" and "Cookie" in answer["Vary"]
    assert low.get(tile("secret")).status_code == 404
    asked = low.get(tile("staff"), headers={"If-None-Match": answer["ETag"]})
    assert asked.status_code == 304 and not asked.content
    assert client.get(tile("staff"), headers={"If-None-Match": answer["ETag"]}).status_code == 404
    assert client.get(tile("all"))["Cache-Control"] == "public, max-age=86400"
    assert client.get("/tiles/imagery/all/12/0/0.webp").status_code == 204
    assert client.get("/tiles/imagery/all/12/0/9999.webp").status_code == 404
    queries.path_of("all.tif").write_bytes(b"broken")
    assert client.get(tile("all")).status_code == 404
    queries.path_of("all.tif").unlink()
    assert client.get(tile("all")).status_code == 404


def test_a_new_file_has_new_tiles(above: Town, client: Client) -> None:
    one = picture("all", LONG_AGO, public=True)
    first = client.get(tile("all"))
    draw(queries.path_of("all.tif"), (10, 220, 30))
    second = client.get(tile("all"))
    assert first.content != second.content and first["ETag"] != second["ETag"]
    assert pictures.version(queries.path_of(one.address)) in second["ETag"]


def test_tiles_take_few_statements(
    above: Town, at_desk: Any, settings: Any, django_assert_max_num_queries: Any
) -> None:
    picture("staff", LONG_AGO)
    browser = at_desk("inspector")
    steady(settings)
    browser.get(tile("staff"))
    with django_assert_max_num_queries(6):
        assert browser.get(tile("staff")).status_code == 200


@pytest.mark.parametrize("path", ["/desk/map", "/desk/alarms/", "/desk/sensors/"])
def test_maps_of_the_desk_choose_by_day(
    low: Client, path: str, settings: Any, django_assert_max_num_queries: Any
) -> None:
    assert "data-imagery" not in low.get(path).content.decode()
    layer("spring", address="https://tiles.example.org/{z}/{x}/{y}.png")
    picture("ours", TODAY)
    layer("secret", level=3, address="https://secret.example.org/{z}/{x}/{y}.png")
    steady(settings)
    low.get(path)
    with django_assert_max_num_queries(12):
        answer = low.get(path)
    said = html.unescape(answer.content.decode())
    assert said.index("Apr 1, 2018") < said.index("Mar 1, 2018") and "secret" not in said
    assert '"tiles": "/tiles/imagery/ours/{z}/{x}/{y}.webp?v=' in said
    for directive in ("img-src", "connect-src"):
        assert policy(answer, directive).endswith(" https://tiles.example.org")
    assert "example.org" not in policy(low.get("/desk/cases/"), "img-src")


def test_the_public_map_shows_what_is_public(above: Town, at_desk: Any, client: Client) -> None:
    layer("staff")
    answer = client.get("/map")
    assert "data-imagery" not in answer.content.decode() and "example.org" not in policy(answer, "img-src")
    layer("all", public=True)
    for browser in (client, at_desk("inspector")):
        answer = browser.get("/map")
        said = html.unescape(answer.content.decode())
        assert '"key": "all"' in said and '"key": "staff"' not in said
        assert policy(answer, "connect-src").endswith(" https://tiles.example.org")


def test_a_case_before_and_after(above: Town, at_desk: Any, settings: Any, django_assert_max_num_queries: Any) -> None:
    case = above.collect(words="A hole", matter="hole", lon=10.05, lat=50.07).case
    then = city_clock.now() - 100 * DAY
    Case.objects.filter(pk=case).update(created=then)
    browser, address = at_desk("dispatcher"), f"/desk/cases/{number(case)}"
    day = date.fromtimestamp(then / 1_000_000)
    assert "from above" not in browser.get(address).content.decode()
    picture("old", day.replace(year=day.year - 1))
    assert "from above" not in browser.get(address).content.decode()
    layer("new", taken_from=date.today(), taken_to=date.today())
    steady(settings)
    browser.get(address)
    with django_assert_max_num_queries(12):
        answer = browser.get(address)
    said = html.unescape(answer.content.decode())
    assert 'data-imagery-before="old" data-imagery-after="new"' in said
    assert re.search(r'<img src="/tiles/imagery/old/\d+/\d+/\d+\.webp\?v=[^"]+"', said)
    assert re.search(r'<img src="https://tiles\.example\.org/2024/17/\d+/\d+\.jpg\?key=zqsecret"', said)
    assert policy(answer, "img-src").endswith(" https://tiles.example.org")
    layer("new", taken_from=date.today(), taken_to=date.today(), box=(10.1, 50.0, 10.2, 50.1))
    assert "from above" not in browser.get(address).content.decode()


def test_the_public_page_of_a_case_shows_public_pictures_of_its_told_place(
    above: Town, client: Client, settings: Any, django_assert_max_num_queries: Any
) -> None:
    case = above.to("closed")
    Case.objects.filter(pk=case).update(created=city_clock.now() - 100 * DAY)
    address = f"/cases/{number(case)}"
    layer("old", public=True)
    layer("new", taken_from=date.today(), taken_to=date.today())
    assert "from above" not in client.get(address).content.decode()
    layer("new", taken_from=date.today(), taken_to=date.today(), public=True)
    steady(settings)
    client.get(address)
    with django_assert_max_num_queries(12):
        answer = client.get(address)
    assert 'data-imagery-before="old" data-imagery-after="new"' in answer.content.decode()
    assert policy(answer, "img-src").endswith(" https://tiles.example.org")
    publish(above, tree="none")
    assert "from above" not in client.get(address).content.decode()


def test_the_settings_take_a_layer_in(engineer: Client) -> None:
    assert "No picture from above yet" in engineer.get("/desk/settings/imagery").content.decode()
    answer = engineer.post("/desk/settings/imagery", FORM)
    assert (answer.status_code, answer["Location"]) == (303, "/desk/settings/imagery/spring")
    one = Layer.objects.get()
    assert (one.box, one.shallowest, one.deepest, one.public, one.level) == ((10, 50, 10.2, 50.1), 8, 18, False, 0)
    said = html.unescape(engineer.get("/desk/settings/imagery").content.decode())
    assert "Mar 1, 2018 to Mar 4, 2018" in said and "Spring flight" in said
    answer = engineer.get("/desk/settings/imagery/spring")
    assert "春季航拍" in answer.content.decode() and "tiles.example.org" in policy(answer, "connect-src")
    changed = engineer.post("/desk/settings/imagery/spring", {**FORM, "do": "keep", "level": "public"})
    assert changed.status_code == 303 and Layer.objects.get().public
    assert engineer.post("/desk/settings/imagery/spring", {"do": "remove"}).status_code == 303
    assert engineer.get("/desk/settings/imagery/spring").status_code == 404
    assert [s.what for s in Step.objects.filter(kind="imagery").order_by("id")] == ["added", "changed", "removed"]
    assert {s.role for s in Step.objects.filter(kind="imagery")} == {"city_engineer"}


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("names_en", {"names_en": "", "names_zh": ""}),
        ("key", {"key": "Spring!"}),
        ("address", {"address": "https://tiles.example.org/{z}/{x}.png"}),
        ("taken_from", {"taken_from": "2999-01-01", "taken_to": ""}),
        ("taken_to", {"taken_to": "2018-01-01"}),
        ("bounds", {"bounds": "10.2, 50, 10, 50.1"}),
        ("zooms", {"zooms": "18-8"}),
        ("level", {"level": "7"}),
        ("capabilities", {"kind": "wmts"}),
        ("cog", {"kind": "cog"}),
    ],
)
def test_what_is_wrong_is_told_at_its_field(engineer: Client, field: str, wrong: dict[str, str]) -> None:
    answer = engineer.post("/desk/settings/imagery", {**FORM, **wrong})
    said = answer.content.decode()
    assert answer.status_code == 422 and f'id="f-{field}-error"' in said and not Layer.objects.exists()


def test_a_service_and_a_file_of_our_own(engineer: Client, settings: Any) -> None:
    sent = SimpleUploadedFile("wmts.xml", capabilities(), "text/xml")
    form = {**FORM, "kind": "wmts", "bounds": "", "zooms": "", "attribution": "", "capabilities": sent}
    assert engineer.post("/desk/settings/imagery", form).status_code == 303
    one = Layer.objects.get()
    assert one.address.startswith("https://wmts.example.org/ortho/plain/2024/web/{z}/")
    assert (one.attribution, one.deepest, one.west) == ("Survey of Smallville", 19, 9.9)
    Path(settings.IMAGERY).mkdir()
    draw(Path(settings.IMAGERY) / "flight.tif")
    draw(Path(settings.IMAGERY) / "plain.tif", driver="GTiff")
    assert "flight.tif" in engineer.get("/desk/settings/imagery").content.decode()
    answer = engineer.post("/desk/settings/imagery", {**FORM, "key": "ours", "kind": "cog", "cog": "plain.tif"})
    assert answer.status_code == 422 and "cloud-optimised" in answer.content.decode()
    answer = engineer.post("/desk/settings/imagery", {**FORM, "key": "ours", "kind": "cog", "cog": "flight.tif"})
    assert answer.status_code == 303 and Layer.objects.get(key="ours").west == pytest.approx(10)


def test_who_only_looks_sees_what_they_may(low: Client) -> None:
    layer("staff")
    layer("secret", level=3)
    said = low.get("/desk/settings/imagery").content.decode()
    assert "settings/imagery/staff" in said and "settings/imagery/secret" not in said and "Add a layer" not in said
    said = low.get("/desk/settings/imagery/staff").content.decode()
    assert "You may look" in said and 'name="address"' not in said
    assert low.get("/desk/settings/imagery/secret").status_code == 404
    assert low.post("/desk/settings/imagery", FORM).status_code == 403


def test_the_desk_says_when_geotiffs_cannot_be_read(engineer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "pip install" not in engineer.get("/desk/settings/imagery").content.decode()
    monkeypatch.setattr(pictures, "readable", lambda: False)
    assert "cityloop[imagery]" in html.unescape(engineer.get("/desk/settings/imagery").content.decode())
