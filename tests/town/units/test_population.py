"""How many live in each unit: spread by area, told by a table, summed upwards, kept by reforms."""

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.units import queries
from cityloop.town.units.actions.load import LoadReport, load_units
from cityloop.town.units.actions.reform import Part, merge, split
from cityloop.town.units.models import Unit
from tests.town.units.conftest import AT, BY
from tests.town.units.test_reform import blocks, town_map

pytestmark = pytest.mark.django_db
LAYER = {
    "key": "zip", "names": "ZIP", "source": {"file": "zip.geojson", "key": "zip"}, "postal": True,
    "population": "heads",
}  # fmt: skip


def written(folder: Path, *areas: tuple[str, Any, Any]) -> None:
    (folder / "blocks.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": blocks()}))
    features = [
        {"type": "Feature", "properties": {"zip": key, "heads": heads}, "geometry": json.loads(shapely.to_geojson(box))}
        for key, heads, box in areas
    ]
    (folder / "zip.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def heads(code: str) -> float | None:
    return queries.unit_of(code).population


def load(folder: Path, **more: Any) -> LoadReport:
    return load_units(town_map(**more), folder, by=BY, at=AT)


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """1,600 in the west half, 160 in the east half, of whose area a part lies outside the town; 16 blocks."""
    west, east = shapely.box(0, 0, 0.02, 0.04), shapely.box(0.02, 0, 0.05, 0.04)
    written(tmp_path, ("1", 1600, west), ("2", 160, east))
    load(tmp_path, layers=[LAYER])
    return tmp_path


def test_inhabitants_of_areas_are_spread_and_summed(town: Path) -> None:
    assert heads("7") == pytest.approx(1760)
    assert [heads(unit.code) for unit in queries.children("7") if unit.kind == "normal"] == pytest.approx([1600, 160])
    leaves = Unit.objects.filter(is_leaf=True).order_by("lon")
    assert [leaf.population for leaf in leaves] == pytest.approx([200.0] * 8 + [20.0] * 8)
    assert heads(queries.scheme().rest_code("7")) is None and heads(queries.unplaced_code()) is None


def test_reforms_keep_the_sum(town: Path) -> None:
    leaf = Unit.objects.filter(is_leaf=True, lon__lt=0.01).order_by("code").first()
    assert leaf is not None
    west, south, east, north = leaf.west, leaf.south, leaf.east, leaf.north
    assert west is not None and east is not None
    third = west + (east - west) / 4
    parts = [
        Part({"en": "a"}, shapely.box(west, south, third, north)),
        Part({"en": "b"}, shapely.box(third, south, east, north)),
    ]
    event = split(code=leaf.code, parts=parts, by=BY, at=AT + 1)
    small, large = event.became[leaf.code]
    assert heads(small) == pytest.approx(50, rel=1e-3) and heads(large) == pytest.approx(150, rel=1e-3)
    assert heads("7") == pytest.approx(1760)
    wards = [unit.code for unit in queries.children("7") if unit.kind == "normal"]
    made = merge(codes=wards, names={"en": "All"}, by=BY, at=AT + 2)
    assert heads(made.became[wards[0]][0]) == pytest.approx(1760) == heads("7")


def test_a_table_says_it_of_the_leaves(tmp_path: Path) -> None:
    written(tmp_path)
    rows = "\n".join(f"{x}{y},{x + 1}" for x in range(4) for y in range(4))
    (tmp_path / "heads.csv").write_text(f"id,heads\n{rows}\n")
    load(tmp_path, population={"file": "heads.csv", "on": "id", "column": "heads"})
    assert heads("7") == 40


def test_where_one_is_not_told_the_sum_is_not_known(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "heads.csv").write_text("id,heads\n00,7\n")
    load(tmp_path, population={"file": "heads.csv", "on": "id", "column": "heads"})
    assert heads("7") is None
    assert Unit.objects.get(source_key="00", is_leaf=True).population == 7


def test_without_a_word_of_it_nothing_is_known(tmp_path: Path) -> None:
    written(tmp_path)
    load(tmp_path)
    assert set(Unit.objects.values_list("population", flat=True)) == {None}


@pytest.mark.parametrize("wrong", ["many", -3, 1e12])
def test_what_is_no_number_of_people_is_refused(tmp_path: Path, wrong: Any) -> None:
    written(tmp_path, ("1", wrong, shapely.box(0, 0, 0.04, 0.04)))
    with pytest.raises(Refusal) as refused:
        load(tmp_path, layers=[LAYER])
    assert refused.value.field == "population" and not Unit.objects.exists()


def test_it_is_told_once(tmp_path: Path) -> None:
    written(tmp_path, ("1", 5, shapely.box(0, 0, 0.04, 0.04)))
    with pytest.raises(Refusal):
        load(tmp_path, layers=[LAYER], population={"file": "h.csv", "on": "id", "column": "heads"})
