"""`cityloop imagery`, as it is typed."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from cityloop.town.imagery.models import Layer
from tests.doors.cli.typed import typed
from tests.loops.cases.smallville import build
from tests.town.imagery.above import BOX, XYZ, capabilities, draw

pytestmark = pytest.mark.usefixtures("city")


@pytest.fixture
def city(db: None, tmp_path: Path, settings: Any) -> Path:
    settings.IMAGERY = tmp_path / "imagery"
    build(tmp_path)
    return tmp_path


@pytest.fixture
def service() -> Iterator[str]:
    """A service of the city's own, on this machine."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(capabilities(rest=False))

        def log_message(self, *words: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/wmts?request=GetCapabilities"
    server.shutdown()
    server.server_close()


def add(key: str, *words: str, taken: str = "2018-03-01") -> tuple[int, Any]:
    return typed("imagery", "add", key, "--name", "Spring", "--name-zh", "春", "--taken", taken, *words)


def test_tiles_at_an_address(city: Path) -> None:
    code, told = add("a", "--xyz", XYZ, "--bounds", "10,50,10.2,50.1", "--zooms", "8-18", "--public",
                     taken="2018-03-01/2018-03-04")  # fmt: skip
    assert code == 0 and "not checked" in told["unchecked"]
    assert (told["bounds"], told["public"], told["taken_to"]) == (list(BOX), True, "2018-03-04")
    assert [row["key"] for row in typed("imagery", "list")[1]] == ["a"]
    assert typed("imagery", "remove", "a") == (0, {"removed": "a"})
    assert typed("imagery", "list")[1] == []
    assert typed("imagery", "remove", "a")[1]["error"]["code"] == "imagery.unknown"


def test_a_service_by_file_and_by_address(city: Path, service: str) -> None:
    (city / "wmts.xml").write_bytes(capabilities())
    told = add("a", "--wmts", str(city / "wmts.xml"), "--time", "2020")[1]
    assert "/2020/web/{z}/{y}/{x}.jpg" in told["address"] and told["attribution"] == "Survey of Smallville"
    told = add("b", "--wmts", service, "--zooms", "12-17")[1]
    assert "TILEMATRIX={z}" in told["address"] and (told["shallowest"], told["deepest"]) == (12, 17)
    gone = add("c", "--wmts", "http://127.0.0.1:1/")[1]["error"]
    assert (gone["code"], gone["field"]) == ("imagery.wmts.unread", "wmts")


def test_a_file_of_our_own(city: Path) -> None:
    code, told = add("a", "--cog", str(draw(city / "flight 7.tif")))
    assert (code, told["address"], told["unchecked"]) == (0, "a.tif", "")
    assert (city / "imagery" / "a.tif").is_file() and told["bounds"] == pytest.approx(list(BOX))
    wrong = add("b", "--cog", str(draw(city / "plain.tif", driver="GTiff")))[1]["error"]
    assert (wrong["code"], wrong["field"]) == ("imagery.cog.layout", "cog")
    assert Layer.objects.count() == 1 and not (city / "imagery" / "b.tif").exists()


def test_wrong_words(city: Path) -> None:
    for words, field in (
        (("--xyz", "https://a.example.org/{z}/{x}.png"), "address"),
        (("--xyz", XYZ, "--bounds", "10.2,50,10,50.1"), "bounds"),
        (("--xyz", XYZ, "--zooms", "many"), "zooms"),
    ):
        code, told = add("a", *words)
        assert (code, told["error"]["field"]) == (2, field)
    assert add("a", "--xyz", XYZ, taken="2999-01-01")[1]["error"]["field"] == "taken_from"
