"""Tinglan, the town that does not exist: its ground, its day, and a report that goes the whole way in it."""

import csv
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from django.db import transaction
from django.db.models import Q

from cityloop.demo import city, scenes, streets
from cityloop.demo.components import bring
from cityloop.demo.feed import Feed
from cityloop.demo.tinglan import ground
from cityloop.demo.tinglan.instruments import Stream, instruments, minutes_of
from cityloop.ground.kit.remembered import Remembered
from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases import actions as cases
from cityloop.loops.cases.models import Case
from cityloop.loops.sensing import instruments as sensing
from cityloop.loops.sensing.actions import judging
from cityloop.loops.sensing.models import Alarm, Arrived, Observation, Quarantined, Thing
from cityloop.town.basemap.actions import build
from cityloop.town.catalog import queries as catalog
from cityloop.town.catalog import standing
from cityloop.town.components import queries as components
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


@pytest.mark.once
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


@pytest.mark.once
def test_it_is_the_same_town_each_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        ground.ground.cache_clear()
        scenes.town.make(tmp_path / name)
        ground.draw(scenes.tinglan_data(tmp_path / name))
    files = [path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*")]
    assert len(files) == 9
    for path in files:
        assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes()


@pytest.mark.once
def test_the_town_is_drawn_and_its_streets_are_found(tmp_path: Path, settings: Any) -> None:
    settings.PLACES_FILE, settings.MAP_FILE = tmp_path / "places", tmp_path / "map"
    sources = streets.generated(tmp_path)
    assert gather(sources, settings.PLACES_FILE) > 40 and build(sources, settings.MAP_FILE) > 10
    assert sorted(path.name for path in tmp_path.glob("*.geojson")) == [
        "land.geojson", "park.geojson", "road.geojson", "water.geojson",
    ], "and no file of the units, which are read at the same time"  # fmt: skip


@pytest.mark.once
def test_the_river_has_land_on_both_sides() -> None:
    made = ground.ground()
    assert len(shapely.get_parts(made.land.difference(made.river))) == 2


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The town, made once for all tests of this file in a transaction that is taken back."""
    folder = tmp_path_factory.mktemp("tinglan")
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock(), transaction.atomic():
        Remembered.drop_all()
        patch.setattr("cityloop.demo.feed.home", lambda: folder)
        city.prepare(folder, speed=60, reset=False, scene=scenes.town)
        yield folder
        transaction.set_rollback(True)


@pytest.mark.xdist_group("tinglan")
def test_the_town_opens_and_a_report_goes_the_whole_way(made: Path, db: None) -> None:
    here = City.objects.get()
    assert (here.key, here.languages[0], here.names["zh-hans"]) == ("tinglan", "zh-hans", "汀澜市（虚构）")
    assert city.scene_of(made) is scenes.town and here.fictional
    assert not any(standing.one(key).newer for key in scenes.PLATES), "the plates are those of this copy"
    nobody_is_missing(scenes.town.opening)
    heard_before()
    fed(made)
    closed()
    heard_on()


def heard_before() -> None:
    """The instruments stand in the town with their fortnight; the night's alarms are there, each in its own hour."""
    assert Thing.objects.count() == len(instruments()) > 30 and not Thing.objects.filter(unit_code="").exists()
    assert not Quarantined.objects.exists() and not Arrived.objects.exists()
    assert 15_000 < Observation.objects.count() < 60_000
    assert not Observation.objects.filter(time__gt=scenes.town.opening).exists()
    noise = Alarm.objects.get(rule="environmental_protection/night_noise/industrial")
    assert noise.state == "cleared" and scenes.town.midnight < noise.raised < noise.ended < scenes.town.opening
    assert Case.objects.get(pk=noise.case).matter == "env.factory_noise"
    assert Alarm.objects.filter(ended=None).count() >= 2, "something awaits who opens the first page"


def heard_on() -> None:
    """Three hours on, whatever is restarted: nothing is doubled or left out, and people answer what is raised."""
    at, before = scenes.town.opening, Observation.objects.count()
    while at < scenes.town.opening + 180 * MINUTE:
        feed = Feed(at, scenes.town)
        for _tick in range(6):
            at += 5 * MINUTE
            feed.hear(at)
            judging.judge(at=at)
    per_minute = Observation.objects.filter(time__gt=scenes.town.opening)
    assert per_minute.count() == Observation.objects.count() - before
    known = sensing.of_source("demo.instruments")[0]
    for one in instruments():
        for stream in one.streams:
            told = per_minute.filter(datastream=known[f"{one.key}/{stream.measure.key}"]).order_by("time")
            wanted = [minute for minute in minutes_of(stream, 600, 780, 600) if not gone(stream, minute)]
            said = [(at - scenes.town.midnight) // MINUTE for at in told.values_list("time", flat=True)]
            assert said == wanted, one.key
    states = Counter(Alarm.objects.filter(raised__gte=scenes.town.opening).values_list("state", flat=True))
    assert states["cleared"] >= 3 and states["acknowledged"] + states["raised"] >= 1
    opened = Case.objects.filter(channel="instrument")
    assert {"handling"} < set(opened.values_list("state", flat=True))
    assert not Quarantined.objects.exists()


def gone(stream: Stream, minute: int) -> bool:
    """Whether an instrument says nothing at a minute: it is silent, or its source knows no value."""
    return bool(np.isnan(stream.curve(np.array([minute], np.int64))[0]))


@pytest.mark.xdist_group("tinglan")
def test_what_stands_along_its_streets_is_in_the_register(made: Path, db: None) -> None:
    with (made / "tinglan" / "components.csv").open("w"):
        pass  # half a file of an earlier start is written anew
    created = bring(scenes.town, made)
    with (made / "tinglan" / "components.csv").open(encoding="utf-8", newline="") as file:
        rows = Counter(row["type"] for row in csv.DictReader(file))
    assert created == sum(rows.values()) > 10_000
    assert {row["type"]: row["components"] for row in components.count(["type"])} == rows
    assert not components.count([], under_code=units.unplaced_code())[0]["components"], "each stands in a grid"
    assert {len(one.unit_code) for one in components.listed(components.Wanted(), seen=Q(), after=None, most=99)} == {15}
    assert bring(scenes.town, made) == 0


@pytest.mark.xdist_group("tinglan")
def test_what_a_visitor_took_into_their_hands_is_theirs(made: Path, db: None) -> None:
    feed, at = Feed(scenes.town.opening, scenes.town), scenes.town.opening + MINUTE
    row = Case.objects.get(matter="env.factory_noise")
    lead = Account.objects.get(username=Organisation.objects.get(pk=row.lead_org).key)
    cases.take(case=row.pk, act=Act("accept"), by=authority.actors(lead, at)[0], at=at, scope=authority.scope(lead, at))
    for _tick in range(100):
        at += 10 * MINUTE
        feed.hear(at)
    row.refresh_from_db()
    assert row.state == "handling" and Case.objects.filter(channel="instrument", state="closed").exists()


@pytest.mark.once
def test_readings_are_the_same_however_they_are_asked_for() -> None:
    for one in instruments():
        for stream in one.streams:
            minutes = np.array(minutes_of(stream, 300, 900, 600), np.int64)
            whole = stream.curve(minutes)
            alone = np.concatenate([stream.curve(minutes[n : n + 1]) for n in range(len(minutes))])
            assert np.array_equal(whole, alone, equal_nan=True), one.key
            good = whole[~np.isnan(whole)]
            least, most = stream.measure.least, stream.measure.most
            assert least is None or (good >= least).all() and (good <= (most or 0)).all(), one.key


def nobody_is_missing(at: int) -> None:
    leaves = units.valid().filter(is_leaf=True).order_by("code").values_list("code", flat=True)
    assert catalog.missing(list(leaves), at) == []


def fed(folder: Path) -> None:
    """The morning is there, nothing of it was rejected, and the day goes on."""
    with (scenes.tinglan_data(folder) / "requests.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    morning = [row for row in rows if row["上报时间"] <= "2025-10-21T10:00:00"]
    assert Case.objects.exclude(channel="instrument").count() == len(morning) > 200
    assert not Case.objects.filter(matter="").exists() and not Unit.objects.filter(kind=Unit.UNPLACED, level=2).exists()
    Feed(scenes.town.opening, scenes.town).tick(scenes.town.opening + 30 * MINUTE)
    assert Case.objects.exclude(channel="instrument").count() > len(morning)


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
