"""`cityloop import`, as it is typed: what it tells on a terminal, and how it ends."""

import gzip
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cityloop.doors.cli.main import cityloop
from tests.doors.cli.typed import typed
from tests.loops.cases.smallville import build

MAP = """
[source]
name = "old"
[time]
zone = "America/New_York"
[columns]
key = "id"
created = "opened"
"""
AIR = '[source]\nname = "air"\n[readings]\ntime = "when"\none = "A"\n[[streams]]\ncolumn = "pm"\n'
ROW = "{},2018-10-20T10:00:00\n"


@pytest.fixture
def folder(db: None, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small town, and maps for a file of requests and one of readings."""
    monkeypatch.setenv("CITYLOOP_HOME", str(tmp_path / "home"))
    settings.CITYLOOP_CACHE_SECONDS = 0
    build(tmp_path)
    (tmp_path / "map.toml").write_text(MAP)
    (tmp_path / "air.toml").write_text(AIR)
    return tmp_path


def told(folder: Path, kind: str, rules: str, name: str, content: bytes) -> Result:
    (folder / name).write_bytes(content)
    words = ["import", kind, str(folder / name), "--map", str(folder / rules)]
    done = CliRunner().invoke(cityloop, words, standalone_mode=False)
    assert done.exception is None, done.output
    return done


def cases(folder: Path, content: str) -> Result:
    return told(folder, "cases", "map.toml", "file.csv", f"id,opened\n{content}".encode())


def test_a_row_rejected_is_a_finding_and_is_told(folder: Path) -> None:
    assert cases(folder, ROW.format("A1")).return_value == 0
    done = cases(folder, ROW.format("A1") + "A2,someday\n")
    assert done.return_value == 1
    assert "line 3: opened: 'someday' is no time" in done.output
    again = typed("import", "cases", str(folder / "file.csv"), "--map", str(folder / "map.toml"))
    assert (again[0], again[1]["rejected"]) == (1, 1)


def test_of_many_rejected_rows_the_first_and_the_last_are_told(folder: Path) -> None:
    done = cases(folder, "".join(f"A{n},someday\n" for n in range(40)))
    assert done.return_value == 1
    assert [line for line in done.output.splitlines() if line.startswith(("line ", "…"))] == [
        *(f"line {n}: opened: 'someday' is no time in the formats declared" for n in range(2, 7)),
        "…",
        "line 41: opened: 'someday' is no time in the formats declared",
    ]


def test_a_file_cut_short_ends_with_1_and_says_where(folder: Path) -> None:
    whole = gzip.compress(("id,opened\n" + "".join(ROW.format(f"A{n}") for n in range(3000))).encode())
    done = told(folder, "cases", "map.toml", "file.csv.gz", whole[:-400])
    assert done.return_value == 1
    assert "file: the file ends here before its time" in done.output


def test_readings_in_quarantine_are_told_by_reason(folder: Path) -> None:
    done = told(folder, "readings", "air.toml", "air.csv", b"when,pm\n2026-01-01T00:00:00,4\n2026-01-01T01:00:00,5\n")
    assert done.return_value == 1  # not one of them was believed
    assert "quarantined because of time: 2. Give the time" in done.output
    assert "say it as `zone` in [readings]" in done.output
    rows = b"when,pm\n2026-01-01T00:00:00Z,4\n2026-01-01T01:00:00Z,lots\n"
    assert told(folder, "readings", "air.toml", "air.csv", rows).return_value == 0
    found = typed("import", "readings", str(folder / "air.csv"), "--map", str(folder / "air.toml"))
    assert (found[0], found[1]["why"]) == (0, {"type": 1})


def test_both_maps_have_a_schema() -> None:
    assert "columns" in typed("import", "schema")[1]["properties"]
    assert typed("import", "schema", "cases") == typed("import", "schema")
    assert set(typed("import", "schema", "readings")[1]["required"]) == {"source", "readings", "streams"}
