"""Locating points: the raster, the tree and the single look-up agree with the plain question."""

import subprocess
import sys

import numpy as np
import pytest
import shapely

from bench.locate import wiggly_city
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.units.rules import locator as module
from cityloop.town.units.rules.locator import Locator
from cityloop.town.units.rules.raster import ASK, NOWHERE, Raster

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def polygons() -> np.ndarray:
    """144 ragged polygons that tile a square."""
    return wiggly_city(12, 40)


@pytest.fixture(scope="module")
def ragged(polygons: np.ndarray) -> Locator:
    """A locator over them."""
    return Locator([f"{n:04}" for n in range(len(polygons))], polygons)


def plain(polygons: np.ndarray, x: float, y: float) -> int:
    """Ask every polygon; the lowest that has the point wins."""
    hits = np.flatnonzero(shapely.intersects_xy(polygons, x, y))
    return int(hits[0]) if len(hits) else NOWHERE


def test_all_ways_give_the_plain_answer(ragged: Locator, polygons: np.ndarray) -> None:
    rng = np.random.default_rng(2)
    xs, ys = rng.uniform(-0.02, 0.52, (2, 3000))
    expected = [plain(polygons, x, y) for x, y in zip(xs, ys, strict=True)]
    assert ragged._by_tree(xs, ys).tolist() == expected
    assert [ragged._index(x, y) for x, y in zip(xs, ys, strict=True)] == expected
    raster = Raster(ragged.shapes, ragged._by_tree).look_up(xs, ys)
    told = raster != ASK
    assert told.mean() > 0.5, "a raster that asks for everything is of no use"
    assert raster[told].tolist() == np.array(expected)[told].tolist()


def test_points_on_shared_borders_belong_to_the_lowest_code(ragged: Locator, polygons: np.ndarray) -> None:
    corners = shapely.get_coordinates(polygons[::7])
    xs, ys = corners[:, 0], corners[:, 1]
    expected = [plain(polygons, x, y) for x, y in corners]
    assert ragged._by_tree(xs, ys).tolist() == expected
    assert [ragged._index(x, y) for x, y in corners] == expected
    raster = Raster(ragged.shapes, ragged._by_tree).look_up(xs, ys)
    assert (raster == ASK).all(), "no vertex lies in an untouched bin"


def test_codes_not_order_decide(polygons: np.ndarray) -> None:
    squares = np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], object)
    assert Locator(["b", "a"], squares).locate(1, 0.5) == "a"
    assert Locator(["a", "b"], squares).locate(1, 0.5) == "a"


def test_many_points_use_the_raster_and_agree(
    ragged: Locator, polygons: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MANY", 100)
    fresh = Locator(ragged.codes, polygons)
    xs, ys = np.random.default_rng(5).uniform(-0.01, 0.51, (2, 20_000))
    assert (fresh.indexes(xs, ys) == ragged._by_tree(xs, ys)).all()
    assert fresh._raster is not None


def test_long_straight_borders_and_holes_keep_the_raster_exact() -> None:
    ring = shapely.difference(shapely.box(0, 0, 1, 1), shapely.Polygon([(0.2, 0.2), (0.8, 0.3), (0.3, 0.8)]))
    slope = shapely.Polygon([(1, 0), (7, 3.3), (1, 1)])
    shapes = Locator(["1", "2"], np.array([ring, slope], object))
    xs, ys = np.random.default_rng(6).uniform(-0.1, 7.1, (2, 30_000))
    ys = ys / 2
    raster = Raster(shapes.shapes, shapes._by_tree)
    found = raster.look_up(xs, ys)
    told = found != ASK
    assert (found[told] == shapes._by_tree(xs, ys)[told]).all()
    along = np.linspace(0, 1, 5000)
    assert (raster.look_up(1 + 6 * along, 3.3 * along) == ASK).mean() > 0.99


def test_a_border_on_the_edge_of_a_bin_is_asked_about() -> None:
    squares = np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], object)
    halves = Locator(["1", "2"], squares)
    raster = Raster(halves.shapes, halves._by_tree)
    assert (raster._scale[0] * 1.0).is_integer(), "the border lies exactly between two bins"
    assert (raster.look_up(np.ones(50), np.linspace(0, 1, 50)) == ASK).all()


def test_what_is_nowhere_is_none(ragged: Locator) -> None:
    assert ragged.locate(0.9, 0.9) is None
    found = ragged.locate_many([0.25, np.nan, 9, np.inf] * 30, [0.25, 0.25, 9, 0] * 30)
    assert found[0] is not None
    assert found[1:4].tolist() == [None, None, None]
    assert Locator([], np.empty(0, object)).locate(0.1, 0.1) is None
    assert Locator([], np.empty(0, object)).locate_many([0.1] * 100, [0.1] * 100).tolist() == [None] * 100


def test_what_is_no_point_is_refused(ragged: Locator) -> None:
    for lon, lat, field in [("x", 0, "lon"), (0, float("nan"), "lat"), (0, 91, "lat")]:
        with pytest.raises(Refusal) as refused:
            ragged.locate(lon, lat)
        assert refused.value.field == field
    with pytest.raises(Refusal):
        ragged.locate_many([1, 2], [1])


def test_a_multipolygon_is_one_leaf() -> None:
    islands = shapely.union(shapely.box(0, 0, 1, 1), shapely.box(3, 0, 4, 1))
    sea = shapely.box(1, 0, 3, 1)
    found = Locator(["1", "2"], np.array([islands, sea], object))
    assert [found.locate(x, 0.5) for x in (0.5, 2, 3.5, 3, 5)] == ["1", "2", "1", "1", None]


# In a process of its own, for it ends with the first fault: a new city, asked by four threads at once, many times over.
RACE = """
import sys, threading
import numpy as np
import shapely
from cityloop.town.units.rules.locator import Locator

sys.setswitchinterval(1e-5)
turn = np.linspace(0, 2 * np.pi, 1000, endpoint=False)
far = 1 + 0.3 * np.sin(7 * turn)
leaf = np.c_[far * np.cos(turn), far * np.sin(turn)]
shapes = np.array([shapely.Polygon(leaf + (2 * n, 0)) for n in range(9)], object)
random = np.random.default_rng(1)
points = np.c_[random.uniform(-1, 17, 150), random.uniform(-1, 1, 150)].tolist()

def race():
    city = Locator([str(n) for n in range(9)], shapely.transform(shapes, lambda it: it))
    start, found = threading.Barrier(4), []
    def ask():
        start.wait()
        found.append(tuple(city.locate(*point) for point in points))
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1, found

for _ in range(150):
    race()
"""


def test_many_threads_may_ask_a_new_city_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", RACE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
