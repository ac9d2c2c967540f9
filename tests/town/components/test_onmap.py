"""Components on the map: single ones near by, counts further off, a bounded number of statements."""

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from cityloop.ground.codes.tiles import tile_at
from cityloop.town.components import onmap, queries
from cityloop.town.components.actions import keeping
from tests.loops.cases.smallville import AT
from tests.town.components.things import WEST, put
from tests.town.staff import BY

PUBLIC = Q(level=0)


@pytest.fixture
def lamps(town):
    return [put(place=(10.05 + n / 100_000, 50.07)) for n in range(6)]


def test_near_by_single_ones_further_off_counts(lamps):
    near = onmap.in_tile(tile_at(*WEST, 18), PUBLIC, 0)
    assert {mark.code for mark in near.marks} == {one.code for one in lamps} and not near.heaps
    for zoom in range(8, 16):
        far = onmap.in_tile(tile_at(*WEST, zoom), PUBLIC, 0)
        assert not far.marks and sum(heap.number for heap in far.heaps) == 6
        mean = sum(one.lon for one in lamps) / 6
        assert sum(heap.lon * heap.number for heap in far.heaps) / 6 == pytest.approx(mean, abs=1e-6)


@pytest.mark.parametrize("looked", [8_000, 3])
def test_too_many_to_tell_apart_are_counted_near_by_too(lamps, monkeypatch, looked):
    monkeypatch.setattr(onmap, "MOST", 3)
    monkeypatch.setattr(onmap, "LOOKED", looked)
    with CaptureQueriesContext(connection) as asked:
        told = onmap.in_tile(tile_at(*WEST, 16), PUBLIC, 0)
    assert not told.marks and sum(heap.number for heap in told.heaps) == 6
    read = [one for one in asked if "components_component" in one["sql"] or "components_square" in one["sql"]]
    assert len(read) <= 3


def test_of_one_type_only_and_without_what_is_gone(lamps):
    put("street_tree")
    keeping.change(code=lamps[0].code, state="discarded", by=BY, at=AT)
    for zoom in (10, 17):
        told = onmap.in_tile(tile_at(*WEST, zoom), PUBLIC, 0, "lamp")
        assert len(told.marks) + sum(heap.number for heap in told.heaps) == 5
        assert onmap.in_tile(tile_at(*WEST, zoom), PUBLIC, 0, "spaceship") == ([], [])


def test_what_is_confidential_is_neither_shown_nor_counted(lamps):
    put("camera")
    for zoom in (8, 12, 18):
        told = onmap.in_tile(tile_at(*WEST, zoom), PUBLIC, 0)
        assert len(told.marks) + sum(heap.number for heap in told.heaps) == 6
        whole = onmap.in_tile(tile_at(*WEST, zoom), Q(), 3)
        assert len(whole.marks) + sum(heap.number for heap in whole.heaps) == 7


def test_lists_page_by_code_and_by_place(lamps):
    put("street_tree", place=(10.15, 50.02))
    box = (10.0, 50.0, 10.1, 50.1)
    for wanted in (queries.Wanted(), queries.Wanted(box=box), queries.Wanted(type="lamp"), queries.Wanted(unit="1001")):
        whole = queries.listed(wanted, seen=PUBLIC, after=None, most=99)
        paged, after = [], None
        while page := queries.listed(wanted, seen=PUBLIC, after=after, most=2):
            paged += page
            after = queries.Place(page[-1].cell, page[-1].code)
        assert [one.code for one in paged] == [one.code for one in whole]
        assert len(whole) == (7 if wanted.type == "" and wanted.box is None else 6)
