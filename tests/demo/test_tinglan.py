"""Tinglan, the town that does not exist: its ground, its day, and a report that goes the whole way in it."""

import csv
import tomllib
from pathlib import Path
from typing import Any

import pytest
import shapely

from cityloop.demo import city, scenes, streets
from cityloop.demo.feed import Feed
from cityloop.demo.tinglan import ground
from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases import actions as cases
from cityloop.loops.cases.models import Case
from cityloop.town.basemap.actions import build
from cityloop.town.catalog import queries as catalog
from cityloop.town.orgs import authority
from cityloop.town.orgs.models import Organisation
from cityloop.town.persons.models import Account
from cityloop.town.places.actions import gather
from cityloop.town.units import queries as units
from cityloop.town.units.models import City, Unit
from cityloop.town.units.planning import Planner
from cityloop.town.units.rules.coverage import Shaped, check_units
from cityloop.town.units.rules.unitsmap import read_map

MINUTE = 60_000_000


def test_the_ground_has_neither_gaps_nor_overlaps_and_its_codes_nest(tmp_path: Path) -> None:
    ground.write(tmp_path)
    plan = Planner(read_map(tomllib.loads(scenes.town.units.read_text())), tmp_path).plan()
    counts = [len(level) for level in plan.levels]
    assert counts[:4] == [1, 3, 12, 60] and counts[4] > 500
    assert check_units([Shaped(leaf.code, leaf.shape) for leaf in plan.levels[-1] if leaf.shape]) == []
    assert {len(leaf.code) for leaf in plan.levels[-1]} == {15}
    for level in plan.levels[:-1]:
        for unit in level:
            assert unit.shape is not None and unit.children
            assert all(child.code.startswith(unit.code) for child in unit.children)
    for community in plan.levels[3]:
        north = [leaf.shape.centroid.y for leaf in community.children if leaf.shape]
        assert max(north) - north[0] < ground.NORTH and north[-1] - min(north) < ground.NORTH, "numbered from the north"


def test_it_is_the_same_town_each_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        ground.ground.cache_clear()
        scenes.town.make(tmp_path / name)
        ground.draw(scenes.tinglan_data(tmp_path / name))
    files = [path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*")]
    assert len(files) == 9
    for path in files:
        assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes()


def test_the_town_is_drawn_and_its_streets_are_found(tmp_path: Path, settings: Any) -> None:
    settings.PLACES_FILE, settings.MAP_FILE = tmp_path / "places", tmp_path / "map"
    sources = streets.generated(tmp_path)
    assert gather(sources, settings.PLACES_FILE) > 40 and build(sources, settings.MAP_FILE) > 10
    assert sorted(path.name for path in tmp_path.glob("*.geojson")) == [
        "land.geojson", "park.geojson", "road.geojson", "water.geojson",
    ], "and no file of the units, which are read at the same time"  # fmt: skip


def test_the_river_has_land_on_both_sides() -> None:
    made = ground.ground()
    assert len(shapely.get_parts(made.land.difference(made.river))) == 2


@pytest.mark.django_db
def test_the_town_opens_and_a_report_goes_the_whole_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cityloop.demo.feed.home", lambda: tmp_path)
    city.prepare(tmp_path, speed=60, reset=False, scene=scenes.town)
    here = City.objects.get()
    assert (here.key, here.languages[0], here.names["zh-hans"]) == ("tinglan", "zh-hans", "汀澜市（虚构）")
    assert city.scene_of(tmp_path) is scenes.town and here.fictional
    nobody_is_missing(scenes.town.opening)
    fed(tmp_path)
    closed()


def nobody_is_missing(at: int) -> None:
    leaves = units.valid().filter(is_leaf=True).order_by("code").values_list("code", flat=True)
    assert catalog.missing(list(leaves), at) == []


def fed(folder: Path) -> None:
    """The morning is there, nothing of it was rejected, and the day goes on."""
    with (scenes.tinglan_data(folder) / "requests.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    morning = [row for row in rows if row["上报时间"] <= "2025-10-21T10:00:00"]
    assert Case.objects.count() == len(morning) > 200
    assert not Case.objects.filter(matter="").exists() and not Unit.objects.filter(kind=Unit.UNPLACED, level=2).exists()
    Feed(scenes.town.opening, scenes.town).tick(scenes.town.opening + 30 * MINUTE)
    assert Case.objects.count() > len(morning)


def closed() -> None:
    """Report a heap of rubbish in Chinese, and bring it to its end by the posts of the town."""
    at = scenes.town.opening + 40 * MINUTE
    report = cases.Report(channel="web", words="路边有一堆暴露垃圾", matter="E0110", lon=124.06, lat=30.035)
    made = cases.collect(report=report, by=Actor("reporter", "reporter"), at=at)
    lead = ""
    steps = ("file", "dispatch", "accept", "report_back", "submit", "pass", "close")
    for action, who in zip(steps, ("shift", "dispatcher", "", "", "dispatcher", "inspector", "shift2"), strict=True):
        at += MINUTE
        row = Case.objects.get(pk=made.case)
        lead = Organisation.objects.get(pk=row.lead_org).key if row.lead_org else lead
        account = Account.objects.get(username=who or lead)
        words = {"words": "已清运"} if action in ("report_back", "pass") else {}
        cases.take(
            case=made.case, act=Act(action, words), by=authority.actors(account, at)[0], at=at,
            scope=authority.scope(account, at),
        )  # fmt: skip
    assert Case.objects.get(pk=made.case).state == "closed"
