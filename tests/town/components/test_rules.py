"""Identity codes, attributes and squares, without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityloop.ground.codes import cell
from cityloop.ground.codes.tiles import tile_at
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.components.rules import attributes, squares
from cityloop.town.components.rules.identity import Identity
from tests.town.components.things import LAMP, TREE

pytestmark = pytest.mark.once

KNOWN = {one.key: one for one in LAMP.attributes}


@pytest.mark.parametrize(("identity", "code"), [(Identity(), "3205080137000042"), (Identity(2, 3), "3205080103700042")])
def test_codes_have_sixteen_digits_in_either_writing(identity, code):
    prefix = identity.prefix("320508", "01", "37")
    assert identity.code(prefix, 42) == code
    assert identity.split(code) == (prefix, 42)


@pytest.mark.parametrize("widths", [(1, 2), (4, 2), (2, 1), (3, 4)])
def test_other_widths_are_refused(widths):
    with pytest.raises(Refusal) as refused:
        Identity(*widths)
    assert refused.value.field == "class_width"


@pytest.mark.parametrize("code", ["", "32050801370000", "320508013700004x", "３" * 16, "320508 137000042"])
def test_what_is_no_code_is_refused_by_its_field(code):
    with pytest.raises(Refusal) as refused:
        Identity().split(code, "component")
    assert (refused.value.code, refused.value.field) == ("components.code", "component")


@pytest.mark.parametrize(("class_", "subclass"), [("lamp", "37"), ("01", "377"), ("²1", "37")])
def test_a_class_that_is_no_number_has_no_codes(class_, subclass):
    with pytest.raises(Refusal) as refused:
        Identity().prefix("320508", class_, subclass)
    assert refused.value.field == "type"


def test_attributes_are_kept_by_their_kind():
    given_ = {"height": "8.0", "kind": "led", "lit": "是", "note": " by the\u202e gate ", "since": "2018-10-21T00:00"}
    kept = {"height": 8, "kind": "led", "lit": True, "note": "by the gate", "since": "2018-10-21"}
    assert attributes.read(KNOWN, given_) == kept
    assert attributes.read(KNOWN, kept) == kept  # what is kept can be given again


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("height", "tall"), ("height", "nan"), ("height", "1e400"), ("height", True), ("kind", "LED"),
        ("lit", "perhaps"), ("since", "2018-02-30"), ("colour", "red"), ("note", {"a": 1}), ("note", [1]),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_at_its_key(key, value):
    with pytest.raises(Refusal) as refused:
        attributes.read(KNOWN, {key: value})
    assert refused.value.field == key


def test_what_is_needed_must_be_there():
    with pytest.raises(Refusal) as refused:
        attributes.read({one.key: one for one in TREE.attributes}, {"species": " "})
    assert refused.value.field == "species"


PLACES = st.tuples(st.floats(-179, 179), st.floats(-80, 80))


@given(PLACES, st.integers(8, 18))
def test_a_tile_is_told_by_the_squares_that_hold_its_points(place, zoom):
    lon, lat = place
    tile = tile_at(lon, lat, zoom)
    kept = squares.kept_for(tile)
    square = cell(lon, lat) >> squares.shift_of(kept)
    assert any(low <= square < high for low, high in squares.ranges(tile, kept))


@given(st.lists(st.tuples(PLACES, st.sampled_from(["a", "b"]), st.sampled_from([1, -1])), max_size=30))
def test_what_comes_and_goes_adds_up(given_):
    points = [(cell(*place), *place, kind, sign) for place, kind, sign in given_]
    grown = squares.grown(columns(points))
    assert list(grown) == sorted(grown)
    for zoom in squares.KEPT:
        for kind in ("a", "b"):
            own = sum(one.number for (z, _square, k), one in grown.items() if (z, k) == (zoom, kind))
            assert own == sum(sign for *_place, k, sign in points if k == kind)
    undone = [*points, *((*point[:4], -point[4]) for point in points)]
    assert squares.grown(columns(undone)) == {}


def columns(points):
    return squares.Points(*(zip(*points, strict=True) if points else [()] * 5))
