"""Lists and cases as files: what is seen and no more, in every form, for spreadsheets that would run formulas."""

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest
from django.db import connection

from cityloop.doors.web.desk import exports, paper
from cityloop.loops.cases.models import Case
from cityloop.loops.cases.search import queries as search
from cityloop.loops.cases.search.actions import index
from cityloop.town.ledger.models import Step
from cityloop.town.worklist.actions import sweep
from tests.doors.web.conftest import number
from tests.loops.cases.smallville import DAY, STRAIGHT


def taken(browser, kind, **query):
    answer = browser.get(f"/desk/cases.{kind}", query)
    assert answer.status_code == 200, answer.content[:300]
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert f'filename="cases.{kind}"' in answer["Content-Disposition"]
    return body


def rows(browser, **query):
    return list(csv.DictReader(io.StringIO(taken(browser, "csv", **query).decode("utf-8-sig"))))


def test_a_list_as_csv_has_what_the_list_shows(at_desk, town):
    one, two = town.to("filed", address="12 Hill Road", words="secret words"), town.to("closed")
    found = rows(at_desk("shift"))
    assert [r["number"] for r in found] == [number(two), number(one)]
    assert found[1]["address"] == "12 Hill Road" and found[1]["matter_name"] == "Fallen tree"
    assert "secret words" not in json.dumps(found)
    assert [r["number"] for r in rows(at_desk("shift"), state="closed")] == [number(two)]


def test_a_file_can_be_held_against_the_source_and_every_column_is_documented(at_desk, town):
    case = town.to("dispatched")
    Case.objects.filter(pk=case).update(source="nyc311", source_key="=26973624", marked="zero_time", precision="day")
    (row,) = rows(at_desk("shift"))
    assert (row["lead_key"], row["source"], row["marked"], row["precision"]) == ("parks", "nyc311", "zero_time", "day")
    assert row["source_key"] == "'=26973624"
    told = (Path(__file__).resolve().parents[3] / "docs" / "reference" / "pages.md").read_text(encoding="utf-8")
    assert [name for name in exports.COLUMNS if f"| `{name}`" not in told and f", `{name}`" not in told] == []


def test_the_share_within_its_limit_can_be_reckoned_from_a_file(at_desk, town):
    town.to("closed")
    slow = town.to("handling")
    sweep(at=Case.objects.get(pk=slow).due + 1)
    town.at = Case.objects.get(pk=slow).due + 2
    for action, who, data in STRAIGHT[3:]:
        town.take(slow, action, who, **data)
    found = rows(at_desk("shift"), state="closed")
    assert [(r["limited"], r["late"]) for r in found] == [("True", "True"), ("True", "False")]
    assert all(r["due"] == "" for r in found), "what ran is over, so that it is told otherwise"


def test_an_upheld_appeal_stands_beside_what_was_late(at_desk, town):
    slow = town.to("handling")
    town.take(slow, "report_back", "parks", after=30 * DAY, words="Cut")
    for action, who, data in STRAIGHT[4:]:
        town.take(slow, action, who, **data)
    town.take(slow, "appeal", "parks", words="The road was closed")
    assert "appeal was upheld" not in at_desk("shift").get(f"/desk/cases/{number(slow)}").content.decode()
    for who in ("dispatcher", "shift"):
        town.take(slow, "decide", who, request=1, answer="granted")
    (row,) = rows(at_desk("shift"), state="closed")
    assert (row["late"], row["late_adjusted"]) == ("True", "False")
    page = at_desk("shift").get(f"/desk/cases/{number(slow)}").content.decode()
    assert "An appeal was upheld: it was late, and after appeals it does not count as late." in page


def test_authority_holds_for_files(at_desk, town):
    town.collect()
    mine = town.to("dispatched")
    assert [r["number"] for r in rows(at_desk("parks"))] == [number(mine)]
    assert rows(at_desk("police")) == []
    assert at_desk("police").get(f"/desk/cases/{number(mine)}.pdf").status_code == 404


def test_no_cell_is_a_formula(at_desk, town):
    town.collect(address="=cmd|' /C calc'!A0")
    assert rows(at_desk("shift"))[0]["address"].startswith("'=")
    book = zipfile.ZipFile(io.BytesIO(taken(at_desk("shift"), "xlsx")))
    assert "<f>" not in book.read("xl/worksheets/sheet1.xml").decode()


def test_geojson_and_xlsx_hold_the_same_cases(at_desk, town):
    case = town.to("filed")
    told = json.loads(taken(at_desk("shift"), "geojson"))
    assert [f["id"] for f in told["features"]] == [number(case)]
    assert told["features"][0]["geometry"]["coordinates"] == [10.05, 50.07]
    book = zipfile.ZipFile(io.BytesIO(taken(at_desk("shift"), "xlsx")))
    assert number(case) in "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))


def test_pages_of_a_file_leave_nothing_out(at_desk, town, monkeypatch):
    cases = [town.collect().case for _ in range(7)]
    monkeypatch.setattr("cityloop.loops.cases.walking.PAGE", 2)
    assert [r["number"] for r in rows(at_desk("shift"))] == [number(case) for case in reversed(cases)]


def copies(case, count):
    """Put copies of a case into the table: a long list, quickly made."""
    like = Case.objects.get(pk=case)
    known = [field.attname for field in Case._meta.concrete_fields if field.name != "id"]
    made = (Case(**{name: getattr(like, name) for name in known}) for _ in range(count))
    Case.objects.bulk_create(made, batch_size=500)


@pytest.mark.parametrize("words", ["", "Hill"])
def test_files_are_whole_and_a_workbook_says_where_it_was_cut(at_desk, town, monkeypatch, words):
    case = town.to("filed", address="12 Hill Road")
    copies(case, 2_500)
    every = list(Case.objects.order_by("-pk").values_list("pk", flat=True))
    for at in range(0, len(every), 500):
        index(every[at : at + 500])
    monkeypatch.setattr(search, "DEEP", 900)
    monkeypatch.setattr("cityloop.doors.web.sheets.MOST_XLSX", 1_200)
    desk = at_desk("shift")
    assert [r["number"] for r in rows(desk, q=words)] == [number(pk) for pk in every]
    told = json.loads(taken(desk, "geojson", q=words))
    assert (told["count"], len({f["id"] for f in told["features"]})) == (2_501, 2_501) and told["as_of"].endswith("Z")
    book = zipfile.ZipFile(io.BytesIO(taken(desk, "xlsx", q=words)))
    assert book.read("xl/worksheets/sheet1.xml").decode().count("<row ") == 1_201
    said = book.read("xl/worksheets/sheet2.xml").decode()
    assert "first 1,200 of 2,501 rows" in said and "CSV" in said
    assert 'activeTab="1"' in book.read("xl/workbook.xml").decode(), "what is cut is seen first"
    assert "first 20,000 rows" in desk.get("/desk/cases/").content.decode()


def test_a_workbook_that_is_whole_says_nothing(at_desk, town, monkeypatch):
    town.to("filed")
    copies(town.to("filed"), 1)
    monkeypatch.setattr("cityloop.doors.web.sheets.MOST_XLSX", 3)
    assert "xl/worksheets/sheet2.xml" not in zipfile.ZipFile(io.BytesIO(taken(at_desk("shift"), "xlsx"))).namelist()


@pytest.mark.django_db(transaction=True)
def test_what_happens_while_a_file_is_written(at_desk, town, monkeypatch):
    old = [town.to("filed") for _ in range(4)]
    monkeypatch.setattr("cityloop.loops.cases.walking.PAGE", 2)
    answer = at_desk("shift").get("/desk/cases.csv", {"state": "open"})
    parts = iter(answer.streaming_content)
    first = next(parts) + next(parts)
    assert not connection.in_atomic_block
    assert connection.vendor != "postgresql" or connection.connection is None, "others may have it meanwhile"
    late = town.collect().case
    Case.objects.filter(pk=old[2]).update(address="read already")
    Case.objects.filter(pk=old[1]).update(address="not yet read")
    Case.objects.filter(pk=old[0]).update(closed=town.at)
    text = (first + b"".join(parts)).decode("utf-8-sig")
    found = {row["number"]: row["address"] for row in csv.DictReader(io.StringIO(text))}
    assert found == {number(old[3]): "", number(old[2]): "", number(old[1]): "not yet read"}
    assert number(late) not in text


def test_that_a_file_was_taken_is_on_the_ledger(at_desk, town):
    town.collect()
    taken(at_desk("shift"), "csv", state="open", q="someone@example.org")
    step = Step.objects.get(kind="export")
    assert (step.what, step.role) == ("csv", "shift_leader") and "example.org" not in step.data + step.inner


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_case_on_paper(at_desk, town, language):
    case = town.to("closed", words="#set page(fill: red) *bold* $x$ 路灯不亮", address="= 1 # Hill [Road")
    browser = at_desk("shift")
    browser.cookies["django_language"] = language
    answer = browser.get(f"/desk/cases/{number(case)}.pdf")
    assert answer.status_code == 200 and answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-") and len(answer.content) > 5000


def test_paper_says_that_it_does_not_have_all_photos():
    assert paper.cut_of(3, 3) == ""
    assert paper.cut_of(12, 30).startswith("12 of 30 photos")


def test_a_file_in_the_visitors_language(at_desk, town):
    town.to("filed")
    browser = at_desk("shift")
    browser.cookies["django_language"] = "zh-hans"
    assert rows(browser)[0]["state_name"] == "已立案"
