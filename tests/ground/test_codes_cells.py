"""Quadkey cells: order, nearness, and coordinates that are none."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cityloop.ground.codes import cell, cells, centre, check_point, metres_between, neighbourhood
from cityloop.ground.kit.refusal import Refusal

LONS = st.floats(-180, 180)
LATS = st.floats(-90, 90)


@settings(deadline=None)
@given(st.lists(st.tuples(LONS, LATS), min_size=1, max_size=50))
def test_many_cells_are_the_single_ones(points: list[tuple[float, float]]) -> None:
    lons, lats = np.array(points).T
    assert cells(lons, lats).tolist() == [cell(*point) for point in points]


@settings(deadline=None)
@given(LONS, LATS)
def test_a_cell_leads_back_to_its_point(lon: float, lat: float) -> None:
    found = cell(lon, lat)
    assert 0 <= found < 1 << 62
    x, y = centre(found)
    assert abs(x - lon) <= 360 / 2**31
    assert abs(y - lat) <= 180 / 2**31


def test_bits_interleave_longitude_in_the_even_places() -> None:
    assert cell(-180, -90) == 0
    assert cell(180, 90) == (1 << 62) - 1
    assert cell(0, -90) == 1 << 60
    assert cell(-180, 0) == 1 << 61


@settings(deadline=None)
@given(
    LONS,
    LATS,
    st.floats(1, 200_000),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 2 * math.pi)), min_size=1, max_size=20),
)
def test_nothing_near_is_missed(lon: float, lat: float, radius: float, around: list[tuple[float, float]]) -> None:
    ranges = neighbourhood(lon, lat, radius)
    assert ranges == sorted(ranges)
    assert len(ranges) <= 40
    for share, bearing in around:
        x, y = travelled(lon, lat, share * radius * 0.999, bearing)
        if metres_between(lon, lat, x, y) <= radius:
            assert any(low <= cell(x, y) < high for low, high in ranges), (x, y)


@pytest.mark.parametrize("lat", [84.0, 89.5, -89.9, 90.0])
def test_nothing_near_is_missed_by_the_poles(lat: float) -> None:
    for lon, radius in itertools.product((0, 5, 9, 17, 21), (500, 40_000, 52_000)):
        ranges = neighbourhood(lon, lat, radius)
        for bearing in np.linspace(0, 2 * math.pi, 73):
            found = cell(*travelled(lon, lat, radius * 0.999, bearing))
            assert any(low <= found < high for low, high in ranges), (lon, radius, bearing)


def travelled(lon: float, lat: float, metres: float, bearing: float) -> tuple[float, float]:
    """Give the point reached on the mean sphere."""
    d, phi = metres / 6_371_008.8, math.radians(lat)
    sine = math.sin(phi) * math.cos(d) + math.cos(phi) * math.sin(d) * math.cos(bearing)
    phi2 = math.asin(max(-1.0, min(1.0, sine)))
    turn = math.atan2(math.sin(bearing) * math.sin(d) * math.cos(phi), math.cos(d) - math.sin(phi) * math.sin(phi2))
    return (lon + math.degrees(turn) + 540) % 360 - 180, math.degrees(phi2)


def test_few_ranges_hold_little_that_is_far() -> None:
    rng = np.random.default_rng(1)
    lons, lats = rng.uniform(-74.1, -73.9, 200_000), rng.uniform(40.6, 40.8, 200_000)
    keys = cells(lons, lats)
    inside = np.zeros(len(keys), bool)
    for low, high in neighbourhood(-74, 40.7, 300):
        inside |= (keys >= low) & (keys < high)
    near = metres_between(-74, 40.7, lons, lats) <= 300
    assert near.any()
    assert not (near & ~inside).any()
    assert inside.sum() < 5 * near.sum()
    assert len(neighbourhood(-74, 40.7, 300)) <= 16


def test_cells_are_quick() -> None:
    """A loose bound that still fails if the loop ever becomes Python's: the bench has the real figure."""
    import time

    lons, lats = np.full(1_000_000, -73.9), np.full(1_000_000, 40.7)
    start = time.perf_counter()
    cells(lons, lats)
    assert time.perf_counter() - start < 0.5


def test_distance_of_a_degree() -> None:
    assert metres_between(0, 0, 0, 1) == pytest.approx(111_195, abs=1)
    assert metres_between(0, 60, 1, 60) == pytest.approx(55_597, abs=2)


@pytest.mark.parametrize(
    ("lon", "lat", "field", "code"),
    [
        (math.nan, 40, "lon", "codes.point.number"),
        (-74, math.inf, "lat", "codes.point.number"),
        ("west", 40, "lon", "codes.point.number"),
        (-74, None, "lat", "codes.point.number"),
        (True, 40, "lon", "codes.point.number"),
        (181, 40, "lon", "codes.point.range"),
        (-200, 95, "lat", "codes.point.range"),
        (22.5, 114.1, "lat", "codes.point.swapped"),
        (10**400, 0, "lon", "codes.point.number"),
    ],
)
def test_what_is_no_point_is_refused_by_its_field(lon: object, lat: object, field: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_point(lon, lat)
    assert (refused.value.field, refused.value.code) == (field, code)


def test_swapped_coordinates_are_seen_by_the_city_box() -> None:
    box = (-74.3, 40.4, -73.6, 41.0)
    with pytest.raises(Refusal) as refused:
        check_point(40.7, -73.9, box=box)
    assert refused.value.code == "codes.point.swapped"
    with pytest.raises(Refusal) as refused:
        check_point(-73.9, 100, box=box)  # turned round it lies no better: a slip in one number
    assert (refused.value.code, refused.value.field) == ("codes.point.range", "lat")
    assert check_point("-73.9", "40.7", box=box) == (-73.9, 40.7)
    assert check_point(2.35, 48.85, box=box) == (2.35, 48.85), "merely elsewhere"


def test_a_bad_row_among_many_is_named() -> None:
    with pytest.raises(Refusal, match="Row 2"):
        cells([1, 2, math.nan], [1, 2, 3])
    with pytest.raises(Refusal) as refused:
        cells([1, 2], [1, 91])
    assert refused.value.field == "lat"
    with pytest.raises(Refusal):
        cells([1, 2], [1])
    with pytest.raises(Refusal):
        neighbourhood(0, 0, 0)
