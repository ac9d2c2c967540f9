"""Streets, crossings and parks: gathered from files of a base map, found as people write them, named from a point."""

import json

import pytest

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.basemap.actions import Source
from cityloop.town.places import queries, rules
from cityloop.town.places.actions import gather

pytestmark = pytest.mark.once


def road(name, *points, **more):
    told = {"name": name, "class": "residential", **more}
    return {"type": "Feature", "properties": told, "geometry": {"type": "LineString", "coordinates": points}}


def park(name, west, south):
    ring = [[west, south], [west + 0.004, south], [west + 0.004, south + 0.004], [west, south + 0.004], [west, south]]
    return {"type": "Feature", "properties": {"name": name}, "geometry": {"type": "Polygon", "coordinates": [ring]}}


ROADS = [
    road("42nd Street", [-73.99, 40.75], [-73.98, 40.75]),
    road("42nd Street", [-73.98, 40.75], [-73.97, 40.75]),
    road("42nd Street", [-73.90, 40.60], [-73.89, 40.60]),  # of another part of the city
    road("8th Avenue", [-73.985, 40.74], [-73.985, 40.76]),
    road("Broadway", [-73.975, 40.74], [-73.975, 40.7499]),  # stops some ten metres short
    road("Saint Marks Place", [-73.95, 40.72], [-73.94, 40.72]),
    road("Chang'an Avenue", [-73.93, 40.72], [-73.92, 40.72], **{"name:zh": "长安街"}),
    road("", [-73.9, 40.7], [-73.9, 40.8]),
]


@pytest.fixture
def town(tmp_path, settings):
    settings.PLACES_FILE = tmp_path / "places.msgpack"
    sources = []
    for layer, features in (("road", ROADS), ("park", [park("Bryant Park", -73.96, 40.70)])):
        path = tmp_path / f"{layer}.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        sources.append(Source(layer, path))
    assert gather(sources, settings.PLACES_FILE) == 7
    return settings.PLACES_FILE


def first(text):
    found = next(queries.search(text)).found[0]
    return found.names["en"], found.other.get("en", ""), found.house


@pytest.mark.parametrize(
    "text", ["42nd Street", "EAST 42 STREET", "w. 42 st", "42nd", "42街", "第42街", "四十二街", "42nd stret"]
)
def test_one_street_however_it_is_written(town, text):
    assert first(text) == ("42nd Street", "", "")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("366 West 42 Street", ("42nd Street", "", "366")),
        ("37-12 brodway", ("Broadway", "", "37-12")),
        ("长安街10号", ("Chang'an Avenue", "", "10")),
        ("长安", ("Chang'an Avenue", "", "")),
        ("eighth ave", ("8th Avenue", "", "")),
        ("st marks pl", ("Saint Marks Place", "", "")),
        ("bryant p", ("Bryant Park", "", "")),
        ("8 av & w 42 st", ("8th Avenue", "42nd Street", "")),
        ("42nd Street and Broadway", ("42nd Street", "Broadway", "")),
        ("42街与8大道路口", ("42nd Street", "8th Avenue", "")),
    ],
)
def test_short_forms_slips_numbers_and_crossings(town, text, found):
    assert first(text) == found


def test_a_crossing_lies_where_both_are(town):
    found = next(queries.search("8 av and 42 st")).found
    assert [(round(one.lon, 4), round(one.lat, 4)) for one in found] == [(-73.985, 40.75)]


def test_streets_of_one_name_far_apart_are_two_and_the_longer_comes_first(town):
    found = [one for one in next(queries.search("42 street")).found if one.names["en"] == "42nd Street"]
    assert [round(one.lat, 2) for one in found] == [40.75, 40.60]


def test_the_last_words_may_be_a_part_of_the_city(town):
    areas = [answer.area for answer in queries.search("42 street manhattan")]
    assert areas[0] == "manhattan"
    assert next(queries.search("42 street, Staten Island")).area == "Staten Island"


@pytest.mark.parametrize("text", ["", " ", "x", "qqqq zzzz", "\0", "&", "and and and", "9" * 5000, "与", "💥 💥"])
def test_nonsense_finds_nothing_and_breaks_nothing(town, text):
    assert list(queries.search(text)) == []


def test_a_point_is_named_by_its_street_crossing_or_park(town):
    near = queries.nearest(-73.9795, 40.7502)
    assert (near.kind, near.names["en"]) == ("street", "42nd Street")
    corner = queries.nearest(-73.98505, 40.75005)
    assert corner.kind == "crossing" and {corner.names["en"], corner.other["en"]} == {"42nd Street", "8th Avenue"}
    assert queries.nearest(-73.958, 40.702).names["en"] == "Bryant Park"
    assert queries.nearest(-73.5, 40.2) is None


def test_without_a_file_nothing_is_found_and_a_broken_one_says_so(tmp_path, settings):
    settings.PLACES_FILE = tmp_path / "none.msgpack"
    assert list(queries.search("42 street")) == [] and queries.nearest(0, 0) is None and not queries.there()
    settings.PLACES_FILE.write_bytes(b"nothing of the kind")
    with pytest.raises(Refusal, match="places"):
        list(queries.search("42 street"))


def test_a_new_file_is_read_at_once(town, tmp_path):
    path = tmp_path / "more.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [road("New Road", [1, 1], [1.01, 1])]}))
    assert first("8 av")
    gather([Source("road", path)], town)
    assert first("new road") == ("New Road", "", "") and not list(queries.search("8 avenue"))


def test_words_in_one_form():
    assert rules.tokens("W. 042nd St") == ["west", "42", "street"]
    assert rules.tokens("St. Nicholas Ave") == ["saint", "nicholas", "avenue"]
    assert rules.tokens("西四十二街") == ["west", "42", "street"]
    assert rules.tokens("人民中路") == ["人民", "民中", "中路"]
