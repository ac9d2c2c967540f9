"""Files of readings: every cell accounted for, again and again the same; and the real air of Beijing."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cityloop.doors.cli.import_ import import_
from cityloop.loops.sensing import queries
from cityloop.loops.sensing.models import Datastream, Observation, Quarantined, Thing
from cityloop.town.ledger.models import Step
from tests.loops.sensing.instruments import AT

pytestmark = pytest.mark.usefixtures("town")
BEIJING = Path(__file__).parents[3] / "docs" / "examples" / "beijing_air.toml"
MAP = """
[source]
name = "small.air"
[readings]
time = "time"
thing = "station"
zone = "Asia/Shanghai"
empty = ["NA"]
[[streams]]
column = "pm"
unit = "ug/m3"
minimum = 0
maximum = 1000
[[streams]]
column = "wd"
kind = "category"
[things.A]
lon = 10.05
lat = 50.07
"""
ROWS = """station,time,pm,wd
A,2026-01-01T00:00:00+08:00,4.0,NNW
A,2026-01-01T01:00:00,8,N
A,2026-01-01T02:00:00+08:00,NaN,
B,2026-01-01T00:00:00+08:00,-3,E
B,never,5,E
B,2026-01-01T01:00:00+08:00,lots,NA
B,2026-01-01T01:00:00+08:00
"""


def brought(folder: Path, rules: str, rows: str) -> dict[str, Any]:
    (folder / "map.toml").write_text(rules)
    (folder / "air.csv").write_text(rows)
    return typed(folder / "air.csv", folder / "map.toml", folder)


def typed(file: Path, rules: Path, folder: Path) -> dict[str, Any]:
    words = ["readings", str(file), "--map", str(rules), "--rejects", str(folder / "rejected.csv"), "--json"]
    done = CliRunner().invoke(import_, words, standalone_mode=False)
    assert done.exception is None, f"{done.output}\n{done.exception!r}"
    told: dict[str, Any] = json.loads(done.output)
    return told


def test_every_cell_is_accounted_for(tmp_path: Path) -> None:
    told = brought(tmp_path, MAP, ROWS)
    assert (told["rows"], told["readings"], told["accepted"], told["quarantined"]) == (7, 13, 5, 8)
    assert queries.quarantined_by_reason() == {
        "missing": 2, "not-a-number": 1, "range": 1, "row": 1, "time": 2, "type": 1
    }  # fmt: skip
    assert Observation.objects.count() == queries.readings_kept() == 5
    at = Observation.objects.order_by("time").first()
    assert at is not None and at.time == AT - 8 * 3_600_000_000
    assert Thing.objects.get(name="A").unit_code and not Thing.objects.get(name="B").unit_code
    assert "row" in (tmp_path / "rejected.csv").read_text()
    assert Step.objects.filter(subject="sensing", what="imported").count() == 1


def test_what_no_database_keeps_is_dropped_and_times_before_1970_are_kept(tmp_path: Path) -> None:
    told = brought(tmp_path, MAP, "station,time,pm,wd\nA\x00,1960-01-01T00:00:00Z,4\x00,N\x00W\n")
    assert (told["accepted"], told["quarantined"]) == (1, 1)  # a number with a NUL in it is none
    assert Thing.objects.get().name == "A"
    assert Observation.objects.get().more == {"value": "NW"}


def test_the_map_of_the_guide_works(tmp_path: Path) -> None:
    guide = (BEIJING.parents[1] / "how-to" / "sensors.md").read_text(encoding="utf-8")
    rules = guide.partition("```toml\n")[2].partition("```")[0]
    told = brought(tmp_path, rules, "timestamp,value\n2026-01-01T00:00:00,4.5\n2025-12-01T00:00:00,99\n")
    assert (told["accepted"], told["why"]) == (1, {"range": 1})
    assert Datastream.objects.get().name == "Station 7 Temperature"


def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    brought(tmp_path, MAP, ROWS)
    told = brought(tmp_path, MAP, ROWS)
    assert (told["accepted"], told["repeated"], queries.readings_kept()) == (0, 5, 5)
    assert (Thing.objects.count(), Datastream.objects.count()) == (2, 4)


def test_empty_cells_are_skipped_where_the_map_says_so(tmp_path: Path) -> None:
    told = brought(tmp_path, MAP.replace('empty = ["NA"]', 'empty = ["NA"]\nblank = "skip"'), ROWS)
    assert (told["readings"], told["skipped"]) == (11, 2) and not Quarantined.objects.filter(reason="missing").exists()


def test_the_air_of_beijing(tmp_path: Path, shared_data: Path, prove: bool) -> None:
    """Of each row 12 readings; the whole file with `make prove`, else its first rows."""
    import gzip

    source = shared_data / "sensors" / "beijing_air_6stations.csv.gz"
    if not prove:
        with gzip.open(source, "rt", encoding="utf-8") as file:
            (tmp_path / "air.csv").write_text("".join(line for _n, line in zip(range(2_001), file, strict=False)))
        source = tmp_path / "air.csv"
    told = typed(source, BEIJING, tmp_path)
    assert told["rows"] == (210_384 if prove else 2_000) and told["readings"] == told["rows"] * 12
    assert told["accepted"] + told["quarantined"] == told["readings"] and told["repeated"] == told["skipped"] == 0
    assert told["accepted"] == queries.readings_kept() and told["quarantined"] == Quarantined.objects.count()
    assert told["accepted"] > 0.95 * told["readings"]
