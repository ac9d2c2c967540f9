"""Split, merge, renumber: codes change, sums hold, the past stays."""

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.ledger.models import Step
from cityloop.town.units import queries
from cityloop.town.units.actions.load import load_units
from cityloop.town.units.actions.reform import Part, merge, renumber, split
from cityloop.town.units.models import CodeHistory, Lineage, Unit
from tests.town.units.conftest import AT, BY

pytestmark = pytest.mark.django_db
LATER = AT + 86_400_000_000


def town_map(**changes: Any) -> dict[str, Any]:
    """The map of a town of 2 wards of 2 streets of 4 blocks each, 16 squares of 0.01 degree."""
    return {
        "city": {"key": "town", "names": {"en": "Town"}, "code": "7", "zone": "UTC", "case_prefix": "T"},
        "codes": {"levels": [["city", 1], ["ward", 1], ["street", 1], ["block", 2]]},
        "levels": [
            {"name": "ward", "up": {"property": "ward"}, "title": "Ward {key}"},
            {"name": "street", "up": {"property": "street"}, "title": "Street {key}"},
            {"name": "block", "source": {"file": "blocks.geojson", "key": "id"}, "title": "Block {key}"},
        ],
        **changes,
    }


def blocks() -> list[dict[str, Any]]:
    """16 blocks: columns are streets, two streets a ward."""
    return [
        {
            "type": "Feature",
            "properties": {"id": f"{x}{y}", "street": f"s{x}", "ward": f"w{x // 2}"},
            "geometry": json.loads(shapely.to_geojson(shapely.box(x / 100, y / 100, (x + 1) / 100, (y + 1) / 100))),
        }
        for x in range(4)
        for y in range(4)
    ]


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """The town, loaded."""
    (tmp_path / "blocks.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": blocks()}))
    load_units(town_map(), tmp_path, by=BY, at=AT)
    return tmp_path


def codes(code: str = "7") -> list[str]:
    """Give the codes below a unit."""
    return [unit.code for unit in queries.tree(code)]


def sums_hold() -> None:
    """Every inner unit's shape is that of its children, and every leaf is located."""
    for unit in Unit.objects.filter(valid_to__isnull=True, kind=Unit.NORMAL, is_leaf=False):
        below = [child.code for child in queries.children(unit.code) if child.kind == Unit.NORMAL]
        assert queries.scheme().rest_code(unit.code) in [child.code for child in queries.children(unit.code)]
        assert shapely.equals(queries.geometry_of(below), queries.geometry_of([unit.code]))
    for unit in Unit.objects.filter(valid_to__isnull=True, is_leaf=True):
        assert queries.locate(unit.lon, unit.lat) == unit.code
    open_codes = CodeHistory.objects.filter(valid_to__isnull=True).values_list("unit_id", "code")
    assert dict(open_codes) == dict(queries.valid().values_list("pk", "code"))


def test_stored_units_are_checked(town: Path) -> None:
    assert queries.findings() == []
    shape = Unit.objects.get(code="71101").shape
    shape.wkb = shapely.to_wkb(shapely.box(0, 0.03, 0.012, 0.04))
    shape.save()
    assert {(found.code, found.where) for found in queries.findings()} == {("units.nesting", ("71101", "711"))}


def test_nearness_is_a_few_ranges_on_one_column() -> None:
    asked = queries.near("cell", 0.005, 0.005, 200)
    assert 1 <= len(asked.children) <= 16
    assert "('cell__gte', " in str(asked)
    assert asked.connector == "OR" or len(asked.children) == 2


def test_the_town_is_numbered_west_to_east_and_north_to_south(town: Path) -> None:
    assert codes()[:6] == ["7", "70", "71", "710", "711", "71100"]
    assert queries.unit_of("71101").source_key == "03"
    assert queries.unit_of("72204").source_key == "30"
    assert queries.unit_named("street", "street S3") == queries.unit_of("722")
    sums_hold()


def test_a_leaf_is_split(town: Path) -> None:
    old = queries.unit_of("71101")
    west = Part({"en": "West half"}, shapely.box(-1, 0, 0.005, 1))
    east = Part({"en": "East half"}, shapely.box(0.005, 0, 1, 1))
    event = split(code="71101", parts=[west, east], by=BY, at=LATER)
    assert event.mapping == {"71101": "71100"}
    assert event.relocate == {"71101"}
    assert event.became == {"71101": ("71105", "71106")}
    assert queries.locate(0.002, 0.035) == "71105"
    assert queries.locate(0.007, 0.035) == "71106"
    assert queries.locate(0.005, 0.035) == "71105", "a shared border belongs to the lowest code"
    assert queries.unit_at("71101", AT + 5) == old
    assert queries.unit_at("71101", LATER) is None
    assert set(Lineage.objects.filter(from_unit=old).values_list("to_unit__code", flat=True)) == {"71105", "71106"}
    assert Step.objects.get(subject="units:city", kind="split").at == LATER
    assert queries.unit_named("block", "west half") == queries.unit_of("71105")
    sums_hold()


def test_an_inner_unit_is_split_with_all_below_it(town: Path) -> None:
    event = split(
        code="711",
        parts=[Part({"en": "North"}, children=("71101", "71102")), Part({"en": "South"}, children=("71103", "71104"))],
        by=BY,
        at=LATER,
    )
    assert event.mapping == {"71100": "710", "71101": "71301", "71102": "71302", "71103": "71403", "71104": "71404"}
    assert event.became == {"711": ("713", "714")}
    assert "711" not in codes()
    assert queries.locate(0.005, 0.035) == "71301"
    sums_hold()


def test_leaves_are_merged(town: Path) -> None:
    event = merge(codes=["71101", "71102"], names={"en": "Both"}, by=BY, at=LATER)
    assert event.mapping == {"71101": "71105", "71102": "71105"}
    assert queries.locate(0.005, 0.035) == queries.locate(0.005, 0.025) == "71105"
    assert Lineage.objects.filter(to_unit__code="71105", kind="merge").count() == 2
    sums_hold()


def test_inner_units_are_merged_and_their_children_keep_apart(town: Path) -> None:
    event = merge(codes=["711", "712"], names={"en": "Both streets"}, by=BY, at=LATER)
    assert event.mapping["71100"] == event.mapping["71200"] == "71300"
    assert event.mapping["71101"] == "71301"
    assert event.mapping["71201"] == "71305"
    assert len([code for code in codes("713") if len(code) == 5]) == 9
    sums_hold()


def test_codes_are_swapped_with_all_below(town: Path) -> None:
    first, second = queries.unit_of("711"), queries.unit_of("712")
    event = renumber(codes={"711": "712", "712": "711"}, by=BY, at=LATER)
    assert event.mapping["71103"] == "71203"
    assert event.mapping["71200"] == "71100"
    assert len(event.mapping) == 12
    assert queries.unit_of("712") == first
    assert queries.unit_of("711") == second
    assert queries.unit_at("711", AT) == first
    assert queries.unit_at("711", LATER) == second
    sums_hold()


def test_a_unit_moves_to_another_parent(town: Path) -> None:
    before = queries.unit_of("71").area_m2
    renumber(codes={"712": "723"}, by=BY, at=LATER)
    assert queries.unit_of("72301").parent == queries.unit_of("723")
    assert queries.unit_of("723").parent == queries.unit_of("72")
    assert queries.unit_of("71").area_m2 == pytest.approx(before / 2, rel=1e-3)
    sums_hold()


def test_codes_once_used_are_not_given_again(town: Path) -> None:
    merge(codes=["71103", "71104"], names={"en": "A"}, by=BY, at=LATER)
    merge(codes=["71101", "71105"], names={"en": "B"}, by=BY, at=LATER + 1)
    assert "71106" in codes()
    sums_hold()


def test_the_locator_of_another_process_is_thrown_away(town: Path) -> None:
    kept = queries.locator()
    assert queries.locator() is kept
    merge(codes=["71101", "71102"], names={"en": "Both"}, by=BY, at=LATER)
    assert queries.locator() is not kept


@pytest.mark.parametrize(
    ("reform", "field"),
    [
        (lambda: split(code="79999", parts=[], by=BY, at=LATER), "code"),
        (lambda: split(code="71100", parts=[Part({}), Part({})], by=BY, at=LATER), "code"),
        (lambda: split(code="7", parts=[Part({}), Part({})], by=BY, at=LATER), "code"),
        (lambda: split(code="71101", parts=[Part({}, shapely.box(0, 0, 1, 1))], by=BY, at=LATER), "parts"),
        (lambda: split(code="71101", parts=[Part({}), Part({})], by=BY, at=LATER), "parts"),
        (lambda: split(code="71101", parts=[Part({}, shapely.box(0, 0, 0.004, 1))] * 2, by=BY, at=LATER), "parts"),
        (lambda: split(code="711", parts=[Part({}, children=("71101",))] * 2, by=BY, at=LATER), "parts"),
        (lambda: merge(codes=["71101"], names={}, by=BY, at=LATER), "codes"),
        (lambda: merge(codes=["71101", "71201"], names={}, by=BY, at=LATER), "codes"),
        (lambda: renumber(codes={}, by=BY, at=LATER), "codes"),
        (lambda: renumber(codes={"711": "722"}, by=BY, at=LATER), "codes"),
        (lambda: renumber(codes={"711": "710"}, by=BY, at=LATER), "codes"),
        (lambda: renumber(codes={"711": "7"}, by=BY, at=LATER), "codes"),
        (lambda: renumber(codes={"711": "713", "71101": "71109"}, by=BY, at=LATER), "codes"),
        (lambda: renumber(codes={"711": "791"}, by=BY, at=LATER), "codes"),
    ],
)
def test_a_wrong_reform_is_refused_and_leaves_all_as_it_was(town: Path, reform: Any, field: str) -> None:
    before = codes(), CodeHistory.objects.count(), Lineage.objects.count(), Step.objects.count()
    with pytest.raises(Refusal) as refused:
        reform()
    assert refused.value.field == field
    assert (codes(), CodeHistory.objects.count(), Lineage.objects.count(), Step.objects.count()) == before
    sums_hold()


def test_a_leaf_of_which_little_lies_in_its_unit_is_named(tmp_path: Path) -> None:
    write(tmp_path, {"type": "FeatureCollection", "features": blocks()})
    ward = {"properties": {"ward": "west"}, "geometry": json.loads(shapely.to_geojson(shapely.box(0, 0, 0.0312, 0.04)))}
    (tmp_path / "wards.geojson").write_text(json.dumps({"features": [ward]}))
    source = {"file": "wards.geojson", "key": "ward"}
    levels = [{"name": "ward", "up": {"overlap": True}, "source": source}, *town_map()["levels"][1:]]
    report = load_units(town_map(levels=levels), tmp_path, by=BY, at=AT)
    named = [(one.where, one.message) for one in report.findings if one.code == "units.leaf.partly"]
    assert sorted(named) == [((f"3{y}", "west"), "Only 12% of the first lies in it.") for y in range(4)]


# --- loading what is wrong


def wrong(path: Path, map_: dict[str, Any]) -> Refusal:
    """Load, be refused, and find nothing loaded."""
    with pytest.raises(Refusal) as refused:
        load_units(map_, path, by=BY, at=AT)
    assert not Unit.objects.exists()
    return refused.value


def write(path: Path, content: Any) -> None:
    """Write the source of blocks."""
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    (path / "blocks.geojson").write_bytes(text)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"\xff\xfe nonsense", "UTF-8"),
        (b"{", "JSON"),
        (b"\x1f\x8b broken", "cannot be read"),
        (b"[" * 100_000, "JSON"),
        ({"type": "FeatureCollection", "features": []}, "feature"),
        ({"type": "FeatureCollection", "features": [{"properties": {"id": 1}, "geometry": None}]}, "geometry"),
        ({"features": [{"properties": {}, "geometry": json.loads(shapely.to_geojson(shapely.box(0, 0, 1, 1)))}]}, "id"),
        ({"features": [{"properties": {"id": 1}, "geometry": {"type": "Point", "coordinates": [0, 0]}}]}, "polygon"),
        (
            {
                "features": [
                    {"properties": {"id": 1}, "geometry": json.loads(shapely.to_geojson(shapely.box(0, 0, 9e5, 9)))}
                ]
            },
            "degrees",
        ),
        ({"crs": {"properties": {"name": "EPSG:2263"}}, "features": blocks()}, "2263"),
    ],
)
def test_a_wrong_file_is_refused_by_its_name(tmp_path: Path, content: Any, part: str) -> None:
    write(tmp_path, content)
    refusal = wrong(tmp_path, town_map())
    assert refusal.field == {"id": "key", "2263": "datum"}.get(part, "file")
    assert part in str(refusal)
    assert "blocks.geojson" in str(refusal)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "blocks.geojson" in str(wrong(tmp_path, town_map()))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"codes": {"levels": [["city", 1], ["ward", 1]]}}, "map"),
        ({"city": {"key": "Town!", "names": {}, "code": "7", "zone": "UTC", "case_prefix": "T"}}, "city.key"),
        ({"city": {"key": "t", "names": {}, "code": "77", "zone": "UTC", "case_prefix": "T"}}, "city.code"),
        ({"city": {"key": "t", "names": {}, "code": "7", "zone": "Moon", "case_prefix": "T"}}, "city.zone"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_map_is_refused_by_its_field(tmp_path: Path, changes: dict[str, Any], field: str) -> None:
    write(tmp_path, {"features": blocks()})
    assert wrong(tmp_path, town_map(**changes)).field == field


def test_too_many_for_the_width_and_codes_twice_are_refused(tmp_path: Path) -> None:
    write(tmp_path, {"features": blocks()})
    narrow = town_map()
    narrow["levels"][2]["segment"] = "street"
    assert wrong(tmp_path, narrow).code == "codes.segment"
    twice = town_map()
    for feature in (features := blocks()):
        feature["properties"]["same"] = "5"
    write(tmp_path, {"features": features})
    twice["levels"][2]["segment"] = "same"
    assert wrong(tmp_path, twice).code == "units.map.code_twice"
    few = town_map(codes={"levels": [["city", 1], ["ward", 1], ["street", 1], ["block", 1]], "alphabet": "012"})
    few["city"] = {**few["city"], "code": "1"}
    assert wrong(tmp_path, few).code == "units.map.too_many"


def test_a_city_is_loaded_once(town: Path) -> None:
    with pytest.raises(Refusal) as refused:
        load_units(town_map(), town, by=BY, at=AT)
    assert refused.value.code == "units.loaded"
