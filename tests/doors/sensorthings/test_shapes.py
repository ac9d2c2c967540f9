"""Shapes asked for by where they lie: reading those near alone leaves out none."""

import json
from typing import Any

import numpy as np
import pytest
import shapely
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cityloop.doors.sensorthings import shapes
from cityloop.loops.sensing import queries
from cityloop.loops.sensing.actions import describing
from cityloop.loops.sensing.rules import said
from tests.loops.sensing.instruments import AT
from tests.town.staff import BY

pytestmark = pytest.mark.django_db
ASKED = [
    "POINT(3 3)", "POINT EMPTY", "LINESTRING(0 0, 5 5)", "POLYGON((1 1, 4 1, 4 4, 1 4, 1 1))",
    "MULTIPOINT((2 2),(9 9))", "POLYGON((0 0, 10 0, 10 10, 0 10, 0 0))",
]  # fmt: skip


def drawn() -> list[Any]:
    """Give shapes of every kind on a small board, so that they touch, cover and miss one another."""
    rng = np.random.default_rng(5)
    points = [shapely.Point(*rng.integers(0, 11, 2)) for _ in range(40)]
    lines = [shapely.LineString(rng.integers(0, 11, (3, 2))) for _ in range(30)]
    boxes = [shapely.box(x, y, x + w, y + h) for x, y, w, h in rng.integers(1, 6, (40, 4))]
    return [*points, *lines, *boxes]


@pytest.fixture
def board(db: None) -> None:
    for shape in drawn():
        where = {"name": "x", "description": "", "encodingType": "application/geo+json"}
        where["location"] = json.loads(shapely.to_geojson(shape))
        describing.add(
            said=said.read(said.LocationSaid, {**where, "encodingType": "application/geo+json"}), by=BY, at=AT
        )


def test_reading_those_near_alone_leaves_out_none(board: None) -> None:
    ids, every = queries.shapes_of("Locations")
    assert len(ids) == 110
    for other in map(shapely.from_wkt, ASKED):
        for name, relation in shapes.RELATIONS.items():
            wanted = sorted(ids[relation(every, other)].tolist())
            assert sorted(shapes.related("Locations", name, other)) == wanted, (name, other)
        with np.errstate(invalid="ignore"):
            for sign, compare in shapes.COMPARED.items():
                for far in (0.0, 1.0, 2.5, -1.0, float("inf")):
                    wanted = sorted(ids[compare(shapely.distance(every, other), far)].tolist())
                    found = sorted(shapes.measured("Locations", "geo.distance", other, sign, far))
                    assert found == wanted, (sign, far, other)


def test_far_shapes_are_not_read(board: None) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert shapes.related("Locations", "st_within", shapely.box(40, 40, 41, 41)) == []
    explain = "EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN "
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE sensing_location; SET LOCAL enable_seqscan = off")
        cursor.cursor.execute(explain + asked[0]["sql"])
        assert "sensing_location_box" in str(cursor.cursor.fetchall())
