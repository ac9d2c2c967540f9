"""What is asked of the door, and in which form it is told."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from cityloop.doors.sensorthings import reading
from cityloop.ground.kit.remembered import Remembered
from cityloop.loops.sensing.rules.times import shown
from tests.doors.sensorthings.conftest import ROOT, Door, door_of
from tests.loops.cases.smallville import Town, build
from tests.loops.sensing.instruments import AT, CATEGORY, HOUR, bring, set_up, stream

OWN = {"站号": "A1", "allowed": True, "nullpoint": 3, "any": {"trueness": 0.5, "2d": "x"}, "word": " Long "}


class World(NamedTuple):
    """The town, and a device's door to it."""

    town: Town
    door: Door


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[World]:
    """Build two stations with three datastreams and readings, once for all tests of this file, to be taken back."""
    with django_db_blocker.unblock(), transaction.atomic():
        cache.clear()
        Remembered.drop_all()
        town = build(tmp_path_factory.mktemp("air"))
        door = door_of(town, "parks", "sense")
        set_up(stream("PM2.5"), stream("wind", CATEGORY))
        body = {"name": "Own", "description": "", "definition": "x", "properties": OWN}
        door.add("ObservedProperties", body)
        set_up(stream("CO", Sensor={"name": "Other", "description": "", "encodingType": "text/html", "metadata": "x"}))
        ids = stream_ids(door)
        readings = [(pk, AT + n * HOUR, float(n * (at + 1))) for at, pk in enumerate(ids) if at != 1 for n in range(10)]
        bring(*readings, (ids[1], AT, "NNW"))
        yield World(town, door)
        transaction.set_rollback(True)


@pytest.fixture
def air(made: World, db: None, settings: Any) -> Door:
    settings.CITYLOOP_CACHE_SECONDS = 3600.0
    return made.door


def stream_ids(door: Door) -> list[int]:
    return [one["@iot.id"] for one in door.get("Datastreams", orderby="id")["value"]]


def test_the_root_names_all_sets_and_what_is_kept_to(air: Door) -> None:
    told = air.get("")
    assert {"name": "Things", "url": f"{ROOT}/Things"} in told["value"] and len(told["value"]) == 8
    for one in told["value"]:
        assert air.get(one["name"])["value"]
    assert any(name.endswith("data-array/data-array") for name in told["serverSettings"]["conformance"])


def test_a_thing_is_told_as_the_standard_says(air: Door) -> None:
    thing = air.get("Things", top="1")["value"][0]
    link = f"{ROOT}/Things({thing['@iot.id']})"
    assert thing == {
        "@iot.id": thing["@iot.id"], "@iot.selfLink": link, "name": "Station", "description": "air",
        "properties": {"owner": "city"}, "Locations@iot.navigationLink": f"{link}/Locations",
        "HistoricalLocations@iot.navigationLink": f"{link}/HistoricalLocations",
        "Datastreams@iot.navigationLink": f"{link}/Datastreams",
    }  # fmt: skip
    for name in ("Locations", "HistoricalLocations", "Datastreams"):
        path = urlsplit(thing[f"{name}@iot.navigationLink"]).path.removeprefix("/sta/v1.1/")
        assert len(air.get(path)["value"]) == (2 if name == "Datastreams" else 1)


def test_every_set_leads_to_every_other(air: Door) -> None:
    """Each link of each set is followed, and each expanded: both tell the same."""
    for name in ("Things", "Locations", "HistoricalLocations", "Datastreams", "Sensors", "ObservedProperties",
                 "FeaturesOfInterest", "Observations"):  # fmt: skip
        one = air.get(name, top="1")["value"][0]
        links = {k.partition("@")[0]: v for k, v in one.items() if k.endswith("@iot.navigationLink")}
        assert links
        for link, address in links.items():
            followed = air.get(urlsplit(address).path.removeprefix("/sta/v1.1/"))
            expanded = air.get(name, top="1", expand=link)["value"][0][link]
            assert expanded == followed.get("value", followed), (name, link)
            assert expanded


NOWHERE = (
    "Things(999999999)", "Things(x)", "Things('1')", "Nothing", "Things(1)/Nothing", "Observations(1)",
    "Observations('1-2')", "Things(999999999)/Datastreams", "things", "Things(1)(2)", "Things/Datastreams", "$metadata",
    "Observations('99999999999999999999-1')", "Things(99999999999999999999)",
)  # fmt: skip


def test_nothing_is_where_nothing_is(air: Door) -> None:
    for path in NOWHERE:
        answer = air.ask("GET", path)
        assert (path, answer.status_code, (answer.told or {}).get("code")) == (path, 404, 404)


def test_properties_and_references(air: Door) -> None:
    pk = stream_ids(air)[0]
    assert air.get(f"Datastreams({pk})/name") == {"name": "PM2.5"}
    assert air.ask("GET", f"Datastreams({pk})/name/$value").content == b"PM2.5"
    assert air.get(f"Datastreams({pk})/unitOfMeasurement")["unitOfMeasurement"]["symbol"] == "ug/m3"
    assert air.get(f"Datastreams({pk})/Observations/$ref")["value"][0] == {
        "@iot.selfLink": f"{ROOT}/Observations('{pk}-{AT}')"
    }
    assert air.get(f"Datastreams({pk})/Sensor/Datastreams({pk})/Thing/name") == {"name": "Station"}
    times = (shown(AT), shown(AT + 9 * HOUR))
    assert air.get(f"Datastreams({pk})")["phenomenonTime"] == "/".join(times)


FILTERS: list[tuple[str, str, int]] = [
    ("Things", "name eq 'Station'", 2), ("Things", "name ne 'Station'", 0), ("Things", "id gt 0", 2),
    ("Things", "properties/owner eq 'city'", 2), ("Things", "properties/owner eq 'king'", 0),
    ("Things", "substringof('tat', name) and not (name eq 'x')", 2), ("Things", "startswith(name,'sta')", 0),
    ("Things", "startswith(name,'Sta') and endswith(name,'ion')", 2), ("Things", "length(name) eq 7", 2),
    ("Things", "toupper(name) eq 'STATION'", 2), ("Things", "concat(name,'!') eq 'Station!'", 2),
    ("Things", "indexof(name,'t') eq 1", 2), ("Things", "substring(name,1,3) eq 'tat'", 2),
    ("Things", "Datastreams/name eq 'CO'", 1), ("Things", "Datastreams/ObservedProperty/name eq 'PM2.5'", 1),
    ("Things", "Locations/name eq 'Square' or name eq 'y'", 2), ("Things", "trim(name) eq 'Station'", 2),
    ("Things", "geo.intersects(Locations/location, geography'POLYGON((10 50,11 50,11 51,10 51,10 50))')", 2),
    ("Locations", "st_within(location, geography'POLYGON((10 50,11 50,11 51,10 51,10 50))')", 2),
    ("Locations", "st_disjoint(location, geography'POINT(0 0)') eq true", 2),
    ("Locations", "geo.distance(location, geography'POINT(10.05 50.07)') lt 0.001", 2),
    ("Locations", "geo.distance(location, geography'POINT(10.05 51.07)') lt 0.001", 0),
    ("Locations", "st_relate(location, geography'POINT(10.05 50.07)', 'T********')", 2),
    ("Datastreams", "unitOfMeasurement/symbol eq 'ug/m3'", 3), ("Datastreams", "Thing/name eq 'Station'", 3),
    ("Datastreams", "Observations/result gt 20", 1), ("Datastreams", "@iot.id eq 0", 0),
    ("Datastreams", "phenomenonTime ge 2026-01-01T00:00:00Z", 3), ("Datastreams", "resultTime eq null", 3),
    *(("ObservedProperties", words, 1) for words in (
        "properties/站号 eq 'A1'", "properties/allowed eq true", "properties/nullpoint eq 3",
        "properties/any/2d eq 'x'", "properties/any/trueness lt 1 and name ne 'a/b'",
        "tolower(properties/站号) eq 'a1'",
        "toupper(properties/word) eq ' LONG '", "length(properties/站号) eq 2", "trim(properties/word) eq 'Long'",
        "substring(properties/站号,1) eq '1'", "concat(properties/站号,properties/any/2d) eq 'A1x'",
        "indexof(properties/word,'ong') eq 2", "concat(concat(name,'-'),properties/站号) eq 'Own-A1'",
    )),
    ("Observations", "phenomenonTime lt 2026-01-01T02:00:00Z", 5), ("Observations", "result eq 'NNW'", 1),
    ("Observations", "phenomenonTime lt 2026-01-01T02:00:00+02:00", 0), ("Observations", "result gt 0", 18),
    ("Observations", "year(phenomenonTime) eq 2026 and month(phenomenonTime) eq 1 and day(phenomenonTime) eq 1", 21),
    ("Observations", "hour(phenomenonTime) ge 8 and minute(phenomenonTime) eq 0 and second(phenomenonTime) eq 0", 4),
    ("Observations", "date(phenomenonTime) eq 2026-01-01", 21), ("Observations", "time(phenomenonTime) lt 01:00:00", 3),
    ("Observations", "phenomenonTime gt now() sub duration'P1D'", 0), ("Observations", "Datastream/name eq 'CO'", 10),
    ("Observations", "phenomenonTime add duration'PT1H' eq 2026-01-01T01:00:00Z", 3),
    ("Observations", "phenomenonTime gt mindatetime() and phenomenonTime lt maxdatetime()", 21),
    ("Observations", "result mod 2 eq 1 and Datastream/name eq 'PM2.5'", 5), ("Observations", "result div 2 ge 13", 1),
    ("Observations", "round(result) eq 3 or floor(result) eq 3 or ceiling(result) eq 3", 2),
    ("Observations", "fractionalseconds(phenomenonTime) eq 0 and totaloffsetminutes(phenomenonTime) eq 0", 21),
    ("Observations", "result mul 2 add 1 sub 1 eq 6 and result gt -5", 2), ("Observations", "4 lt result", 13),
    ("Observations", "FeatureOfInterest/name eq 'Square'", 21), ("Observations", "Datastream/Thing/id eq 0", 0),
]  # fmt: skip


def test_filters(air: Door) -> None:
    wrong = []
    for name, words, number in FILTERS:
        told = air.get(name, filter=words, count="true")
        if (told["@iot.count"], len(told["value"])) != (number, number):
            wrong.append((name, words, number, told["@iot.count"]))
    assert wrong == []


BAD = [
    ("filter", "name eq"), ("filter", "nothing eq 1"), ("filter", "name eq 5"), ("filter", "result gt 'x"),
    ("filter", "explode(name)"), ("filter", "length(name)"), ("filter", "name"), ("filter", "((((" * 300),
    ("filter", "not " * 1500 + "name eq 'x'"), ("filter", "properties/a__regex eq 'x'"), ("filter", "id eq 'x' 5"),
    ("filter", "geo.distance(location, 5) lt 1"), ("filter", "name eq 'a' and"), ("filter", "st_within(name, name)"),
    ("filter", "id gt 99999999999999999999"), ("filter", "properties/regex eq 'x'"), ("filter", "x" * 9000),
    ("filter", "concat(" * 60 + "name" + ",name)" * 60 + " eq 'x'"),
    ("filter", "length(name)" + " add 1" * 90 + " eq 1"), ("orderby", "concat(" * 60 + "name" + ",name)" * 60),
    ("orderby", "name,length(name)" + " add 1" * 90),
    ("orderby", "nothing"), ("orderby", "name sideways"), ("top", "-1"), ("top", "x"), ("skip", "1.5"),
    ("count", "yes"),
    ("select", "nothing"), ("expand", "Nothing"), ("expand", "Datastreams("), ("expand", "Datastreams($top=x)"),
    ("skiptoken", "!!"), ("skiptoken", "WzEsMiwzXQ=="), ("skiptoken", "bnVsbA=="), ("resultFormat", "dataArray"),
    ("expand", "Datastreams($expand=Thing($expand=Datastreams($expand=Thing($expand=Datastreams($expand=Thing("
               "$expand=Datastreams))))))"), ("nothing", "1"),
]  # fmt: skip


def test_what_cannot_be_asked_is_refused_naming_the_option(air: Door) -> None:
    for name, words in BAD:
        answer = air.ask("GET", "Things", **{name: words})
        assert answer.status_code == 400, (name, words, answer.content)
        assert answer.told["field"].startswith("$") and answer.told["message"]


def test_pages_go_on_where_the_last_one_ended(air: Door) -> None:
    everything = air.get("Observations")["value"]
    for query in ({}, {"orderby": "phenomenonTime desc"}, {"orderby": "result"}, {"filter": "result ge 0"},
                  {"orderby": "phenomenonTime,id", "select": "result"}):  # fmt: skip
        found, next_link = list[Any](), f"{ROOT}/Observations"
        told = air.get("Observations", top="4", **query)
        while True:
            found += told["value"]
            next_link = told.get("@iot.nextLink", "")
            if not next_link:
                break
            told = air.get("Observations", **{k[1:]: v for k, v in parse_qsl(urlsplit(next_link).query)})
        ids = [one.get("@iot.id", n) for n, one in enumerate(found)]
        assert len(ids) == len(set(ids)) == len(everything) - (1 if "filter" in query else 0), query
    deep = air.get("Observations", top="4", skip="18", count="true")
    assert len(deep["value"]) == 3 and "@iot.nextLink" not in deep and deep["@iot.count"] == 21


PIECED = [
    ("Observations", {}), ("Observations", {"orderby": "phenomenonTime desc", "count": "true"}),
    ("Observations", {"orderby": "result"}), ("Observations", {"filter": "result ge 5", "skip": "3", "top": "9"}),
    ("Observations", {"expand": "Datastream($select=name)", "top": "12"}), ("Datastreams", {"orderby": "Thing/name"}),
    ("Observations", {"filter": "result gt 1000000"}), ("Datastreams", {"expand": "Observations($top=2)"}),
]  # fmt: skip


@pytest.mark.parametrize(("entity", "query"), PIECED)
def test_a_page_in_pieces_is_the_page(air: Door, monkeypatch: Any, entity: str, query: dict[str, str]) -> None:
    """Also where its last piece is full, where it goes on after it, and where nothing is found."""
    for top in (query.get("top", ""), "2", "20", "21", "50"):
        asked = {**query, "top": top} if top else query
        monkeypatch.setattr(reading, "PIECE", 1_000)
        whole = air.get(entity, **asked)
        monkeypatch.setattr(reading, "PIECE", 4)
        assert air.get(entity, **asked) == whole, asked


def walked(door: Door, entity: str, **query: str) -> list[list[Any]]:
    """Give the pages there are, one after the other."""
    found = list[list[Any]]()
    while query:
        told = door.get(entity, **query)
        found.append(told["value"])
        query = {name[1:]: value for name, value in parse_qsl(urlsplit(told.get("@iot.nextLink", "")).query)}
    return found


WIDE = [
    ("Datastreams", "Observations", "", 15), ("Datastreams", "Observations($skip=2)", "Thing/name", 12),
    ("Things", "Datastreams($expand=Observations)", "", 15), ("Observations", "Datastream/Observations", "", 60),
]  # fmt: skip


@pytest.mark.parametrize(("entity", "expand", "orderby", "room"), WIDE)
@pytest.mark.parametrize("piece", [1, 2, 1_000])
def test_a_page_that_expands_to_more_than_there_is_room_for_goes_on_in_the_next(
    air: Door, monkeypatch: Any, entity: str, expand: str, orderby: str, room: int, piece: int
) -> None:
    monkeypatch.setattr(reading, "PIECE", piece)
    asked = {"expand": expand, **({"orderby": orderby} if orderby else {})}
    (whole,) = walked(air, entity, **asked)
    monkeypatch.setattr(reading, "ROOM", room)
    pages = walked(air, entity, **asked)
    assert len(pages) > 1 and all(pages) and [one for page in pages for one in page] == whole
    monkeypatch.setattr(reading, "ROOM", 5)
    answer = air.ask("GET", entity, **asked)
    assert (answer.status_code, answer.told["refusal"], answer.told["field"]) == (400, "sensing.expand.much", "$expand")
    one = next(one["@iot.selfLink"] for one in whole if "$" not in one["@iot.selfLink"]).removeprefix(f"{ROOT}/")
    assert air.ask("GET", one, expand=expand).status_code == 400


def test_what_is_passed_over_stays_in_the_database(air: Door) -> None:
    far, said = str(2**39), []
    with CaptureQueriesContext(connection) as caught:
        said += air.get("Observations", skip=far)["value"]
        said += air.get("Observations", skip=far, orderby="result")["value"]
        said += [row for one in air.get("Datastreams", expand=f"Observations($skip={far})")["value"]
                 for row in one["Observations"]]  # fmt: skip
    assert said == []
    asked = [one["sql"] for one in caught if 'FROM "sensing_observation"' in one["sql"] and "LIMIT" in one["sql"]]
    assert len(asked) == 3 and all(f"OFFSET {far}" in sql for sql in asked)
    told = air.get("Datastreams", expand="Observations($skip=3;$top=4)")["value"]
    pm = next(one for one in told if one["name"] == "PM2.5")
    assert [one["result"] for one in pm["Observations"]] == [3, 4, 5, 6]
    assert "%24skip=7" in pm["Observations@iot.nextLink"]


def test_select_and_order(air: Door) -> None:
    told = air.get("Datastreams", select="name,id", orderby="name desc")["value"]
    assert [one["name"] for one in told] == ["wind", "PM2.5", "CO"] and set(told[0]) == {"name", "@iot.id"}
    newest = air.get("Observations", orderby="phenomenonTime desc,result desc", top="1", select="result")["value"]
    assert newest == [{"result": 27}]


def test_pages_of_any_order_go_on_too(air: Door) -> None:
    orders = [("Datastreams", by) for by in ("Sensor/id desc,name", "Thing/id", "Thing/name")]
    orders += [("Observations", by) for by in ("Datastream/id desc", "FeatureOfInterest/id")]
    for entity, by in orders:
        everything = [one["@iot.id"] for one in air.get(entity, orderby=by)["value"]]
        found, query = list[Any](), {"orderby": by, "top": "2"}
        while query:
            told = air.get(entity, **query)
            found += [one["@iot.id"] for one in told["value"]]
            query = {name[1:]: value for name, value in parse_qsl(urlsplit(told.get("@iot.nextLink", "")).query)}
        assert found == everything and len(set(found)) == len(found) > 2, (entity, by)


def test_an_order_that_cannot_be_is_named_as_such(air: Door) -> None:
    for entity, by, code in (
        ("Things", "nothing", "sensing.filter.unknown"), ("Things", "name sideways", "sensing.filter.grammar"),
        ("Things", "Datastreams/name", "sensing.order.many"), ("Locations", "Things/id", "sensing.order.many"),
        ("Locations", "geo.distance(location,geography'POINT(10 50)')", "sensing.order.measure"),
    ):  # fmt: skip
        answer = air.ask("GET", entity, orderby=by)
        assert (answer.status_code, answer.told["refusal"], answer.told["field"]) == (400, code, "$orderby"), by


def test_expand_goes_deep_and_takes_options(air: Door) -> None:
    inner = "Observations($filter=result ge 3;$orderby=phenomenonTime desc;$top=2;$select=result;$count=true)"
    told = air.get("Things", expand=f"Datastreams($select=name;$expand={inner},Sensor($select=name)),Locations/Things",
                   orderby="id")  # fmt: skip
    first = told["value"][0]
    pm = next(one for one in first["Datastreams"] if one["name"] == "PM2.5")
    assert pm["Observations"] == [{"result": 9}, {"result": 8}] and pm["Sensor"] == {"name": "Box"}
    assert pm["Observations@iot.count"] == 7
    following = urlsplit(pm["Observations@iot.nextLink"])
    rest = air.get(following.path.removeprefix("/sta/v1.1/"), **{k[1:]: v for k, v in parse_qsl(following.query)})
    assert rest["value"][0] == {"result": 7}
    assert first["Locations"][0]["Things"][0]["@iot.id"] == first["@iot.id"]


def test_the_newest_of_each_is_told_from_what_is_kept(air: Door) -> None:
    told = air.get("Datastreams", expand="Observations($top=1;$orderby=phenomenonTime desc;$count=true)", orderby="id")
    pm, wind, co = told["value"]
    assert [one["Observations"][0]["result"] for one in (pm, wind)] == [9, "NNW"]
    assert [one["Observations@iot.count"] for one in (pm, wind, co)] == [10, 1, 10]
    assert "Observations@iot.nextLink" in pm and "Observations@iot.nextLink" not in wind


def test_a_level_costs_so_many_statements_whatever_it_holds(air: Door) -> None:
    def cost(**query: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            air.get("Things", **query)
        return len(caught)

    cost()  # what is remembered is read once
    plain = cost()
    inner = "Observations($top=2;$expand=FeatureOfInterest)"
    deep = {"expand": f"Locations,Datastreams($expand=Sensor,ObservedProperty,{inner})"}
    before = cost(**deep)
    for _ in range(6):
        set_up(stream("NO2"), stream("SO2"))
    assert cost(**deep) == before <= plain + 7
    assert cost(expand="Datastreams($expand=Observations($top=1;$orderby=phenomenonTime desc))") == plain + 2


def test_data_arrays_are_told_too(air: Door) -> None:
    told = air.get("Observations", resultFormat="dataArray", select="id,phenomenonTime,result", filter="result ge 0")
    assert sum(one["dataArray@iot.count"] for one in told["value"]) == 20
    assert told["value"][0]["components"] == ["id", "phenomenonTime", "result"]
    assert told["value"][0]["dataArray"][0][1:] == [shown(AT), 0]
    bare = air.get("Observations", resultFormat="dataArray", select="result", filter="result ge 0")["value"]
    assert [(one["Datastream@iot.navigationLink"], one["dataArray@iot.count"]) for one in bare] == [
        (one["Datastream@iot.navigationLink"], one["dataArray@iot.count"]) for one in told["value"]
    ]
    assert {name for one in bare for name in one["components"]} == {"result"}


# --- who may ----------------------------------------------------------------------------------------


def test_keys_decide(air: Door, made: World) -> None:
    assert Door().ask("GET", "Things").status_code == 401
    assert Door("wrong").ask("GET", "Things").told["refusal"] == "sensing.key"
    for scopes, reads, writes in ((("read",), 200, 403), (("report",), 403, 403), (("sense",), 200, 201)):
        one = door_of(made.town, "parks", *scopes)
        assert one.ask("GET", "Things").status_code == reads
        body = {"name": "n", "description": "d", "definition": "x"}
        assert one.ask("POST", "ObservedProperties", body).status_code == writes
    slow = door_of(made.town, "parks", "sense", per_minute=1)
    assert [slow.ask("GET", "Things").status_code for _ in range(2)] == [200, 429]
