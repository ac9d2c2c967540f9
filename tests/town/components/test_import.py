"""Files of components: sound and broken rows, again and again, other data and other orders, two runs at once."""

import csv
import gzip
import json
import threading
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.components import queries
from cityloop.town.components.actions import keeping
from cityloop.town.components.importing import actions as importing
from cityloop.town.components.importing.actions import import_components
from cityloop.town.components.importing.mapping import ComponentsMap
from cityloop.town.components.importing.records import _meaning
from cityloop.town.components.models import Component
from cityloop.town.ledger import queries as ledger
from cityloop.town.ledger.models import Step
from cityloop.town.tabular.source import validated
from cityloop.town.units.rules.gcj02 import to_gcj02
from tests.loops.cases.smallville import AT, build
from tests.town.components.things import counted, furnish, put, recounted
from tests.town.staff import BY

MAP: dict[str, Any] = {
    "source": {"name": "lamps"},
    "columns": {
        "key": "id", "code": "code", "name": "name", "type": "what", "state": "how", "accuracy": "acc",
        "responsible": "who", "owner": "whose", "maintainer": "", "installed": "since", "surveyed": "",
    },
    "place": {"lon": "x", "lat": "y"},
    "types": {"values": {"L": "lamp", "T": "street_tree"}},
    "states": {"values": {"ok": "intact", "broken": "damaged"}},
    "organisations": {"values": {"PWD": "roads"}},
    "attributes": {"height": {"column": "h", "empty": ["0"]}},
}  # fmt: skip
NAMES = ("id", "code", "name", "what", "how", "acc", "who", "whose", "since", "x", "y", "h")
SOUND = {"id": "1", "what": "L", "x": "10.05", "y": "50.07", "h": "7.5"}


def rules(**more: Any) -> ComponentsMap:
    return validated(ComponentsMap, {**MAP, **more}, "map")


def write(folder: Path, *rows: dict[str, str], name: str = "lamps.csv") -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, NAMES)
        writer.writeheader()
        writer.writerows({**SOUND, **row} for row in rows)
    return path


def bring(path: Path, map_: ComponentsMap | None = None, at: int = AT) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Import a file; give the tally, and the rejects as they were written."""
    rejects = path.with_suffix(".rejected.csv")
    tally = import_components(path=path, rules=map_ or rules(), reject_file=rejects, by=BY, at=at).told()
    assert tally["rows"] == tally["created"] + tally["updated"] + tally["unchanged"] + tally["rejected"]
    assert counted() == recounted()
    with rejects.open(encoding="utf-8") as file:
        return tally, list(csv.DictReader(file))


def numbers(tally: dict[str, Any]) -> tuple[int, ...]:
    return tuple(tally[name] for name in ("rows", "created", "updated", "unchanged", "rejected"))


def test_a_row_becomes_what_it_says(town, tmp_path):
    row = {"name": " Gate\u202e 7 ", "how": "broken", "acc": "A", "who": "PWD", "whose": "Parks", "since": "2001-02-03"}
    tally, rejects = bring(write(tmp_path, row))
    assert numbers(tally) == (1, 1, 0, 0, 0) and not rejects
    one = Component.objects.get()
    assert (one.code, one.name, one.state, one.accuracy) == ("1001010137000001", "Gate 7", "damaged", "A")
    assert (one.responsible, one.owner) == (town.orgs["roads"].pk, town.orgs["parks"].pk)
    assert (one.attributes, str(one.installed)) == ({"height": 7.5}, "2001-02-03")
    step = queries.history(one)[0]
    assert (step.subject, step.what) == ("components:lamps", "imported")
    assert json.loads(step.data)["rows"] == 1
    assert not list(ledger.verify())


BROKEN = [
    ({"id": ""}, "id"), ({"id": "k" * 121}, "id"), ({"what": "?"}, "what"), ({"how": "melted"}, "how"),
    ({"acc": "Z"}, "acc"), ({"who": "Nobody"}, "who"), ({"whose": "Nobody"}, "whose"),
    ({"since": "31/12/2001"}, "since"),
    ({"x": "", "y": ""}, "x"), ({"x": "0", "y": "0"}, "x"), ({"x": "50.07", "y": "10.05"}, "x"), ({"x": "nan"}, "x"),
    ({"x": "1e999"}, "x"), ({"x": "9.0"}, "x"), ({"h": "tall"}, "h"), ({"code": "12"}, "code"),
    ({"code": "1001010402000001"}, "code"), ({"what": "T"}, "species"),
]  # fmt: skip


def test_broken_rows_are_listed_by_field_and_stop_nobody(town, tmp_path):
    trees = rules(attributes={})
    only_lamps = [(row, field) for row, field in BROKEN if row.get("what") != "T"]
    rows = [{**row, "id": row.get("id", f"b{n}")} for n, (row, _field) in enumerate(only_lamps)]
    tally, rejects = bring(write(tmp_path, *rows, {"id": "sound"}))
    assert numbers(tally) == (len(rows) + 1, 1, 0, 0, len(rows))
    assert [one["field"] for one in rejects] == [field for _row, field in only_lamps]
    assert [int(one["row"]) for one in rejects] == list(range(1, len(rows) + 1))
    assert all(one["reason"] for one in rejects)
    _tally, rejects = bring(write(tmp_path, {"id": "t", "what": "T"}), trees)
    assert rejects[0]["field"] == "species"


def test_one_file_may_hold_types_with_attributes_of_their_own(town, tmp_path):
    both = rules(
        attributes={**MAP["attributes"], "species": {"column": "since"}}, columns={**MAP["columns"], "installed": ""}
    )
    tally, rejects = bring(write(tmp_path, {}, {"id": "2", "what": "T", "since": "plane"}), both)
    assert numbers(tally) == (2, 2, 0, 0, 0) and not rejects
    assert [one.attributes for one in Component.objects.order_by("code")] == [{"height": 7.5}, {"species": "plane"}]
    by_code = rules(types={}, attributes={"species": {"column": "since"}}, columns={**MAP["columns"], "installed": ""})
    assert numbers(bring(write(tmp_path, {"id": "3", "what": "lamp"}), by_code)[0]) == (1, 1, 0, 0, 0)


def test_lines_that_are_no_rows_stop_nobody(town, tmp_path):
    path = write(tmp_path, {"id": "1"}, {"id": "2"})
    lines = path.read_text().splitlines()
    text = "\n".join([lines[0], lines[1], "one,two", '"never closed', lines[2]]) + "\n"
    path.write_bytes(text.encode() + b"3,,\xff\xfe,L,,,,,,10.05,50.07,7\n")
    tally, rejects = bring(path)
    assert numbers(tally) == (5, 2, 0, 0, 3)
    assert [one["field"] for one in rejects] == ["row", "row", "name"]


def test_the_same_file_again_changes_nothing_and_a_new_word_is_a_step(town, tmp_path):
    rows = [{"id": str(n), "x": f"{10.01 + n / 1000}"} for n in range(20)]
    bring(write(tmp_path, *rows))
    before = Step.objects.count()
    assert numbers(bring(write(tmp_path, *rows), at=AT + 1)[0]) == (20, 0, 0, 20, 0)
    assert Step.objects.count() == before
    rows[3] |= {"how": "broken"}
    rows[4] |= {"x": "10.15", "y": "50.02"}
    assert numbers(bring(write(tmp_path, *rows, {"id": "new"}), at=AT + 2)[0]) == (21, 1, 2, 18, 0)
    changed = Component.objects.get(source_key="3")
    assert [step.what for step in queries.history(changed)] == ["state", "imported"]
    assert queries.history(Component.objects.get(source_key="4"))[0].what == "moved"
    assert not list(ledger.verify())


def test_what_the_city_changed_stays_until_the_source_says_something_new(town, tmp_path):
    bring(write(tmp_path, {}))
    one = Component.objects.get()
    keeping.change(code=one.code, state="lost", by=BY, at=AT + 1)
    assert numbers(bring(write(tmp_path, {}), at=AT + 2)[0]) == (1, 0, 0, 1, 0)
    assert Component.objects.get().state == "lost"
    bring(write(tmp_path, {"name": "Gate"}), at=AT + 3)
    assert Component.objects.get().state == "intact"


def test_what_the_file_has_no_column_for_stays_as_the_city_has_it(town, tmp_path):
    bare = rules(columns={"key": "id", "name": "name", "type": "what"})
    bring(write(tmp_path, {}), bare)
    one = Component.objects.get()
    keeping.change(
        code=one.code, state="lost", accuracy="C", installed=date(2001, 2, 3), attributes={"kind": "led", "height": 9},
        organisations={"maintainer": town.orgs["parks"].pk}, by=BY, at=AT + 1,
    )  # fmt: skip
    assert numbers(bring(write(tmp_path, {"name": "Gate"}), bare, at=AT + 2)[0]) == (1, 0, 1, 0, 0)
    one = Component.objects.get()
    assert (one.name, one.state, one.accuracy, str(one.installed)) == ("Gate", "lost", "C", "2001-02-03")
    assert one.maintainer == town.orgs["parks"].pk
    assert one.attributes == {"kind": "led", "height": 7.5}, "of those, the file speaks of the height"


def test_an_attribute_that_a_row_says_nothing_of_any_more_is_taken_away(town, tmp_path):
    bring(write(tmp_path, {}))
    assert Component.objects.get().attributes == {"height": 7.5}
    bring(write(tmp_path, {"h": ""}), at=AT + 1)
    assert Component.objects.get().attributes == {}


def test_the_same_rows_written_another_way_change_nothing(town, tmp_path):
    rows = [{"id": "1", "name": "三号灯"}, {"id": "2"}]
    path = write(tmp_path, *rows)
    bring(path)
    other = tmp_path / "gbk.csv"
    other.write_bytes(path.read_text(encoding="utf-8").replace(",", ";").encode("gbk"))
    source = {"name": "lamps", "encoding": "gbk", "delimiter": ";", "origin": "another department"}
    assert numbers(bring(other, rules(source=source), at=AT + 1)[0]) == (2, 0, 0, 2, 0)


@pytest.mark.parametrize(
    ("x", "y", "field", "reason"),
    [
        ("10,05", "50,07", "x", 'decimal = ","'), ("10.05", "about 50", "y", "'about 50' is no number"),
        ("", "50.07", "x", "no place"), ("10.05", "", "y", "no place"), ("0", "0", "x", "no place"),
        ("50.07", "124.05", "x", "swapped"), ("500123.4", "3321000.7", "x", "no degrees"),
        ("nan", "50", "x", "'nan' is no number"), ("11.05", "50.07", "x", "outside the city"),
    ],
)  # fmt: skip
def test_a_place_that_is_none_says_why(town, tmp_path, x, y, field, reason):
    _tally, rejects = bring(write(tmp_path, {"x": x, "y": y}))
    assert rejects[0]["field"] == field and reason in rejects[0]["reason"]


def test_numbers_with_a_comma_before_the_decimals(town, tmp_path):
    comma = rules(source={"name": "lamps", "decimal": ","})
    rows = [{"x": "10,05", "y": "50,07", "h": "7,5"}, {"id": "2", "h": "7.5"}, {"id": "3", "h": "1.234,5"}]
    tally, rejects = bring(write(tmp_path, *rows), comma)
    assert numbers(tally) == (3, 2, 0, 0, 1) and rejects[0]["field"] == "h"
    assert [(one.lon, one.lat, one.attributes) for one in Component.objects.order_by("code")] == [
        (10.05, 50.07, {"height": 7.5})
    ] * 2
    assert numbers(bring(write(tmp_path, {}), at=AT + 1)[0]) == (1, 0, 0, 1, 0), "with a point it says the same"


@pytest.mark.parametrize("day", ["2001-2-3", "2001/2/3", "2001.02.03", "2001年2月3日", "2001/2/3 0:00"])
def test_days_as_spreadsheets_write_them(town, tmp_path, day):
    _tally, rejects = bring(write(tmp_path, {"since": day}))
    assert not rejects and str(Component.objects.get().installed) == "2001-02-03"


@pytest.mark.parametrize(("said", "written"), [("utf-8", "gb18030"), ("gbk", "utf-8")])
def test_a_file_in_another_encoding_than_said_names_the_right_one(town, tmp_path, said, written):
    path = write(tmp_path, {"name": "三号灯"})
    path.write_bytes(path.read_text(encoding="utf-8").replace("id,", "编号,").encode(written))
    asked = rules(source={"name": "lamps", "encoding": said}, columns={"key": "编号", "type": "what"}, attributes={})
    with pytest.raises(Refusal) as refused:
        bring(path, asked)
    assert refused.value.field == "source.encoding" and f'encoding = "{written}"' in str(refused.value)


def test_an_attribute_that_must_be_there_may_have_a_default(town, tmp_path):
    species = {"species": {"column": "name", "empty": ["unknown"], "default": "tree", "values": {"plane": "Platanus"}}}
    trees = rules(types={"default": "street_tree"}, columns={"key": "id"}, attributes=species)
    rows = [{"id": "1"}, {"id": "2", "name": "unknown"}, {"id": "3", "name": "plane"}]
    assert numbers(bring(write(tmp_path, *rows), trees)[0]) == (3, 3, 0, 0, 0)
    assert [one.attributes["species"] for one in Component.objects.order_by("source_key")] == [
        "tree", "tree", "Platanus",
    ]  # fmt: skip


def test_what_a_map_means_is_written_as_it_always_was():
    """Rows are known again by a digest of it: another would let every file overwrite what the city changed."""
    said = json.loads(_meaning(rules()))
    assert said["source"] == {
        "name": "lamps", "format": "", "encoding": "utf-8", "delimiter": ",", "quote": '"', "origin": "", "terms": "",
    }  # fmt: skip
    assert said["attributes"] == {"height": {"column": "h", "values": {}, "empty": ["0"], "constant": ""}}


@pytest.mark.once  # PostgreSQL plans with the values, and reads a small table whole
def test_rows_that_are_there_are_found_by_the_index(town, tmp_path):
    """On SQLite, too: a file of hundreds of thousands of rows, brought again, else reads the table for each chunk."""
    path = write(tmp_path, {}, {"id": "2"})
    bring(path)
    with CaptureQueriesContext(connection) as asked:
        bring(write(tmp_path, {"name": "Gate"}, {"id": "2"}), at=AT + 1)
    known = [one["sql"] for one in asked if '"source_key" IN' in one["sql"]]
    assert len(known) == 3
    for sql in known:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            assert "component_source_key_once" in str(cursor.fetchall()), sql


def test_a_key_twice_in_a_file_is_one_component(town, tmp_path):
    tally, _ = bring(write(tmp_path, {}, {}, {"how": "broken"}))
    assert numbers(tally) == (3, 1, 1, 1, 0)
    assert Component.objects.get().state == "damaged"


def test_codes_that_came_along(town, tmp_path):
    put(code="1001010137000005")
    rows = [
        {"id": "a", "code": "1001010137000009"}, {"id": "b", "code": "1001010137000009"},
        {"id": "c", "code": "1001010137000005"}, {"id": "d"}, {"id": "b", "code": "1001010137000009"},
    ]  # fmt: skip
    tally, rejects = bring(write(tmp_path, *rows))
    assert numbers(tally) == (5, 2, 0, 0, 3)
    assert [(one["row"], one["field"]) for one in rejects] == [("2", "code"), ("3", "code"), ("5", "code")]
    assert Component.objects.get(source_key="d").code == "1001010137000010"
    _, rejects = bring(write(tmp_path, {"id": "a", "code": "1001010137000011"}))
    assert "its code is" in rejects[0]["reason"]


def test_a_component_keeps_its_type(town, tmp_path):
    plain = rules(types={"values": {"L": "lamp", "T": "camera"}}, attributes={})
    bring(write(tmp_path, {}), plain)
    _, rejects = bring(write(tmp_path, {"what": "T"}), plain)
    assert rejects[0]["field"] == "what" and Component.objects.get().type == "lamp"


def test_gcj02_is_turned_into_wgs84_where_it_is_declared(town, tmp_path, monkeypatch):
    x, y = to_gcj02(np.array([121.4]), np.array([31.2]))
    everywhere = SimpleNamespace(locate_many=lambda xs, ys: np.array(["100101001"] * len(xs), object))
    monkeypatch.setattr("cityloop.town.components.importing.records.units.locator", lambda: everywhere)
    declared = rules(place={"lon": "x", "lat": "y", "datum": "gcj02"})
    import_components(
        path=write(tmp_path, {"x": f"{x[0]:.9f}", "y": f"{y[0]:.9f}"}), rules=declared,
        reject_file=tmp_path / "r.csv", by=BY, at=AT,
    )  # fmt: skip
    assert abs(x[0] - 121.4) > 0.003  # what an undeclared file would have been wrong by
    one = Component.objects.get()
    assert (one.lon, one.lat) == pytest.approx((121.4, 31.2), abs=1e-6)


def test_geojson_and_gzip_are_read_too(town, tmp_path):
    point = {"type": "Point", "coordinates": [10.05, 50.07]}
    line = {"type": "LineString", "coordinates": [[10.15, 50.02], [10.15, 50.03]]}
    features = [
        {"type": "Feature", "geometry": point, "properties": {"id": 1, "what": "L", "h": 6}},
        {"type": "Feature", "geometry": line, "properties": {"id": "2", "what": "L", "how": "废弃"}},
        {"type": "Feature", "geometry": None, "properties": {"id": 3, "what": "L"}},
    ]
    path = tmp_path / "lamps.geojson.gz"
    path.write_bytes(gzip.compress(json.dumps({"type": "FeatureCollection", "features": features}).encode()))
    columns = {"key": "id", "type": "what", "state": "how"}
    tally, rejects = bring(path, rules(columns=columns, place={}))
    assert numbers(tally) == (3, 2, 0, 0, 1)
    assert rejects[0]["field"] == "geometry.lon"
    states = dict(Component.objects.values_list("source_key", "state"))
    assert states == {"1": "intact", "2": "discarded"}
    assert Component.objects.get(source_key="1").attributes == {"height": 6}


@pytest.mark.parametrize(
    ("crs", "taken"),
    [("urn:ogc:def:crs:EPSG::3857", False), ("EPSG:28992", False), ("urn:ogc:def:crs:OGC:1.3:CRS84", True),
     ("EPSG:4490", True)],
)  # fmt: skip
def test_geojson_that_says_it_stands_in_something_else_is_refused(town, tmp_path, crs, taken):
    point = {"type": "Point", "coordinates": [10.05, 50.07]}
    feature = {
        "type": "Feature",
        "geometry": point,
        "properties": {"id": 1, "what": "L", "h": 6, "x": 10.05, "y": 50.07},
    }
    said = {"type": "name", "properties": {"name": crs}}
    path = tmp_path / "lamps.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": said, "features": [feature]}))
    if taken:
        assert numbers(bring(path, rules(columns={"key": "id", "type": "what"}, place={}))[0])[1] == 1
        return
    with pytest.raises(Refusal) as refused:
        bring(path, rules(columns={"key": "id", "type": "what"}, place={}))
    assert refused.value.field == "place" and crs in str(refused.value)
    declared = rules(columns={"key": "id", "type": "what"}, place={"lon": "x", "lat": "y"})
    assert numbers(bring(path, declared)[0])[1] == 1, "columns of the map are in degrees, whatever the geometry is"


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("a.geojson", b"{", "file"), ("a.geojson", b'{"type": "FeatureCollection"}', "file"),
        ("a.geojson", b"[" * 100_000, "file"), ("a.csv", b"", "file"),
        ("a.csv", b"other,columns\n1,2\n", "columns.key"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_refused_whole(town, tmp_path, name, body, field):
    path = tmp_path / name
    path.write_bytes(body)
    with pytest.raises(Refusal) as refused:
        bring(path)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"types": {"default": "spaceship"}}, "types.default"),
        ({"types": {"values": {"L": "spaceship"}}}, "types.values"),
        ({"organisations": {"owner": "nobody"}}, "organisations.owner"),
        ({"attributes": {"colour": {"column": "h"}}}, "attributes.colour"),
        ({"attributes": {"height": {"column": "h", "constant": "3"}}}, "attributes.height"),
        ({"place": {"lon": "x"}}, "place"), ({"states": {"values": {"ok": "fine"}}}, "states.values.ok"),
        ({"nonsense": 1}, "nonsense"),
    ],
)  # fmt: skip
def test_a_map_that_is_wrong_is_refused_by_its_key(town, tmp_path, more, field):
    with pytest.raises(Refusal) as refused:
        bring(write(tmp_path, {}), rules(**more))
    assert refused.value.field == field


def test_a_run_cut_off_goes_on_where_it_was(town, tmp_path, monkeypatch):
    path = write(tmp_path, *({"id": str(n), "x": f"{10.01 + n / 10000}"} for n in range(700)))
    real, left = importing.insert, [1]

    def cut(rows: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        real(rows)

    monkeypatch.setattr(importing, "LARGE", 300)
    monkeypatch.setattr(importing, "insert", cut)
    with pytest.raises(KeyboardInterrupt):
        bring(path)
    assert Component.objects.count() == 300
    monkeypatch.setattr(importing, "insert", real)
    assert numbers(bring(path)[0]) == (700, 400, 0, 300, 0)
    assert Component.objects.values("code").distinct().count() == 700


@pytest.mark.django_db(transaction=True)
def test_two_runs_and_many_hands_at_once_never_give_a_code_twice(tmp_path):
    build(tmp_path)
    furnish()
    path = write(tmp_path, *({"id": str(n), "x": f"{10.01 + n / 10000}"} for n in range(400)))
    faults: list[BaseException] = []

    def run(work: Any) -> None:
        try:
            work()
        except BaseException as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    def whole(name: str) -> None:
        import_components(path=path, rules=rules(), reject_file=tmp_path / name, by=BY, at=AT)

    def hands() -> None:
        for _ in range(10):
            put()

    works = [lambda: whole("a.csv"), lambda: whole("b.csv"), hands, hands]
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert Component.objects.count() == 420 == Component.objects.values("code").distinct().count()
    assert counted() == recounted()
    assert not list(ledger.verify())
