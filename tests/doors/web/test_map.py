"""The map: what each post sees in its tiles and counts, now and earlier today; hostile addresses; the base map."""

import gzip
import json
from copy import copy

import mapbox_vector_tile
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cityloop.doors.web import maps
from cityloop.ground.codes import cell
from cityloop.ground.codes.tiles import tile_at
from cityloop.loops.cases import onmap
from cityloop.loops.cases.actions import prepare, save
from cityloop.loops.cases.models import Case
from cityloop.town.basemap.actions import Source, build
from cityloop.town.calendar.actions import set_clock
from cityloop.town.calendar.clock import city_clock, system_now
from cityloop.town.calendar.models import CityClock
from cityloop.town.catalog import queries as catalog
from cityloop.town.units import queries as units
from cityloop.town.units import store
from cityloop.town.units.models import Unit
from tests.doors.web.conftest import number, publish
from tests.loops.cases.smallville import MINUTE
from tests.steady import steady
from tests.town.staff import BY, make_account

LON, LAT = 10.05, 50.05
HOUR = 60 * MINUTE
FAR = "9" * 400 + "/0/0"
HOSTILE = ["99/0/0", "-1/0/0", "14/-1/0", "14/16384/0", "14/0/16384", "1e3/0/0", FAR, "14/0/%00", "²/0/0",
           "10/0/0", "a/b/c", "14/٣/0"]  # fmt: skip


def address(zoom=14, lon=LON, lat=LAT):
    return "/tiles/cases/{}/{}/{}.pbf".format(*tile_at(lon, lat, zoom))


def drawn(browser, path=""):
    answer = browser.get(path or address())
    assert answer.status_code == 200 and answer["Cache-Control"] == "no-store"
    return mapbox_vector_tile.decode(answer.content) if answer.content else {}


def numbers_in(tile):
    return {f["properties"]["number"] for f in tile.get("cases", {"features": []})["features"]}


@pytest.fixture
def spread(town):
    """Cases at one place: one in the hands of two departments, one confidential, one closed; and one far east."""
    return {
        "parted": town.to("dispatched", lon=LON, lat=LAT),
        "filed": town.to("filed", lon=LON, lat=LAT),
        "secret": town.to("filed", lon=LON, lat=LAT, matter="secret"),
        "closed": town.to("closed", lon=LON, lat=LAT),
        "east": town.to("filed", lon=10.15, lat=50.02),
    }


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("dispatcher", {"parted", "filed", "secret"}),
        ("inspector_east", {"parted", "filed", "secret"}),  # the western district's, as far as the tile goes
        ("parks", {"parted"}),
        ("police", set()),
    ],
)
def test_a_tile_holds_what_a_post_sees_and_no_more(at_desk, spread, who, seen):
    names = {number(case): name for name, case in spread.items()}
    assert {names[n] for n in numbers_in(drawn(at_desk(who)))} == seen
    for zoom in (11, 12, 16):
        found = {names[n] for n in numbers_in(drawn(at_desk(who), address(zoom)))}
        assert found - {"east"} == seen and "closed" not in found


def test_another_district_sees_nothing_here(at_desk, town, spread):
    assert numbers_in(drawn(at_desk("inspector_east"), address(14, 10.15, 50.02))) == set()


@pytest.mark.parametrize("tile", ["14/8649/5538", "11/0/0"])
def test_tiles_are_not_for_strangers(client, town, tile):
    assert client.get(f"/tiles/cases/{tile}.pbf").status_code == 302
    client.force_login(make_account())
    assert client.get(f"/tiles/cases/{tile}.pbf").status_code == 403


@pytest.mark.parametrize("kind", ["cases", "base"])
@pytest.mark.parametrize("tile", HOSTILE)
def test_hostile_tiles_are_not_there(at_desk, town, kind, tile):
    assert at_desk("dispatcher").get(f"/tiles/{kind}/{tile}.pbf").status_code == 404


def test_a_crowded_tile_gives_counts(at_desk, town, spread):
    """Beyond as many as can be told apart, the same authority decides what is counted."""
    kept = Case.objects.get(pk=spread["filed"])
    many = []
    for n in range(onmap.MOST):
        kept.pk, kept.lon = None, LON + n / 1e5
        kept.cell = cell(kept.lon, LAT)
        many.append(copy(kept))
    Case.objects.bulk_create(many)
    for who, count in (("dispatcher", onmap.MOST + 3), ("inspector_east", onmap.MOST + 3)):
        tile = drawn(at_desk(who), address(12))
        assert sum(f["properties"]["open"] for f in tile["heaps"]["features"]) >= count, who
        assert "cases" not in tile and len(tile["heaps"]["features"]) < onmap.MOST
    assert numbers_in(drawn(at_desk("parks"), address(12))) == {number(spread["parted"])}


def test_marks_stand_where_the_cases_are(at_desk, spread):
    for zoom in (11, 14, 17):
        where = drawn(at_desk("parks"), address(zoom))["cases"]["features"][0]["geometry"]["coordinates"]
        z, x, y = tile_at(LON, LAT, zoom)
        # The decoder counts from below, a tile from above.
        lon = (x + where[0] / 4096) / (1 << z) * 360 - 180
        assert abs(lon - LON) < 360 / (1 << z) / 1000
    z, x, y = tile_at(LON, LAT, 14)
    around = [f"/tiles/cases/{z}/{x + dx}/{y + dy}.pbf" for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    shown = [drawn(at_desk("parks"), path) for path in around]
    assert sum(len(numbers_in(tile)) for tile in shown) == 1, "drawn in one tile only"


def test_the_public_counts_no_confidential_case(client, spread):
    for path in ("/map/units", "/map/units?numbers", "/map/units?by=over", "/map/units?numbers&depth=2"):
        told = client.get(path).json()
        counts = told["units"].values() if "units" in told else [f["properties"] for f in told["features"]]
        assert sum(c["open"] for c in counts) == 3, path
    assert client.get("/map/units?numbers").json()["total"] == {"open": 3, "over": 0}


def test_the_public_counts_nothing_whose_place_is_nobodys_business(client, at_desk, town):
    """A count that goes from none to one at the moment a case is told of elsewhere would tell where it is."""
    told, hidden, unnamed = (town.to("filed", lon=LON, lat=LAT) for _ in range(3))
    closed = town.to("closed", lon=LON, lat=LAT)
    Case.objects.filter(pk=hidden).update(matter="hole")
    Case.objects.filter(pk=unnamed).update(matter="")
    publish(town, hole="none")
    early = town.at - 1
    ways = ("/map/units?numbers", "/map/units?numbers&depth=2")
    assert {client.get(path).json()["total"]["open"] for path in ways} == {1}
    assert at_desk("dispatcher").get("/desk/map/units?numbers").json()["total"]["open"] == 3
    Case.objects.filter(pk=closed).update(matter="hole")
    assert sum(c.open for c in onmap.by_unit_at("", 6, None, early).values()) == 1, told


def test_a_map_leaves_no_unit_out(client, spread, monkeypatch):
    """Of too many units a higher level is drawn; what lies directly below is drawn whole, however many that are."""
    seen = {}
    for most in (4, 3, 1):
        monkeypatch.setattr(maps, "MOST_OUTLINES", most)
        for kept in (maps.level_below, maps.outlines, maps._for_all):
            kept.cache_clear()
        drawn_, told = (client.get(f"/map/units?depth=2{more}").json() for more in ("", "&numbers"))
        seen[most] = len(drawn_["features"])
        assert sum(f["properties"]["open"] for f in drawn_["features"]) == told["total"]["open"] == 3
        assert set(told["units"]) <= {f["properties"]["code"] for f in drawn_["features"]}
    assert seen == {4: 4, 3: 2, 1: 2}


def test_numbers_by_measure(at_desk, spread):
    desk = at_desk("dispatcher")
    plain = {f["properties"]["code"]: f["properties"] for f in desk.get("/desk/map/units").json()["features"]}
    dense = {
        f["properties"]["code"]: f["properties"] for f in desk.get("/desk/map/units?by=density").json()["features"]
    }
    numbers = desk.get("/desk/map/units?numbers").json()
    assert sum(u["value"] for u in plain.values()) == 4 == numbers["total"]["open"]
    assert all(0 <= u["value"] < 1 for u in dense.values()) and any(u["value"] for u in dense.values())
    Case.objects.filter(pk=spread["filed"]).update(due=1)
    late = desk.get("/desk/map/units?by=over&numbers").json()
    assert late["total"]["over"] == 1 and sum(u["value"] for u in late["units"].values()) == 1
    assert desk.get("/desk/map?by=over").status_code == 200 and desk.get("/desk/map?by=nonsense").status_code == 200


def test_by_head_where_the_city_said_how_many_live_where(at_desk, client, spread):
    desk = at_desk("dispatcher")
    assert "by=head" not in desk.get("/desk/map").content.decode()
    assert desk.get("/desk/map/units?by=head&numbers").json() == desk.get("/desk/map/units?by=open&numbers").json()
    Unit.objects.filter(kind="normal", code__startswith="100101").update(population=2000)
    Unit.objects.filter(code="100102").update(population=40)
    Unit.objects.filter(code="1001").update(population=2040)
    store.touch(units.city())
    page = desk.get("/desk/map?by=head").content.decode()
    assert 'data-word-legend="Open cases per 1,000 inhabitants"' in page
    values = {code: one["value"] for code, one in desk.get("/desk/map/units?by=head&numbers").json()["units"].items()}
    assert values == {"100101": 1.5, "100102": 0}  # of forty people no rate is made
    shown = {f["properties"]["code"]: f["properties"] for f in client.get("/map/units?by=head").json()["features"]}
    assert shown["100101"]["value"] == 1.0 and "size" not in shown["100101"]  # without what is confidential


def test_the_public_map_asks_again_and_hears_only_what_all_may_know(client, town, spread):
    page = client.get("/map").content.decode()
    assert 'data-every="20"' in page and 'data-unit="100101"' in page and "data-value" in page
    first = client.get("/map/units?numbers")
    again = client.get("/map/units?numbers", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"") and again["Cityloop-Time"]
    town.to("filed", matter="secret")
    assert client.get("/map/units?numbers", headers={"If-None-Match": first["ETag"]}).status_code == 304
    town.to("filed")
    changed = client.get("/map/units?numbers", headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert changed.json()["total"]["open"] == first.json()["total"]["open"] + 1


def test_many_who_ask_cost_one_count(client, spread):
    client.get("/map/units?numbers")
    with CaptureQueriesContext(connection) as asked:
        client.get("/map/units?numbers")
    assert not [q for q in asked if "cases_case" in q["sql"]]


@pytest.fixture
def noon(town):
    """Noon of a day in the city's zone, as its clock has it."""
    at = 1_792_584_000_000_000  # 2026-10-21 12:00 UTC
    set_clock(zone="UTC", by=BY, at=at, real=system_now(), mode=CityClock.DRIVEN, city=at, speed=1.0, until=None)
    city_clock.restart()
    yield at
    city_clock.restart()


def test_earlier_today(at_desk, town, noon):
    """Open at an instant: collected by then, and not closed by then; the same in page, outlines and numbers."""
    for state, created, closed in (("filed", 10, None), ("closed", 5, 3), ("filed", 2, None)):
        ended = noon - closed * HOUR if closed else None
        Case.objects.filter(pk=town.to(state)).update(created=noon - created * HOUR, closed=ended)
    desk = at_desk("dispatcher")
    for ago, count in ((11, 0), (9, 1), (4, 2), (2.5, 1), (1, 2)):
        minute = int((12 - ago) * 60)
        told = desk.get(f"/desk/map/units?numbers&at={minute}")
        assert told.json()["total"]["open"] == count, ago
        assert "max-age" in told["Cache-Control"] and "private" in told["Cache-Control"]
        assert f"data-total-open>{count}<" in desk.get(f"/desk/map?at={minute}").content.decode()
    assert desk.get("/desk/map/units?numbers&at=1439").json()["total"]["open"] == 2, "what is yet to come is now"
    assert at_desk("police").get("/desk/map/units?numbers&at=700").json()["total"]["open"] == 0


@pytest.mark.parametrize("at", ["-1", "x", "9" * 40, "²", "1e3", "a\0b", ""])
def test_nonsense_instants(at_desk, town, at):
    for path in ("/desk/map", "/desk/map/units"):
        assert at_desk("dispatcher").get(path, {"at": at}).status_code in (200, 404)


@pytest.mark.parametrize("who", ["dispatcher", "parks", "inspector_east"])
def test_statements(at_desk, town, spread, settings, who):
    steady(settings)
    for room in (catalog, units, prepare.organisations, save._paths):
        room.forget()
    desk = at_desk(who)
    for path, most in (("/desk/map", 9), ("/desk/map?at=1", 10), ("/desk/map/units", 7), (address(), 6)):
        desk.get(path)
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(path).status_code == 200
        assert len(queries) <= most, (path, [q["sql"] for q in queries])


# --- the base map


@pytest.fixture
def streets(tmp_path, settings):
    """A base map of one street and one lake."""
    line = {"type": "Feature", "properties": {"name": "Long Road", "class": "primary"},
            "geometry": {"type": "LineString", "coordinates": [[10.0, 50.05], [10.1, 50.05]]}}  # fmt: skip
    ring = [[10.02, 50.02], [10.04, 50.02], [10.04, 50.04], [10.02, 50.04], [10.02, 50.02]]
    lake = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    sources = []
    for layer, feature in (("road", line), ("water", lake)):
        path = tmp_path / f"{layer}.geojson.gz"
        path.write_bytes(gzip.compress(json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()))
        sources.append(Source(layer, path))
    settings.MAP_FILE = tmp_path / "basemap.pmtiles"
    build(sources, settings.MAP_FILE, "© A town")
    return settings.MAP_FILE


def test_streets_are_served_and_kept(client, streets):
    told = client.get("/tiles/base.json").json()
    assert told["attribution"] == "© A town" and {"road", "water"} <= {layer["id"] for layer in told["vector_layers"]}
    z, x, y = tile_at(10.03, 50.045, 14)
    path = told["tiles"][0].format(z=z, x=x, y=y)
    plain, small = client.get(path), client.get(path, headers={"accept-encoding": "gzip"})
    assert small["Content-Encoding"] == "gzip" and gzip.decompress(small.content) == plain.content
    assert "immutable" in plain["Cache-Control"]
    tile = mapbox_vector_tile.decode(plain.content)
    assert tile["road"]["features"][0]["properties"] == {"rank": 1, "name": "Long Road"}
    assert client.get(path, headers={"if-none-match": plain["ETag"]}).status_code == 304
    assert client.get("/tiles/base/14/0/0.pbf").status_code == 204


def test_without_a_base_map_there_is_none(client, town, settings, tmp_path):
    settings.MAP_FILE = tmp_path / "none.pmtiles"
    assert client.get("/tiles/base.json").json() == {}
    assert client.get("/tiles/base/14/8649/5538.pbf").status_code == 404


def test_a_style_of_another_server_is_named(client, settings):
    settings.MAP_STYLE = "https://maps.example.org/style.json"
    assert client.get("/tiles/base.json").json() == {"style": "https://maps.example.org/style.json"}
