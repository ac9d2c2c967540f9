"""Adding, changing, removing; data arrays; and what is sent wrongly."""

import json
from typing import Any

import pytest

from cityloop.loops.sensing.models import (
    Datastream,
    FeatureOfInterest,
    HistoricalLocation,
    Latest,
    Observation,
    Quarantined,
    Stand,
    Thing,
)
from cityloop.town.ledger.models import Step
from tests.doors.sensorthings.conftest import ROOT, Door
from tests.loops.sensing.instruments import AT, HOUR, station, stream

POINT = {"type": "Point", "coordinates": [10.15, 50.02]}
PLACE = {"name": "There", "description": "x", "encodingType": "application/geo+json", "location": POINT}


@pytest.fixture
def pm(door: Door) -> int:
    """A station with one datastream; give its id."""
    door.add("Things", station())
    return int(Datastream.objects.get().pk)


def reading(result: Any, time: Any = "2026-01-01T00:00:00Z", **more: Any) -> dict[str, Any]:
    return {"phenomenonTime": time, "result": result, **more}


def test_a_thing_is_made_with_all_that_hangs_on_it(door: Door) -> None:
    rich = stream(Observations=[reading(3), reading(4, "2026-01-01T01:00:00Z")])
    made = door.add("Things", station(rich, stream("CO")))
    told = door.get(made, expand="Datastreams($expand=Observations;$orderby=id),Locations,HistoricalLocations")
    assert [len(one["Observations"]) for one in told["Datastreams"]] == [2, 0]
    assert len(told["Locations"]) == len(told["HistoricalLocations"]) == 1
    assert Step.objects.filter(kind="sensing", what="added").count() == 8
    bad = station(stream(Observations=[reading(3), reading(-4)]))
    answer = door.ask("POST", "Things", bad)
    assert (answer.status_code, answer.told["refusal"]) == (400, "sensing.quarantine.range")
    assert (Thing.objects.count(), Observation.objects.count()) == (1, 2)


def test_what_is_added_below_another_hangs_on_it(door: Door, pm: int) -> None:
    thing = Thing.objects.get().pk
    sensor = door.get("Sensors")["value"][0]["@iot.id"]
    prop = door.get("ObservedProperties")["value"][0]["@iot.id"]
    body = {**stream("CO"), "Sensor": {"@iot.id": sensor}, "ObservedProperty": {"@iot.id": prop}}
    made = door.add(f"Things({thing})/Datastreams", body)
    assert door.get(f"{made}/Thing")["@iot.id"] == thing
    of_sensor = {name: value for name, value in body.items() if name != "Sensor"}
    door.add(f"Sensors({sensor})/Datastreams", {**of_sensor, "Thing": {"@iot.id": thing}})
    assert len(door.get(f"Sensors({sensor})/Datastreams")["value"]) == 3
    door.add(f"Datastreams({pm})/Observations", reading(7))
    door.add(f"Datastreams({pm})/Sensor/Datastreams({pm})/Observations", reading(8, "2026-01-02T00:00:00Z"))
    assert Latest.objects.get(datastream=pm).count == 2


def test_a_thing_that_moves_leaves_its_history(door: Door, pm: int) -> None:
    thing = Thing.objects.get()
    door.add(f"Datastreams({pm})/Observations", reading(1))
    before = thing.unit_code
    made = door.add(f"Things({thing.pk})/Locations", PLACE)
    thing.refresh_from_db()
    assert thing.unit_code not in ("", before) and HistoricalLocation.objects.count() == 2
    assert [one["name"] for one in door.get(f"Things({thing.pk})/Locations")["value"]] == ["There"]
    door.add(f"Datastreams({pm})/Observations", reading(2, "2026-01-01T01:00:00Z"))
    about = [door.get(f"Observations('{pm}-{AT + n * HOUR}')/FeatureOfInterest")["name"] for n in range(2)]
    assert about == ["Square", "There"]
    for one in door.get("FeaturesOfInterest")["value"]:
        assert len(door.get(f"FeaturesOfInterest({one['@iot.id']})/Observations")["value"]) == 1
    back = {"name": "Back", "description": "", "location": {"type": "Point", "coordinates": [10.05, 50.07]}}
    assert door.ask("PATCH", f"Things({thing.pk})", {"Locations": [back]}).status_code == 200
    thing.refresh_from_db()
    assert (thing.unit_code, HistoricalLocation.objects.count()) == (before, 3)
    past = {"time": "2020-01-01T00:00:00Z", "Thing": {"@iot.id": thing.pk},
            "Locations": [{"@iot.id": int(made.partition("(")[2][:-1])}]}  # fmt: skip
    door.add("HistoricalLocations", past)
    assert door.get(f"Things({thing.pk})/Locations")["value"][0]["name"] == "Back"


def test_a_location_drawn_elsewhere_takes_its_things_along(door: Door, pm: int) -> None:
    thing, place = Thing.objects.get(), door.get("Locations")["value"][0]["@iot.id"]
    Stand.objects.create(datastream_id=pm, rule="x", phase=2, since=AT, judged=AT, unit_code=thing.unit_code)
    before = thing.unit_code
    door.add(f"Datastreams({pm})/Observations", reading(1))
    assert door.ask("PATCH", f"Locations({place})", {"location": POINT}).status_code == 200
    thing.refresh_from_db()
    assert thing.unit_code not in ("", before) and Stand.objects.get().unit_code == thing.unit_code
    door.add(f"Datastreams({pm})/Observations", reading(2, "2026-01-01T01:00:00Z"))
    about = [door.get(f"Observations('{pm}-{AT + n * HOUR}')/FeatureOfInterest")["feature"] for n in range(2)]
    assert [one["coordinates"] for one in about] == [[10.05, 50.07], POINT["coordinates"]]
    assert door.ask("DELETE", f"Locations({place})").status_code == 200
    thing.refresh_from_db()
    assert thing.unit_code == "" == Stand.objects.get().unit_code and not HistoricalLocation.objects.exists()


def test_what_is_said_below_anything_is_made_with_it(door: Door, pm: int) -> None:
    thing = {"@iot.id": Thing.objects.get().pk}
    names = ("Sensor", "ObservedProperty")
    for name, set_ in zip(names, ("Sensors", "ObservedProperties"), strict=True):
        above = stream()[name] | {"Datastreams": [{**stream("below"), "Thing": thing} | {name: {}}]}
        del above["Datastreams"][0][name]
        made = door.add(set_, above)
        assert [one["name"] for one in door.get(f"{made}/Datastreams")["value"]] == ["below"]
    one = {**reading(3, "2026-02-01T00:00:00Z"), "Datastream": {"@iot.id": pm}}
    made = door.add("FeaturesOfInterest", {"name": "Lake", "description": "", "feature": POINT, "Observations": [one]})
    assert [one["result"] for one in door.get(f"{made}/Observations")["value"]] == [3]
    stood = {"time": "2020-01-01T00:00:00Z", "Thing": thing}
    made = door.add("Locations", {**PLACE, "HistoricalLocations": [stood]})
    assert [one["time"] for one in door.get(f"{made}/HistoricalLocations")["value"]] == [stood["time"]]
    about = reading(4, FeatureOfInterest={"name": "Pond", "description": "", "feature": POINT})
    made = door.add("Datastreams", {**stream("deep"), "Thing": thing, "Observations": [about]})
    assert (
        door.get(f"{made}/Observations", expand="FeatureOfInterest")["value"][0]["FeatureOfInterest"]["name"] == "Pond"
    )


def test_a_change_is_carried_out_or_refused_naming_the_field(door: Door, pm: int) -> None:
    here, there = Thing.objects.get(), door.add("Locations", PLACE)
    other = door.add("Things", {"name": "Other", "description": ""})
    ids = [{"@iot.id": int(one.partition("(")[2][:-1])} for one in (there, other)]
    assert door.ask("PATCH", there, {"Things": [ids[1]]}).status_code == 200
    assert door.get(f"{other}/Locations")["value"][0]["name"] == "There"
    stood = door.get(f"Things({here.pk})/HistoricalLocations")["value"][0]["@iot.id"]
    assert door.ask("PATCH", f"HistoricalLocations({stood})", {"Locations": [ids[0]]}).status_code == 200
    assert door.get(f"Things({here.pk})/Locations")["value"][0]["name"] == "There"
    assert door.ask("PATCH", f"HistoricalLocations({stood})", {"Thing": ids[1]}).status_code == 200
    assert door.get(f"HistoricalLocations({stood})/Thing")["name"] == "Other"
    assert door.ask("PATCH", other, {"Datastreams": [{"@iot.id": pm}]}).status_code == 200
    assert door.get(f"Datastreams({pm})/Thing")["name"] == "Other"
    more = door.ask("PATCH", f"Datastreams({pm})", {"Observations": [reading(1)]})
    assert (more.status_code, more.told["field"]) == (400, "Observations")


def test_a_reading_s_key_stays_and_null_clears(door: Door, pm: int) -> None:
    one = door.add(f"Datastreams({pm})/Observations", reading(1, parameters={"a": 1}, resultQuality="good"))
    same = {"phenomenonTime": "2026-01-01T00:00:00Z", "Datastream": {"@iot.id": pm}}
    assert door.ask("PATCH", one, {**same, "parameters": None, "resultQuality": None}).status_code == 200
    assert not {"parameters", "resultQuality"} & set(door.get(one))
    for wrong in ({"phenomenonTime": "2026-01-02T00:00:00Z"}, {"Datastream": {"@iot.id": pm + 1}}):
        answer = door.ask("PATCH", one, wrong)
        assert (answer.status_code, answer.told["field"]) == (400, next(iter(wrong)))
    lake = {"name": "Lake", "description": "", "feature": POINT}
    assert door.ask("PATCH", one, {"FeatureOfInterest": lake}).status_code == 200
    about = door.get(f"{one}/FeatureOfInterest")
    assert about["name"] == "Lake" and door.get(f"FeaturesOfInterest({about['@iot.id']})/Observations")["value"]


def test_changing_keeps_what_is_not_said(door: Door, pm: int) -> None:
    path = f"Datastreams({pm})"
    assert door.ask("PATCH", path, {"name": "new"}).status_code == 200
    told = door.get(path)
    assert (told["name"], told["description"], told["unitOfMeasurement"]["symbol"]) == (
        "new", "PM2.5 of the station", "ug/m3"
    )  # fmt: skip
    patch = [{"op": "add", "path": "/properties", "value": {"a": 1}}, {"op": "replace", "path": "/name", "value": "p"}]
    assert door.ask("PATCH", path, patch, "application/json-patch+json").status_code == 200
    assert (door.get(path)["name"], door.get(path)["properties"]) == ("p", {"a": 1})
    assert door.ask("PUT", path, {"name": "put"}).status_code == 200
    assert "properties" not in door.get(path)
    for body, kind in (([{"op": "test", "path": "/name", "value": "x"}], "application/json-patch+json"),
                       ([{"op": "jump"}], "application/json-patch+json"), ({"name": ""}, "application/json"),
                       ({"name": 5}, "application/json"), ({"Thing": {"@iot.id": 999_999_999}}, "application/json"),
                       ([1], "application/json")):  # fmt: skip
        assert door.ask("PATCH", path, body, kind).status_code in (400, 404), body
    assert door.ask("PATCH", "Datastreams(999999999)", {"name": "x"}).status_code == 404


def test_a_reading_is_put_right_and_removed(door: Door, pm: int) -> None:
    for n in range(3):
        door.add("Observations", {**reading(n, f"2026-01-01T0{n}:00:00Z"), "Datastream": {"@iot.id": pm}})
    last = f"Observations('{pm}-{AT + 2 * HOUR}')"
    assert door.ask("PATCH", last, {"result": 9, "resultQuality": "good"}).status_code == 200
    assert (door.get(last)["result"], door.get(last)["resultQuality"]) == (9, "good")
    assert Latest.objects.get().result == 9
    assert door.ask("PATCH", last, {"result": "x"}).told["refusal"] == "sensing.quarantine.type"
    assert door.ask("DELETE", last).status_code == 200 and door.ask("GET", last).status_code == 404
    latest = Latest.objects.get()
    assert (latest.time, latest.result, latest.count, latest.last) == (AT + HOUR, 1, 2, AT + HOUR)
    assert door.ask("DELETE", last).status_code == 404
    assert Step.objects.filter(what__in=["reading_corrected", "reading_removed"]).count() == 2


def test_removing_takes_along_what_cannot_stand_alone(door: Door, pm: int) -> None:
    door.add(f"Datastreams({pm})/Observations", reading(1))
    feature = FeatureOfInterest.objects.get().pk
    assert door.ask("DELETE", f"FeaturesOfInterest({feature})").status_code == 409
    assert door.ask("DELETE", f"Things({Thing.objects.get().pk})").status_code == 200
    assert not Datastream.objects.exists() and not Observation.objects.exists() and not Latest.objects.exists()
    assert not HistoricalLocation.objects.exists()
    assert door.ask("DELETE", f"FeaturesOfInterest({feature})").status_code == 200
    nowhere = door.ask("DELETE", "Things")
    assert (nowhere.status_code, nowhere.headers["Allow"]) == (405, "GET, HEAD, POST, OPTIONS")
    assert door.ask("POST", "Things(1)").status_code in (404, 405)


def test_the_same_reading_again_is_the_same_reading(door: Door, pm: int) -> None:
    body = {**reading(5), "Datastream": {"@iot.id": pm}}
    first, again = door.ask("POST", "Observations", body), door.ask("POST", "Observations", body)
    assert (first.status_code, again.status_code) == (201, 200) and first["Location"] == again["Location"]
    other = door.ask("POST", "Observations", {**body, "result": 6})
    assert (other.status_code, other.told["refusal"]) == (400, "sensing.quarantine.differs")
    assert (Observation.objects.count(), Quarantined.objects.count()) == (1, 1)
    assert '"result":6' in Quarantined.objects.get().said
    long = {**body, "result": -1, "parameters": {"words": "\u202e字" * 20_000}}
    assert door.ask("POST", "Observations", long).status_code == 400
    assert json.loads(Quarantined.objects.latest("pk").said)["parameters"] == long["parameters"]


def test_what_is_seldom_said_is_told_again(door: Door, pm: int) -> None:
    said = {"resultTime": "2026-01-01T00:05:00Z", "resultQuality": {"a": [1]}, "parameters": {"unit": "ug/m3"},
            "validTime": "2026-01-01T00:00:00Z/2026-01-02T00:00:00Z"}  # fmt: skip
    made = door.add(f"Datastreams({pm})/Observations", reading(2**60, "2026-01-01T00:00:00Z/2026-01-01T01:00:00Z")
                    | said | {"result": 12.5})  # fmt: skip
    assert made == f"Observations('{pm}-{AT}-{HOUR}')"
    told = door.get(made)
    assert {name: told[name] for name in said} == said and told["result"] == 12.5
    assert told["phenomenonTime"] == "2026-01-01T00:00:00Z/2026-01-01T01:00:00Z"
    assert door.get(f"Datastreams({pm})")["resultTime"] == "2026-01-01T00:05:00Z/2026-01-01T00:05:00Z"
    unit = door.ask("POST", f"Datastreams({pm})/Observations", reading(1, parameters={"unit": "mg/m3"}))
    assert unit.told["refusal"] == "sensing.quarantine.unit" and unit.told["field"] == "parameters/unit"
    now = door.add(f"Datastreams({pm})/Observations", {"result": 1})
    assert door.get(now)["phenomenonTime"]
    feature = {"name": "Lake", "description": "", "encodingType": "application/geo+json", "feature": POINT}
    with_feature = door.add(f"Datastreams({pm})/Observations", reading(3, "2026-02-01T00:00:00Z",
                                                                         FeatureOfInterest=feature))  # fmt: skip
    assert door.get(f"{with_feature}/FeatureOfInterest")["name"] == "Lake"


def test_the_time_that_is_none_is_named(door: Door, pm: int) -> None:
    for more, field in (({"resultTime": "soon"}, "resultTime"), ({"phenomenonTime": "soon"}, "phenomenonTime")):
        answer = door.ask("POST", f"Datastreams({pm})/Observations", {**reading(1), **more})
        assert (answer.status_code, answer.told["field"]) == (400, field)


def test_data_arrays(door: Door, pm: int) -> None:
    rows = [["2026-01-01T00:00:00Z", 1], ["2026-01-01T01:00:00Z", -1], ["2026-01-01T02:00:00Z", 3],
            ["2026-01-01T02:00:00Z", 3], [None, 4], [7, 5]]  # fmt: skip
    body = [{"Datastream": {"@iot.id": pm}, "components": ["phenomenonTime", "result"], "dataArray": rows},
            {"Datastream": {"@iot.id": 999_999_999}, "components": ["result"], "dataArray": [[1]]}]  # fmt: skip
    answer = door.ask("POST", "CreateObservations", body)
    assert answer.status_code == 201
    links = answer.told
    assert links[0] == f"{ROOT}/Observations('{pm}-{AT}')" and links[2] == links[3]
    assert [one.startswith("error") for one in links] == [False, True, False, False, False, True, True]
    assert (Latest.objects.get().count, Quarantined.objects.count()) == (3, 3)
    again = door.ask("POST", "CreateObservations", [{**body[0], "dataArray": rows[:4]}])
    assert again.told[0] == links[0] and Latest.objects.get().count == 3
    for wrong in ({"components": ["nothing"]}, {"components": ["phenomenonTime"]}, {"components": ["result"] * 2},
                  {"dataArray": 5}, {"Datastream": 5}, {"Datastream": {"@iot.id": "x" * 300}}):  # fmt: skip
        answer = door.ask("POST", "CreateObservations", [{**body[0], **wrong}])
        assert answer.status_code == 400, wrong
    assert Latest.objects.get().count == 3


def test_a_row_of_a_data_array_that_is_wrong_is_held_back_alone(door: Door, pm: int) -> None:
    at = [f"2026-01-01T0{n}:00:00Z" for n in range(8)]
    names = ["phenomenonTime", "result", "validTime"]
    rows = [[at[0], 1, None], [at[1], 2], [at[2], float("nan"), None], [at[3], float("-inf"), None], 5, "NaN", None,
            [at[4], 3, "soon"], [at[5], 4, f"{at[5]}/{at[6]}"], [at[6], 5, None, None], []]  # fmt: skip
    body = [{"Datastream": {"@iot.id": pm}, "components": names, "dataArray": rows}]
    answer = door.ask("POST", "CreateObservations", body)  # Python writes NaN and -Infinity as such
    assert answer.status_code == 201, answer.content
    assert [n for n, one in enumerate(answer.told) if not one.startswith("error")] == [0, 8]
    held = list(Quarantined.objects.order_by("pk").values_list("reason", flat=True))
    assert held == ["row", "not-a-number", "not-a-number", "row", "row", "row", "time", "row", "row"]
    alone = door.ask("POST", f"Datastreams({pm})/Observations", reading(float("nan"), at[7]))
    assert (alone.status_code, alone.told["refusal"]) == (400, "sensing.quarantine.not-a-number")
    assert (Latest.objects.get().count, Quarantined.objects.count()) == (2, 10)
    torn = door.ask("POST", "CreateObservations", json.dumps(body).encode()[:-9])
    assert (torn.status_code, torn.told["refusal"]) == (400, "sensing.shape")


HOSTILE: list[tuple[str, Any]] = [
    ("Things", b"{"), ("Things", b"[]"), ("Things", b""), ("Things", b"\xff\xfe"), ("Things", {"name": None}),
    ("Things", {}), ("Things", {"name": "x" * 300}), ("Things", {"name": "x", "properties": 5}),
    ("Things", {"name": "x", "Locations": [{"@iot.id": 999_999_999}]}),
    ("Things", {"name": "x", "Locations": [{"@iot.id": "x"}]}),
    ("Things", b'{"name":' * 20_000), ("Locations", {**PLACE, "location": {"type": "Point", "coordinates": [500, 0]}}),
    ("Locations", {**PLACE, "location": "x"}), ("Locations", {**PLACE, "location": {"type": "Point"}}),
    ("Sensors", {"name": "x", "description": "x"}), ("Datastreams", {"name": "x"}), ("Observations", {"result": 1}),
    ("Observations", b'{"result": NaN, "Datastream": {"@iot.id": 1}}'), ("HistoricalLocations", {"time": "x"}),
    ("ObservedProperties", {"name": "x", "definition": "x", "properties": {"minimum": 2, "maximum": 1}}),
    ("ObservedProperties", {"name": "x", "definition": "x", "properties": {"minimum": "low"}}),
    ("Observations", {"result": 1, "Datastream": {"@iot.id": 1}, "validTime": 5}), ("Nothing", {"name": "x"}),
]  # fmt: skip


def test_what_is_sent_wrongly_is_refused_and_changes_nothing(door: Door, pm: int) -> None:
    before = Step.objects.count()
    for path, body in HOSTILE:
        answer = door.ask("POST", path, body)
        assert answer.status_code in (400, 404), (path, body, answer.status_code)
        assert answer.told["message"] and answer.told["refusal"]
    assert Step.objects.count() == before and Thing.objects.count() == 1
    zero = door.add("Things", {"name": "nul\0 \u202e", "description": "x"})
    assert door.get(zero)["name"] == "nul "
    assert door.ask("TRACE", "Things").status_code == 405 and door.ask("OPTIONS", "Things").status_code == 204


def test_a_character_that_no_database_keeps_is_left_out(door: Door) -> None:
    """In results, parameters and properties too, by themselves and in arrays; what only looks like it stays."""
    words = stream("CO", observationType="http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Observation")
    made = door.add("Things", {**station(words), "properties": {"a\0": "b\0c", "d": "\\u0000"}})
    assert door.get(made)["properties"] == {"a": "bc", "d": "\\u0000"}
    pm = Datastream.objects.latest("pk").pk
    one = door.add(f"Datastreams({pm})/Observations", reading("x\0y", parameters={"p": "\0q"}))
    assert (door.get(one)["result"], door.get(one)["parameters"]) == ("xy", {"p": "q"})
    rows = [["2026-01-01T05:00:00Z", "\0z"]]
    table = {"Datastream": {"@iot.id": pm}, "components": ["phenomenonTime", "result"], "dataArray": rows}
    (address,) = door.ask("POST", "CreateObservations", [table]).told
    assert door.get(address.removeprefix(f"{ROOT}/"))["result"] == "z"
