"""`cityloop components`, as it is typed."""

from pathlib import Path
from typing import Any

import pytest

from cityloop.town.components import queries
from tests.doors.cli.typed import typed
from tests.loops.cases.smallville import build
from tests.town.components.things import furnish

MAP = """
[source]
name = "lamps"
[columns]
key = "id"
[place]
lon = "x"
lat = "y"
[types]
default = "lamp"
"""


@pytest.fixture
def files(db: None, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small town with its types, and a file of lamps with its map."""
    monkeypatch.setenv("CITYLOOP_HOME", str(tmp_path / "home"))
    settings.CITYLOOP_CACHE_SECONDS = 0
    build(tmp_path)
    furnish()
    (tmp_path / "map.toml").write_text(MAP)
    (tmp_path / "lamps.csv").write_text("id,x,y\n1,10.05,50.07\n2,10.15,50.02\n3,0,0\n")
    return tmp_path


def test_a_file_is_brought_in_and_counted(files: Path) -> None:
    brought = typed("components", "import", str(files / "lamps.csv"), "--map", str(files / "map.toml"))
    assert (brought[0], brought[1]["created"], brought[1]["rejected"]) == (1, 2, 1)
    assert Path(brought[1]["reject_file"]).read_text().splitlines()[1].startswith("3,4,x,")
    assert typed("components", "count") == (0, [{"components": 2}])
    by_district = typed("components", "count", "--by", "unit,type", "--level", "district")[1]
    assert by_district == typed("components", "count", "--by", "unit,type", "--level", "1")[1]
    assert [(row["type"], row["components"]) for row in by_district] == [("lamp", 1), ("lamp", 1)]
    for level, code in (("9", "codes.level.range"), ("²", "codes.level.unknown"), ("ward", "codes.level.unknown")):
        assert typed("components", "count", "--by", "unit", "--level", level)[1]["error"]["code"] == code
    unknown = typed("components", "count", "--by", "unit", "--level", "ward")[1]["error"]["message"]
    assert unknown.startswith("There is no level 'ward'; there are city, district")


def test_what_is_not_said_of_codes_stays(files: Path) -> None:
    assert typed("components", "codes", "--subclass-width", "3")[1] == {
        "class_width": 2,
        "subclass_width": 3,
        "serial_width": 5,
    }
    typed("components", "codes", "--division", "100101=320508")
    assert typed("components", "codes", "--division", "100102=320509")[1]["subclass_width"] == 3
    assert queries.known().divisions == {"100101": "320508", "100102": "320509"}
    assert typed("components", "codes", "--division", "100101")[1]["error"]["field"] == "divisions"
    assert "100101" in queries.known().divisions, "only UNIT= drops it"
    typed("components", "codes", "--division", "100101=")
    assert queries.known().divisions == {"100102": "320509"}
    assert typed("components", "codes", "--division", "100101=32")[1]["error"]["field"] == "divisions"
