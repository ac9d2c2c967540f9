"""`cityloop staff`, as it is typed; and what every verb says where there are no tables yet."""

import json
from pathlib import Path

import pytest

from tests.doors.cli.test_units import _cityloop
from tests.loops.cases.smallville import MAP, _write

pytestmark = pytest.mark.once


def test_organisations_posts_and_people(tmp_path: Path) -> None:
    home, files = tmp_path / "home", tmp_path / "files"
    files.mkdir()
    _write(files)
    (tmp_path / "map.json").write_text(json.dumps(MAP))
    code, said = _cityloop(home, "check")
    assert (code, said["error"]["code"]) == (2, "cli.migrate")
    assert _cityloop(home, "migrate")[0] == 0
    assert _cityloop(home, "units", "load", str(tmp_path / "map.json"), "--folder", str(files))[0] == 0
    code, said = _cityloop(home, "staff", "appoint", "anna", "inspector", "supervision")
    assert (code, said["error"]["field"]) == (2, "organisation")
    assert _cityloop(home, "staff", "organisation", "supervision", "Supervision")[0] == 0
    code, said = _cityloop(home, "staff", "appoint", "anna", "king", "supervision")
    assert (code, said["error"]["field"]) == (2, "role")
    code, made = _cityloop(home, "staff", "appoint", "anna", "inspector", "supervision", "--name", "Anna Berg")
    assert code == 0 and len(made["password"]) >= 15
    code, again = _cityloop(home, "staff", "appoint", "anna", "shift_leader", "supervision", "--level", "2")
    assert code == 0 and "password" not in again
    assert _cityloop(home, "staff", "appoint", "anna", "inspector", "supervision")[1]["error"]["code"]
    assert _cityloop(home, "staff", "dismiss", "anna", "inspector")[1]["ended"] == 1
    assert _cityloop(home, "staff", "dismiss", "nobody", "inspector")[0] == 2
