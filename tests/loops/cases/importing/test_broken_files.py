"""Broken rows, wrong encodings, hostile text: each row taken or named, none lost, none doubled."""

import csv
import gzip
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases import numbers
from cityloop.loops.cases.importing.actions import Tally, import_cases
from cityloop.loops.cases.importing.mapping import ImportMap, read_map
from cityloop.loops.cases.models import Case
from cityloop.loops.cases.rebuilding import all_differences
from cityloop.loops.cases.replaying.policy import read_policy
from cityloop.town.catalog import queries as catalog
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.queries import verify
from cityloop.town.orgs import queries as orgs
from cityloop.town.tabular import writing
from cityloop.town.tabular.source import validated
from tests.loops.cases.smallville import AT, DAY, Town
from tests.town.staff import BY

HEADER = "id,opened,closed,kind,who,lon,lat,district,state\n"
GOOD = "{},2018-10-20T10:00:00,2018-10-20T12:00:00,tree,parks,10.05,50.07,West,Closed\n"


def rules(**more: Any) -> ImportMap:
    data: dict[str, Any] = {
        "source": {"name": "old"},
        "time": {"zone": "America/New_York"},
        "columns": {
            "key": "id", "created": "opened", "closed": "closed", "matter": "kind", "agency": "who", "status": "state",
        },
        "place": {"lon": "lon", "lat": "lat", "areas": [{"column": "district", "level": "district"}]},
        "matters": {"prefix": ""},
    }  # fmt: skip
    return validated(ImportMap, {**data, **more}, "map")


def take(tmp_path: Path, content: str | bytes, name: str = "file.csv", **more: Any) -> Tally:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    tally = import_cases(path=path, rules=rules(**more), reject_file=tmp_path / "rejected.csv", by=BY, at=AT)
    assert tally.rows == tally.cases + tally.updated + tally.rejected
    assert list(verify()) == []
    return tally


def rejected(tmp_path: Path) -> list[dict[str, str]]:
    with (tmp_path / "rejected.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def case(key: str) -> Case:
    return Case.objects.get(source="old", source_key=key)


def test_a_row_becomes_a_case_and_nothing_more(town: Town, tmp_path: Path):
    assert take(tmp_path, HEADER + GOOD.format("A1")).cases == 1
    found = case("A1")
    assert (found.state, found.matter, found.origin, found.precision) == ("closed", "tree", "import", "second")
    assert (found.filed, found.due, found.resolution, found.marked) == (None, None, "", "")
    assert found.unit_code.startswith("100102") or found.unit_code.startswith("100101")
    steps = list(Step.objects.filter(subject=found.subject).order_by("seq"))
    assert [s.what for s in steps] == ["collect", "close_by_source"]
    assert {(s.actor, s.name, s.origin) for s in steps} == {("source", "source:old", "import")}
    assert steps[1].at - steps[0].at == 2 * 3600 * 1_000_000


def test_rows_that_cannot_be_taken_are_named(town: Town, tmp_path: Path):
    content = (
        HEADER
        + GOOD.format("A1")
        + "A2,2018-10-20T10:00:00,too few\n"
        + ",2018-10-20T10:00:00,,tree,parks,10.05,50.07,West,Open\n"
        + "A4,the day before,,tree,parks,10.05,50.07,West,Open\n"
        + "A5,0018-10-20T10:00:00,,tree,parks,10.05,50.07,West,Open\n"
        + "\n"
        + "x" * 130
        + ",2018-10-20T10:00:00,,tree,parks,10.05,50.07,West,Open\n"
        + GOOD.format("A7")
    )
    tally = take(tmp_path, content)
    assert (tally.rows, tally.cases, tally.rejected) == (7, 2, 5)
    found = rejected(tmp_path)
    assert [(r["row"], r["field"]) for r in found] == [
        ("2", "row"), ("3", "id"), ("4", "opened"), ("5", "opened"), ("6", "id"),
    ]  # fmt: skip
    assert found[0]["reason"] == "it has 3 fields where the header has 9"
    assert [r["line"] for r in found] == ["3", "4", "5", "6", "8"]


def test_a_stray_quote_swallows_no_other_row(town: Town, tmp_path: Path):
    content = HEADER + GOOD.format('"A1') + "".join(GOOD.format(f"B{n}") for n in range(300)) + GOOD.format("A2")
    tally = take(tmp_path, content)
    assert (tally.rows, tally.cases, tally.rejected) == (302, 301, 1)
    assert rejected(tmp_path)[0]["row"] == "1"


def test_a_huge_field_costs_one_row(town: Town, tmp_path: Path):
    huge = GOOD.format("H1").replace("Closed", "x" * 200_000)
    endless = GOOD.format("H2").replace("Closed", "y" * 3_000_000)
    tally = take(tmp_path, HEADER + huge + GOOD.format("A1") + endless + GOOD.format("A2"))
    assert (tally.rows, tally.cases, tally.rejected) == (4, 2, 2)
    assert all("longer than" in r["reason"] for r in rejected(tmp_path))


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("utf-8-sig", "utf-8"), ("latin-1", "latin-1"), ("gb18030", "gb18030"), ("utf-16", "utf-16")],
)
def test_encodings_are_read_as_declared(town: Town, tmp_path: Path, encoding: str, declared: str):
    status = "已结" if encoding == "gb18030" else "Fermé"
    content = (HEADER + GOOD.format("A1").replace("Closed", status)).encode(encoding)
    assert take(tmp_path, content, source={"name": "old", "encoding": declared}).cases == 1
    assert case("A1").source_status == status


def test_bytes_in_another_encoding_cost_their_rows_only(town: Town, tmp_path: Path):
    content = (
        HEADER.encode() + GOOD.format("A1").replace("Closed", "Fermé").encode("latin-1") + GOOD.format("A2").encode()
    )
    tally = take(tmp_path, content)
    assert (tally.cases, tally.rejected) == (1, 1)
    assert rejected(tmp_path)[0]["field"] == "state"


def test_an_unknown_encoding_and_a_missing_column_are_refused(town: Town, tmp_path: Path):
    with pytest.raises(Refusal) as unknown:
        take(tmp_path, HEADER, source={"name": "old", "encoding": "klingon"})
    assert unknown.value.field == "source.encoding"
    with pytest.raises(Refusal) as missing:
        take(tmp_path, "id,opened\nA1,2018-10-20\n")
    assert (missing.value.code, missing.value.field) == ("import.column", "columns.closed")
    with pytest.raises(Refusal) as empty:
        take(tmp_path, "")
    assert empty.value.code == "import.empty"


def test_a_file_written_otherwise_is_refused_with_the_key_that_says_how(town: Town, tmp_path: Path):
    with pytest.raises(Refusal) as refused:
        take(tmp_path, HEADER.replace(",", ";") + GOOD.format("A1").replace(",", ";"))
    assert refused.value.field == "source.delimiter"
    assert str(refused.value) == '";" separates the columns of the file: say delimiter = ";" in [source].'
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        with pytest.raises(Refusal) as refused:
            take(tmp_path, (HEADER + GOOD.format("A1")).encode(encoding))
        assert (refused.value.field, "\0" in str(refused.value)) == ("source.encoding", False)
    assert take(tmp_path, HEADER.replace(",", ";") + GOOD.format("A1").replace(",", ";"),
                source={"name": "old", "delimiter": ";"}).cases == 1  # fmt: skip


def test_a_file_cut_short_is_said_so(town: Town, tmp_path: Path):
    text = HEADER + "".join(GOOD.format(f"A{n}") for n in range(3000))
    tally = take(tmp_path, gzip.compress(text.encode())[:-400], "file.csv.gz")
    assert tally.rejected >= 1
    assert tally.cases >= 1
    assert "ends here before its time" in rejected(tmp_path)[-1]["reason"]


def test_hostile_text_stays_text(town: Town, tmp_path: Path):
    words = ["=HYPERLINK(1)", "<script>alert(1)</script>", "'; DROP TABLE cases_case; --", "\u202egnp.exe", "a\x00b"]
    lines = [GOOD.format(f"={n}").replace("Closed", f'"{word}"') for n, word in enumerate(words)]
    assert take(tmp_path, HEADER + "".join(lines) + GOOD.format("=bad").replace("2018", "=1+1")).cases == len(words)
    found = [case(f"={n}").source_status for n in range(len(words))]
    assert found == ["=HYPERLINK(1)", "<script>alert(1)</script>", "'; DROP TABLE cases_case; --", "gnp.exe", "ab"]
    assert not any(cell.startswith(("=", "+", "@")) for row in rejected(tmp_path) for cell in row.values())


def test_what_no_database_keeps_is_dropped_from_names_too(town: Town, tmp_path: Path):
    rows = [GOOD.format("A\x001"), GOOD.format("A2").replace("tree", "Lo\x00st").replace("parks", "D\x00W")]
    assert take(tmp_path, HEADER + "".join(rows)).cases == 2
    assert (case("A1").matter, case("A2").matter) == ("tree", "lost")
    made = orgs.directory()["dw"]
    assert (made.id, made.names["en"]) == (case("A2").lead_org, "DW")


def test_a_key_twice_is_one_case_brought_up_to_date(town: Town, tmp_path: Path):
    open_ = GOOD.format("A1").replace("2018-10-20T12:00:00", "").replace("Closed", "Open")
    tally = take(tmp_path, HEADER + open_ + GOOD.format("A1") + GOOD.format("A1"))
    assert (tally.rows, tally.cases, tally.updated, tally.unchanged) == (3, 1, 2, 1)
    assert (case("A1").state, case("A1").source_status) == ("closed", "Closed")


@pytest.mark.parametrize("size", [1, 2, 500])
def test_a_key_in_several_rows_is_as_its_last_sound_one_says_however_often_it_comes(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
):
    monkeypatch.setattr(writing, "Pace", partial(writing.Pace, size))
    open_ = GOOD.replace("2018-10-20T12:00:00", "").replace("Closed", "Open")
    rows = [open_.format("A1"), open_.format("A2"), open_.format("A1").replace("Open", "New"), GOOD.format("B1"),
            GOOD.format("A1"), GOOD.format("A1").replace("2018-10-20T10", "someday")]  # fmt: skip
    tally = take(tmp_path, HEADER + "".join(rows))
    assert (tally.cases, tally.updated, tally.unchanged, tally.rejected) == (3, 2, 1, 1)
    before = Step.objects.count()
    tally = take(tmp_path, HEADER + "".join(rows))
    assert (tally.cases, tally.updated, tally.unchanged, tally.rejected) == (0, 5, 5, 1)
    assert (Step.objects.count(), case("A1").source_status, case("A1").marked) == (before, "Closed", "")


def test_a_later_file_closes_what_was_open(town: Town, tmp_path: Path):
    open_ = GOOD.format("A1").replace("2018-10-20T12:00:00", "").replace("Closed", "Open")
    take(tmp_path, HEADER + open_ + GOOD.format("A2"))
    assert case("A1").state == "collected"
    tally = take(tmp_path, HEADER + GOOD.format("A1") + GOOD.format("A2"))
    assert (tally.cases, tally.updated, tally.unchanged) == (0, 2, 1)
    assert case("A1").state == "closed"
    assert Step.objects.filter(subject=case("A1").subject).count() == 2


def test_a_closing_known_by_its_day_keeps_a_case_out_of_hours(town: Town, tmp_path: Path):
    time = {"zone": "America/New_York", "midnight": "day"}
    open_ = GOOD.format("A2").replace("2018-10-20T12:00:00", "").replace("Closed", "Open")
    day = GOOD.replace("2018-10-20T12:00:00", "2018-10-21T00:00:00")
    take(tmp_path, HEADER + day.format("A1") + open_ + GOOD.format("A3"), time=time)
    assert [case(key).precision for key in ("A1", "A2", "A3")] == ["day", "second", "second"]
    assert take(tmp_path, HEADER + day.format("A2") + GOOD.format("A1"), time=time).updated == 2
    assert [(case(key).precision, case(key).state) for key in ("A1", "A2")] == [("day", "closed")] * 2
    assert list(all_differences()) == []
    Case.objects.filter(source_key="A2").update(precision="second")
    assert [(f.code, f.where) for f in all_differences()] == [("case.columns", case("A2").subject)]


def test_what_the_source_takes_back_is_marked_not_rewritten(town: Town, tmp_path: Path):
    take(tmp_path, HEADER + GOOD.format("A1"))
    take(tmp_path, HEADER + GOOD.format("A1").replace("2018-10-20T12:00:00", ""))
    assert (case("A1").state, case("A1").marked) == ("closed", "source_changed")


def test_times_that_cannot_be_are_kept_and_marked(town: Town, tmp_path: Path):
    row = "{},{},{},tree,parks,10.05,50.07,West,Closed\n"
    content = (
        HEADER
        + row.format("back", "2018-10-20T10:00:00", "2018-10-20T09:00:00")
        + row.format("zero", "2018-10-20T10:00:00", "2018-10-20T10:00:00")
        + row.format("ahead", "2031-01-01T10:00:00", "")
        + row.format("later", "2018-10-20T10:00:00", "2031-01-01T10:00:00")
        + row.format("odd", "2018-10-20T10:00:00", "someday")
    )
    tally = take(tmp_path, content)
    assert (tally.cases, tally.marked, tally.rejected) == (5, 5, 0)
    marks = {key: case(key).marked for key in ("back", "zero", "ahead", "later", "odd")}
    assert marks == {
        "back": "impossible_time", "zero": "zero_time", "ahead": "future_time", "later": "future_time",
        "odd": "unreadable_time",
    }  # fmt: skip
    assert case("back").closed == case("back").created
    assert case("later").closed is None
    import_cases(path=tmp_path / "file.csv", rules=rules(), reject_file=tmp_path / "r.csv", by=BY, at=AT + 5000 * DAY)
    assert (case("later").state, case("later").marked) == ("closed", "")


def test_what_begins_before_1970_is_named_and_stops_no_other_row(town: Town, tmp_path: Path):
    row = "{},{},{},tree,parks,10.05,50.07,West,Closed\n"
    content = (
        HEADER
        + row.format("old", "1900-01-01T00:00:00Z", "")
        + row.format("eve", "1969-12-31T23:59:59Z", "")
        + row.format("east", "1970-01-01T00:00:00+08:00", "")
        + row.format("first", "1970-01-01T00:00:00Z", "1970-01-02T00:00:00Z")
        + row.format("blank", "2018-10-20T10:00:00", "1900-01-01T00:00:00")
        + GOOD.format("A1")
    )
    tally = take(tmp_path, content)
    assert (tally.cases, tally.rejected) == (3, 3)
    found = rejected(tmp_path)
    assert [r["field"] for r in found] == ["opened"] * 3
    assert found[0]["reason"] == "the year 1900 lies outside 1970 to 2199"
    assert found[2]["reason"] == "'1970-01-01T00:00:00+08:00' lies before 1970 in UTC"
    assert (case("first").created, case("first").closed) == (0, DAY)
    assert (case("blank").marked, case("blank").state) == ("impossible_time", "closed")
    assert numbers.years(AT)[-1][0] == 1969  # west of Greenwich it is that year still


def test_places_by_point_by_name_or_not_at_all(town: Town, tmp_path: Path):
    row = "{},2018-10-20T10:00:00,,tree,parks,{},{},{},Open\n"
    content = (
        HEADER
        + row.format("point", "10.05", "50.07", "East")
        + row.format("name", "", "", "East")
        + row.format("outside", "12.0", "50.07", "East")
        + row.format("nowhere", "", "", "Atlantis")
        + row.format("wrong", "ten", "50.07", "West")
        + row.format("null", "0", "0", "West")
        + row.format("far", "1000", "50.07", "")
    )
    take(tmp_path, content)
    found = {c.source_key: (c.unit_code, c.lon, c.marked) for c in Case.objects.filter(source="old")}
    east = found["name"][0]
    assert east.endswith("000") and not found["point"][0].endswith("000")
    assert found["point"][1] == 10.05
    assert found["outside"] == (east, None, "outside_city")
    assert found["nowhere"] == ("100199", None, "")
    west = found["wrong"][0]
    assert found["wrong"] == (west, None, "unreadable_place") and west.endswith("000") and west != east
    assert found["null"] == (west, None, "unreadable_place")
    assert found["far"] == ("100199", None, "unreadable_place")


def test_unknown_matters_and_agencies_as_the_map_says(town: Town, tmp_path: Path):
    strange = GOOD.format("A1").replace("tree", "Lost cat").replace("parks", "Cats & Co")
    nobody = {"unknown": "none"}
    assert take(tmp_path, HEADER + strange, matters={"unknown": "reject"}, agencies=nobody).rejected == 1
    assert rejected(tmp_path)[0]["field"] == "kind"
    assert take(tmp_path, HEADER + strange, matters=nobody, agencies=nobody).cases == 1
    assert (case("A1").matter, case("A1").lead_org) == ("", 0)
    assert take(tmp_path, HEADER + strange.replace("A1", "A2")).cases == 1
    assert case("A2").matter == "lost_cat"
    assert case("A2").lead_org > 0


def test_agencies_whose_letters_give_one_key_stay_apart_in_later_files(town: Town, tmp_path: Path):
    def lead(key: str, who: str, **agencies: Any) -> str:
        assert take(tmp_path, HEADER + GOOD.format(key).replace("parks", who), agencies=agencies).cases == 1
        return next(org.key for org in orgs.directory().values() if org.id == case(key).lead_org)

    given = {"B区水务局": {"en": "Water of B"}, "B区城管局": {"en": "Streets of B"}}
    assert (lead("A1", "A区城管局"), lead("A2", "A区水务局"), lead("A3", "A区城管局")) == ("a", "a_2", "a")
    assert (lead("B1", "B区城管局", names=given), lead("B2", "B区水务局", names=given)) == ("b", "b_2")
    assert (lead("B3", "B区水务局", names=given), lead("B4", "Water of B")) == ("b_2", "b_2")
    assert (lead("C1", "parks", prefix="c."), lead("C2", "c" * 250), lead("C3", "c" * 250)) == (
        "c.parks", "c" * 56, "c" * 56,
    )  # fmt: skip


def test_new_matters_beside_those_of_another_plate(town: Town, tmp_path: Path):
    assert take(tmp_path, HEADER + GOOD.format("A1") + GOOD.format("A2").replace("tree", "Lost cat")).cases == 2
    assert (case("A1").matter, case("A2").matter) == ("tree", "lost_cat")
    added = next(plate for plate in catalog.published().plates if plate.key == "old")
    assert {rule.matter for rule in added.responsibility} == {"lost_cat"}


def test_parquet_is_read_like_csv(town: Town, tmp_path: Path):
    table = pa.table(
        {
            "id": [1, 2, None], "opened": ["2018-10-20T10:00:00"] * 3, "closed": [None, "2018-10-20T12:00:00", None],
            "kind": ["tree"] * 3, "who": ["parks"] * 3, "lon": [10.05, None, 10.05], "lat": [50.07, None, 50.07],
            "district": ["West"] * 3, "state": ["x"] * 3,
        }
    )  # fmt: skip
    path = tmp_path / "file.parquet"
    pq.write_table(table, path)
    tally = import_cases(path=path, rules=rules(), reject_file=tmp_path / "rejected.csv", by=BY, at=AT)
    assert (tally.rows, tally.cases, tally.rejected) == (3, 2, 1)
    assert case("2").state == "closed"


def test_parquet_that_is_odd_costs_the_rows_that_are(town: Town, tmp_path: Path):
    second = 1_540_029_600 * 10**9
    texts = pa.array([b"ok", b"\xff", b"ok", b"ok"]).view(pa.utf8())
    table = pa.table(
        {
            " id": ["1", "2", "3", "4"], "opened ": pa.array([second, second, second + 1, second], pa.timestamp("ns")),
            "closed": pa.array([None, None, None, 10**12], pa.timestamp("s")), "kind": ["tree"] * 4,
            "who": ["parks"] * 4, "lon": [10.05] * 4, "lat": [50.07] * 4, "district": ["West"] * 4,
            "state": texts, "kind ": ["x"] * 4,
        }
    )  # fmt: skip
    path = tmp_path / "file.parquet"
    pq.write_table(table, path)
    tally = import_cases(path=path, rules=rules(), reject_file=tmp_path / "rejected.csv", by=BY, at=AT)
    assert (tally.rows, tally.cases, tally.rejected) == (4, 1, 3)
    assert [(r["row"], r["field"]) for r in rejected(tmp_path)] == [("2", "state"), ("3", "opened"), ("4", "closed")]


def test_a_header_that_is_none_is_refused(town: Town, tmp_path: Path):
    with pytest.raises(Refusal) as refused:
        take(tmp_path, '"' + HEADER + GOOD.format("A1") * 3000)
    assert (refused.value.code, refused.value.field) == ("import.header", "file")


def test_a_level_or_layer_that_is_not_is_refused_before_anything_is_written(town: Town, tmp_path: Path):
    for area, field in (({"level": "distrikt"}, "level"), ({"layer": "zip"}, "layer")):
        areas = [{"column": "district", "level": "district"}, {"column": "district", **area}]
        with pytest.raises(Refusal) as refused:
            take(tmp_path, HEADER + GOOD.format("A1").replace("parks", "zoo"), place={"areas": areas})
        assert refused.value.field == f"place.areas.1.{field}"
    assert "zoo" not in orgs.directory()


def test_maps_that_are_wrong_are_refused_by_key(tmp_path: Path):
    path = tmp_path / "map.toml"
    for text, field in (
        ("[source]\nname = 'Big City'\n", "source.name"),
        ("[source]\nname = 'x'\n[time]\nzone = 'Mars/Base'\n", "time.zone"),
        ("[source]\nname = 'x'\n[time]\nzone = 'UTC'\n[columns]\nkey = 'a'\n", "columns.created"),
        (
            "[source]\nname = 'x'\n[time]\nzone = 'UTC'\n[columns]\nkey = 'a'\ncreated = 'b'\nshade = 'c'\n",
            "columns.shade",
        ),
        ("[source\n", "map"),
    ):
        path.write_text(text)
        with pytest.raises(Refusal) as refused:
            read_map(path)
        assert refused.value.field == field


def test_all_that_is_wrong_in_a_map_is_told_by_line_and_in_plain_words(tmp_path: Path):
    path = tmp_path / "map.toml"
    path.write_text(
        "[source]\nname = 'Big City'\n[time]\nzone = 'UTC'\nmidnight = 'noon'\n"
        "[columns]\nkey = 7\ncreated = 'b'\nshade = 'c'\n"
    )
    with pytest.raises(Refusal) as refused:
        read_map(path)
    assert str(refused.value).splitlines() == [
        "The map is wrong:",
        "map.toml:2: source.name: a key is of small letters, digits and . _ -",
        "map.toml:5: time.midnight: write 'instant' or 'day'",
        "map.toml:7: columns.key: write a text, in quotes",
        "map.toml:9: columns.shade: nothing of this name belongs here",
    ]


def test_all_that_is_wrong_in_a_policy_is_told_by_line(tmp_path: Path):
    path = tmp_path / "policy.toml"
    path.write_text("name = 'bad'\njitter = 2\ncolour = 'blue'\n[fractions]\nfile = 0.5\ndispatch = 0.1\n")
    with pytest.raises(Refusal) as refused:
        read_policy(path)
    assert refused.value.code == "import.policy"
    assert str(refused.value).splitlines()[1:] == [
        "policy.toml:2: jitter: at most 0.5",
        "policy.toml:3: colour: nothing of this name belongs here",
        "policy.toml:4: fractions: a later step has a smaller fraction than an earlier one",
    ]
