"""Real cities brought in by their maps alone."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
import shapely

from cityloop.ground.codes import metres_between
from cityloop.town.units import queries
from cityloop.town.units.actions.load import findings_by_kind, load_units
from cityloop.town.units.models import Unit
from cityloop.town.units.sources import read_features
from tests.town.units.conftest import AT, BY, city_map, codes_of, located

pytestmark = pytest.mark.django_db


def test_los_angeles_comes_in_by_mapping_alone(boundaries: Path, shared_data: Path) -> None:
    report = load_units(city_map("los_angeles"), boundaries, by=BY, at=AT)
    assert report.units == {"city": 1, "council": 99}
    assert set(findings_by_kind(report)) <= {"units.gap"}, "land without a council is a gap, overlaps are mended"
    cases = [case for case in located(shared_data / "cases" / "la311_train.csv.gz") if case["nc"]]
    agreed = [code == f"0644{int(float(case['nc'])):03}" for code, case in zip(codes_of(cases), cases, strict=True)]
    assert np.mean(agreed) >= 0.985
    assert queries.unit_named("council", "Eagle Rock NC") == queries.unit_of("0644040")


SHENZHEN = """
city_level_names = { zh-hans = "市" }
[city]
key = "shenzhen"
names = { en = "Shenzhen", zh-hans = "深圳市" }
code = "4403"
zone = "Asia/Shanghai"
case_prefix = "SZ"
loop_profile = "small_town"
[codes]
levels = [["city", 4], ["district", 2], ["grid", 4]]
[[levels]]
name = "district"
names = { zh-hans = "区" }
source = { file = "cn_440300_districts.geojson.gz", key = "adcode", datum = "gcj02" }
segment = "adcode"
segment_last = 2
title = { zh-hans = "{name}" }
[[levels]]
name = "grid"
grid = { cell_m = 1500 }
title = { zh-hans = "网格" }
"""


def test_shenzhen_is_turned_from_gcj02_and_cut_into_a_grid(boundaries: Path) -> None:
    report = load_units(tomllib.loads(SHENZHEN), boundaries, by=BY, at=AT)
    assert report.units["district"] == 9
    assert report.units["grid"] > 800
    assert "units.overlap" not in findings_by_kind(report)
    luohu = queries.unit_named("district", "罗湖区")
    assert luohu is not None
    assert luohu.code == "440303"
    cells = [unit for unit in queries.children("440303") if unit.kind == Unit.NORMAL]
    assert cells[0].code == "4403030001"
    rows_ = [(queries.root().north - unit.lat) // 0.01354 for unit in cells]
    assert np.mean(np.diff(rows_) >= 0) > 0.9, "numbered row by row from the north; slivers shift some label points"
    exact = queries.geometry_of([unit.code for unit in cells])
    assert shapely.area(shapely.symmetric_difference(exact, queries.geometry_of(["440303"]))) < 1e-12


def test_gcj02_lies_some_hundred_metres_off_and_comes_back(boundaries: Path) -> None:
    file = boundaries / "cn_440300_districts.geojson.gz"
    raw, turned = (read_features(file, "adcode", datum).shapes for datum in ("wgs84", "gcj02"))
    a, b = shapely.get_coordinates(raw), shapely.get_coordinates(turned)
    shift = metres_between(a[:, 0], a[:, 1], b[:, 0], b[:, 1])
    assert 300 < shift.min() < shift.max() < 900
    from cityloop.town.units.rules.gcj02 import to_gcj02

    x, y = to_gcj02(b[:, 0], b[:, 1])
    assert metres_between(a[:, 0], a[:, 1], x, y).max() < 0.5
