"""New York brought in by its map alone; it is loaded once for all tests of this file, which only look."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from django.db import transaction

from cityloop.town.ledger.models import Step
from cityloop.town.units import queries
from cityloop.town.units.actions.load import LoadReport, findings_by_kind, load_units
from cityloop.town.units.models import City, CodeHistory, Unit, UnitShape
from tests.town.units.conftest import AT, BY, city_map, codes_of, located, rows

pytestmark = pytest.mark.xdist_group("units of new_york")


@pytest.fixture(scope="module")
def new_york(django_db_setup: None, django_db_blocker: Any, shared_data: Path) -> Iterator[LoadReport]:
    """New York, loaded in a transaction that is taken back."""
    with django_db_blocker.unblock(), transaction.atomic():
        queries.forget()
        yield load_units(city_map("new_york"), shared_data / "boundaries", by=BY, at=AT)
        transaction.set_rollback(True)


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
        drawn = queries.geojson(queries.outlines("36511", 2))
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
