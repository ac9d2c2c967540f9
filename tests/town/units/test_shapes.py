"""Shapes: datum, areas, grids, mosaics and their checks, without a database."""

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from cityloop.ground.codes import metres_between
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.units.planning import Planner
from cityloop.town.units.rules import gcj02, mosaic
from cityloop.town.units.rules.coverage import Shaped, check_units, largest, report
from cityloop.town.units.rules.names import fill, normal
from cityloop.town.units.rules.numbering import reading_order
from cityloop.town.units.rules.shapes import area_m2, label_points
from cityloop.town.units.rules.unitsmap import read_map
from cityloop.town.units.sources import read_features
from tests.loops.cases.smallville import MAP

pytestmark = pytest.mark.once


@settings(deadline=None)
@given(st.floats(73, 135), st.floats(3, 53.5))
def test_gcj02_leads_back_to_half_a_millimetre(lon: float, lat: float) -> None:
    x, y = np.array([lon]), np.array([lat])
    there = gcj02.to_gcj02(x, y)
    back = gcj02.to_wgs84(*there)
    assert metres_between(lon, lat, back[0], back[1])[0] < 0.0005
    assert 10 < metres_between(lon, lat, *there)[0] < 1500


@pytest.mark.parametrize(
    ("wgs", "gcj"),
    [
        ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
        ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
        ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
    ],
)
def test_gcj02_agrees_with_the_reference(wgs: tuple[float, float], gcj: tuple[float, float]) -> None:
    """Test vectors of googollee/eviltransform: Shanghai, Shenzhen, Beijing."""
    x, y = gcj02.to_gcj02(np.array([wgs[0]]), np.array([wgs[1]]))
    assert metres_between(x[0], y[0], *gcj) < 0.1
    x, y = gcj02.to_wgs84(np.array([gcj[0]]), np.array([gcj[1]]))
    assert metres_between(x[0], y[0], *wgs) < 0.1


def test_outside_china_gcj02_is_wgs84() -> None:
    x, y = gcj02.to_gcj02(np.array([-73.9, 2.35]), np.array([40.7, 48.85]))
    assert x.tolist() == [-73.9, 2.35]
    assert y.tolist() == [40.7, 48.85]


def test_areas_are_those_of_the_ellipsoid() -> None:
    """A one-degree cell at the equator has 12,308.8 km² and one at 60° north 6,122 km² (WGS 84)."""
    cells = np.array([shapely.box(0, 0, 1, 1), shapely.box(0, 60, 1, 61)], object)
    assert area_m2(cells) / 1e6 == pytest.approx([12308.8, 6122.0], rel=0.002)
    globe = area_m2([shapely.box(-180, -90, 180, 90)])
    assert globe[0] == pytest.approx(5.10065621724e14, rel=1e-9)


def test_a_regular_grid_is_numbered_like_a_page() -> None:
    boxes = [shapely.box(x, y, x + 1, y + 1) for y in range(4) for x in range(5)]
    order = reading_order(np.array(boxes, object))
    corners = [(boxes[i].bounds[1], boxes[i].bounds[0]) for i in order]
    assert corners == sorted(corners, key=lambda corner: (-corner[0], corner[1]))


BAY = shapely.Polygon([(0, 0), (0.1, 0), (0.1, 0.06), (0.06, 0.03), (0.05, 0.09), (0, 0.1)])


@settings(deadline=None, max_examples=25)
@given(st.floats(400, 4000), st.floats(0, 0.5))
def test_a_grid_tiles_its_parents_exactly(cell_m: float, sliver: float) -> None:
    neighbour = shapely.Polygon([(0.1, 0), (0.15, 0.02), (0.14, 0.08), (0.1, 0.06)])
    parents = np.array([BAY, neighbour], object)
    cells, owner, places = mosaic.grid(parents, cell_m=cell_m, sliver=sliver)
    assert shapely.coverage_is_valid(cells)
    for index, parent in enumerate(parents):
        union = shapely.coverage_union_all(cells[owner == index])
        assert shapely.area(shapely.symmetric_difference(union, parent)) < 1e-9
    assert (shapely.get_num_geometries(cells) == 1).all(), "each cell is one connected polygon"
    assert (places >= 0).all()
    assert area_m2(cells).max() < (1.01 + 8 * sliver) * cell_m**2


def test_cells_know_their_row_and_column() -> None:
    cells, _, places = mosaic.grid(np.array([shapely.box(0, -0.05, 0.1, 0.05)], object), cell_m=2000, sliver=0)
    west, _, _, north = shapely.bounds(cells).T
    assert [tuple(place) for place in places[np.lexsort((west.round(6), -north.round(6)))]] == [
        (row, column) for row in range(6) for column in range(6)
    ]


def test_slivers_join_a_neighbour() -> None:
    parents = np.array([BAY], object)
    few, _, _ = mosaic.grid(parents, cell_m=1000, sliver=0.2)
    all_, _, _ = mosaic.grid(parents, cell_m=1000, sliver=0)
    assert area_m2(all_).min() < 0.2 * 1e6
    assert area_m2(few).min() >= 0.2 * 1e6
    assert len(few) < len(all_)


def test_a_target_area_gives_cells_of_that_area() -> None:
    cells, _, _ = mosaic.grid(np.array([shapely.box(0, 45, 0.2, 45.2)], object), target_area_m2=250_000)
    assert np.median(area_m2(cells)) == pytest.approx(250_000, rel=0.01)


def test_fitted_leaves_tile_the_areas_they_belong_to() -> None:
    leaves = np.array([shapely.box(0, 0, 1.2, 1), shapely.box(1.2, 0, 2, 1), shapely.box(2, 0, 3, 1)], object)
    areas = np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2.5, 1)], object)
    fitted, strays = mosaic.fit_to(leaves, [0, 1, 1], areas)
    assert shapely.equals(fitted[0], shapely.box(0, 0, 1, 1))
    assert shapely.equals(fitted[1], shapely.box(1, 0, 2, 1)), "it takes what the first had beyond its area"
    assert shapely.equals(fitted[2], shapely.box(2, 0, 3, 1)), "what lies in no area stays"
    assert strays == []


def test_a_cut_shares_out_all_of_the_shape() -> None:
    whole = shapely.box(0, 0, 1, 1)
    parts, unclaimed = mosaic.cut(whole, np.array([shapely.box(-1, -1, 0.4, 2), shapely.box(0.405, 0, 5, 1)], object))
    assert unclaimed == pytest.approx(0.005)
    assert shapely.equals(shapely.coverage_union_all(parts), whole)


def units(*shapes: shapely.Geometry, parent: shapely.Geometry | None = None) -> list[Shaped]:
    """Give children 11, 12, ... of a parent 1."""
    found = [Shaped(f"1{n}", shape, "1") for n, shape in enumerate(shapes, 1)]
    return [*found, Shaped("1", parent)] if parent else found


def test_sound_units_give_no_finding() -> None:
    halves = shapely.box(0, 0, 0.1, 0.1), shapely.box(0.1, 0, 0.2, 0.1)
    assert check_units(units(*halves, parent=shapely.box(0, 0, 0.2, 0.1))) == []
    assert report([]).startswith("No gaps")


def test_an_overlap_is_found_with_its_area() -> None:
    found = check_units(units(shapely.box(0, 0, 0.11, 0.1), shapely.box(0.1, 0, 0.2, 0.1)))
    assert [(one.code, one.where) for one in found] == [("units.overlap", ("11", "12"))]
    assert found[0].area_m2 == pytest.approx(area_m2([shapely.box(0.1, 0, 0.11, 0.1)])[0], rel=1e-6)
    assert "overlap by" in report(found)
    short = largest([*found] * 30).splitlines()
    assert short[10] == f"and {30 * len(found) - 10} more, none larger"
    assert len(short) == 13 and "mend_gaps_m" in short[-1]


def test_an_enclosed_gap_is_found() -> None:
    ring = shapely.difference(shapely.box(0, 0, 0.3, 0.3), shapely.box(0.1, 0.1, 0.2, 0.2))
    (gap,) = check_units(units(ring))
    assert (gap.code, gap.where) == ("units.gap", ("11",))
    assert check_units(units(ring, shapely.box(0.1, 0.1, 0.2, 0.2))) == []


def test_a_gap_in_a_parent_and_a_child_outside_are_found() -> None:
    found = check_units(units(shapely.box(-0.1, 0, 0.1, 0.1), parent=shapely.box(0, 0, 0.2, 0.1)))
    assert sorted(one.code for one in found) == ["units.gap", "units.nesting"]


def test_broken_shapes_are_named() -> None:
    bow = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    found = check_units([Shaped("1", bow), Shaped("2", shapely.Polygon()), Shaped("3", shapely.Point(0, 0))])
    assert [(one.code, one.where) for one in found] == [
        ("units.shape.empty", ("2",)),
        ("units.shape.invalid", ("1",)),
        ("units.shape.invalid", ("3",)),
    ]


def test_label_points_lie_inside() -> None:
    horseshoe = shapely.Polygon([(0, 0), (3, 0), (3, 3), (2, 3), (2, 1), (1, 1), (1, 3), (0, 3)])
    ((x, y),) = label_points(np.array([horseshoe], object))
    assert shapely.contains_xy(horseshoe, x, y)


@pytest.mark.parametrize("up", [{"property": "up"}, {"via": "ward", "property": "up"}, {"crosswalk": "up.csv"}])
@pytest.mark.parametrize("blank", [None, "", " "])
def test_what_names_no_unit_above_it_is_named(tmp_path: Path, up: dict[str, str], blank: str | None) -> None:
    levels = [
        {"name": "borough", "up": {"on": "key", "column": "up", **up} if "crosswalk" in up else up},
        {"name": "ward", "source": {"file": "a.geojson", "key": "key"}, "up": {"property": "key"}},
        {"name": "grid", "source": {"file": "a.geojson", "key": "key"}},
    ]
    plain = {**MAP, "codes": {"levels": [["city", 4], ["borough", 2], ["ward", 2], ["grid", 3]]}, "levels": levels}
    features = [
        {"type": "Feature", "properties": {"key": key, "up": above}, "geometry": shapely.geometry.mapping(shape)}
        for key, above, shape in (("1", "North", shapely.box(0, 0, 1, 1)), ("2", blank, shapely.box(1, 0, 2, 1)))
    ]
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    (tmp_path / "up.csv").write_text(f"key,up\n1,North\n2,{blank or ''}\n")
    with pytest.raises(Refusal, match="1 units find no borough, the first is 2") as refused:
        Planner(read_map(plain), tmp_path).plan()
    assert refused.value.code == "units.map.orphans"


def test_names_are_one_form_and_templates_fill() -> None:
    assert normal("  05  QUEENS ") == normal("5 Queens") == "5 queens"
    assert normal("Olívia—Straße") == normal("OLIVIA STRASSE")
    assert normal("罗湖区") == "罗湖区"
    assert normal("０５ Ｑueens") == "5 queens"
    assert fill("{a:title} ({b}) {c}", {"a": "EAST NY", "b": 3}) == "East Ny (3)"
    assert fill("{__class__} {x.y}", {}) == "{x.y}"


def test_a_feature_without_its_key_is_told_with_what_it_has(tmp_path: Path) -> None:
    shape = shapely.geometry.mapping(shapely.box(0, 0, 1, 1))
    feature = {"type": "Feature", "properties": {"KEY": "1", "name": "West"}, "geometry": shape}
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    with pytest.raises(Refusal, match="feature 1 has no property 'KEYB'; it has KEY, name"):
        read_features(tmp_path / "a.geojson", "KEYB", "wgs84")
