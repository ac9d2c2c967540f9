"""Real cities brought in by their maps alone."""

import csv
import gzip
import io
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from cityloop.ground.codes import metres_between
from cityloop.town.ledger.models import Step
from cityloop.town.units import queries
from cityloop.town.units.actions.load import LoadReport, findings_by_kind, load_units
from cityloop.town.units.models import City, CodeHistory, Unit, UnitShape
from cityloop.town.units.sources import read_features
from tests.town.units.conftest import AT, BY, city_map

pytestmark = pytest.mark.django_db


def rows(path: Path) -> Iterator[dict[str, str]]:
    """Read a gzipped CSV."""
    with gzip.open(path) as raw:
        yield from csv.DictReader(io.TextIOWrapper(raw, "utf-8"))


def located(path: Path) -> list[dict[str, str]]:
    """Read the cases that have coordinates."""
    return [row for row in rows(path) if row["latitude"] and row["longitude"]]


def codes_of(cases: list[dict[str, str]]) -> list[str | None]:
    """Locate cases."""
    lons, lats = ([float(row[name]) for row in cases] for name in ("longitude", "latitude"))
    return list(queries.locate_many(lons, lats))


@pytest.fixture
def new_york(boundaries: Path) -> LoadReport:
    """New York, loaded."""
    return load_units(city_map("new_york"), boundaries, by=BY, at=AT)


def test_new_york_has_its_units(new_york: LoadReport) -> None:
    assert new_york.units == {"city": 1, "borough": 5, "district": 71, "neighbourhood": 265, "grid": 2167}
    assert new_york.layers == {"community_district": 71, "neighbourhood": 195, "precinct": 77, "zip": 178}
    assert "units.overlap" not in findings_by_kind(new_york)
    assert Unit.objects.filter(kind=Unit.REST).count() == 1 + 5 + 71 + 265
    assert Unit.objects.filter(kind=Unit.UNPLACED).get().code == queries.unplaced_code() == "36519"
    assert CodeHistory.objects.count() == Unit.objects.count()
    assert City.objects.get().loop_profile == "full"
    step = Step.objects.get(subject="units:city")
    assert (step.kind, step.what) == ("loaded", "new_york")


def test_new_york_codes_follow_the_tree(new_york: LoadReport) -> None:
    scheme = queries.scheme()
    parents = {unit.pk: unit for unit in Unit.objects.all()}
    for unit in parents.values():
        scheme.validate(unit.code)
        assert scheme.level_of(unit.code) == unit.level
        if unit.parent_id:
            assert scheme.parent_of(unit.code) == parents[unit.parent_id].code
        assert (unit.kind == Unit.REST) == scheme.is_rest(unit.code)
    assert queries.unit_of("3651104").names["en"] == "District 04 Manhattan"


def test_an_upper_unit_is_exactly_the_sum_of_its_leaves(new_york: LoadReport) -> None:
    shapes = {code: shapely.from_wkb(bytes(wkb)) for code, wkb in UnitShape.objects.values_list("unit__code", "wkb")}
    leaves = {code: shape for code, shape in shapes.items() if len(code) == 12}
    assert shapely.coverage_is_valid(np.array(list(leaves.values()), object))
    for code in ["3651", "36511", "3651209", "3651412"]:
        below = np.array([shape for leaf, shape in leaves.items() if leaf.startswith(code)], object)
        assert shapely.equals(shapely.coverage_union_all(below), shapes[code])


def test_new_york_cases_lie_in_their_stated_district(new_york: LoadReport, shared_data: Path) -> None:
    cases = located(shared_data / "cases" / "nyc311_slices_train.csv.gz")
    found = codes_of(cases)
    assert sum(code is None for code in found) <= 2
    stated = queries.units_named("district", {case["community_board"] for case in cases})
    pairs = [
        (code, stated[case["community_board"]].code)
        for code, case in zip(found, cases, strict=True)
        if case["community_board"] in stated
    ]
    assert len(pairs) > 10_000
    assert np.mean([bool(code) and code.startswith(district) for code, district in pairs]) >= 0.99
    assert np.mean([bool(code) and code.startswith(district[:5]) for code, district in pairs]) >= 0.999


def test_every_located_case_lies_in_the_leaf_it_is_given(new_york: LoadReport, shared_data: Path) -> None:
    cases = located(shared_data / "cases" / "nyc311_slices_train.csv.gz")[::9]
    shapes = dict(UnitShape.objects.filter(unit__is_leaf=True).values_list("unit__code", "wkb"))
    for case, code in zip(cases, codes_of(cases), strict=True):
        point = float(case["longitude"]), float(case["latitude"])
        assert queries.locate(*point) == code
        if code:
            assert shapely.intersects_xy(shapely.from_wkb(bytes(shapes[code])), *point)


def test_cases_without_coordinates_are_placed_by_the_names_of_their_areas(
    new_york: LoadReport, shared_data: Path
) -> None:
    cases = list(rows(shared_data / "cases" / "nyc_council_casework_train.csv.gz"))
    districts = queries.units_named("district", {case["community_board"] for case in cases})
    boroughs = queries.units_named("borough", {case["borough"] for case in cases})
    zips = queries.areas_named("zip", {case["zip"] for case in cases})
    assert districts["07 Manhattan"].code == "3651107"
    assert len(boroughs) == 5
    assert zips["10118"] == zips["10001"], "a ZIP that belongs to another's area"
    named = [
        case["community_board"] in districts or case["zip"] in zips or case["borough"] in boroughs for case in cases
    ]
    assert 0.85 < np.mean(named) < 0.95, "about a tenth name no area"
    code = queries.scheme().filing_code(districts["07 Manhattan"].code)
    assert queries.unit_of(code).kind == Unit.REST


def test_new_york_s_map_has_shapes_and_names(new_york: LoadReport, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        drawn = queries.children_geojson("36511")
    assert [one["properties"]["code"] for one in drawn["features"]][:2] == ["3651101", "3651102"]
    assert {one["geometry"]["type"] for one in drawn["features"]} <= {"Polygon", "MultiPolygon"}
    children = [unit.code for unit in queries.children("36511")]
    assert children[0] == "3651100", "the rest comes first"
    assert len(children) == len(drawn["features"]) + 1


def test_paths_of_many_codes_take_one_query(new_york: LoadReport, django_assert_num_queries: Any) -> None:
    codes = list(Unit.objects.filter(is_leaf=True).values_list("code", flat=True)[:200])
    queries.scheme()
    with django_assert_num_queries(2):  # one for the version of the city, which tests do not keep
        paths = queries.paths_of(codes)
    assert [len(code) for code, _ in paths[codes[0]]] == [5, 7, 9, 12]


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
