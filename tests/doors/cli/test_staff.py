"""`cityloop staff`, as it is typed; and what every verb says where there are no tables yet."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.doors.cli.test_units import _cityloop
from tests.doors.cli.typed import typed
from tests.loops.cases.smallville import MAP, _write

pytestmark = pytest.mark.once


def test_a_verb_says_where_there_are_no_tables_yet(tmp_path: Path) -> None:
    code, said = _cityloop(tmp_path / "home", "check")
    assert (code, said["error"]["code"]) == (2, "cli.migrate")


@pytest.mark.django_db
def test_organisations_posts_and_people(tmp_path: Path, settings: Any) -> None:
    settings.CITYLOOP_CACHE_SECONDS = 0
    files = tmp_path / "files"
    files.mkdir()
    _write(files)
    (tmp_path / "map.json").write_text(json.dumps(MAP))
    assert typed("units", "load", str(tmp_path / "map.json"), "--folder", str(files))[0] == 0
    code, said = typed("staff", "appoint", "anna", "inspector", "supervision")
    assert (code, said["error"]["field"]) == (2, "organisation")
    assert typed("staff", "organisation", "supervision", "Supervision")[0] == 0
    code, said = typed("staff", "appoint", "anna", "king", "supervision")
    assert (code, said["error"]["field"]) == (2, "role")
    code, made = typed("staff", "appoint", "anna", "inspector", "supervision", "--name", "Anna Berg")
    assert code == 0 and len(made["password"]) >= 15
    code, again = typed("staff", "appoint", "anna", "shift_leader", "supervision", "--level", "2")
    assert code == 0 and "password" not in again
    assert typed("staff", "appoint", "anna", "inspector", "supervision")[1]["error"]["code"]
    assert typed("staff", "dismiss", "anna", "inspector")[1]["ended"] == 1
    assert typed("staff", "dismiss", "nobody", "inspector")[0] == 2
    assert typed("staff", "dismiss", "anna", "inspector")[0] == 1  # nothing was there to end
    code, renewed = typed("staff", "password", "anna")
    assert code == 0 and len(renewed["password"]) >= 15 and renewed["password"] != made["password"]
    assert typed("staff", "password", "nobody")[0] == 2
    code, said = typed("staff", "dismiss", "anna", "inspecter")
    assert (code, said["error"]["field"]) == (2, "role")
    code, said = typed("staff", "organisation", "nameless", " ")
    assert (code, said["error"]["code"]) == (2, "orgs.names.missing")
