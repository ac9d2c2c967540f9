"""An inspector reports a find of their own where they stand: without a caller, and only in their own area."""

import pytest
from django.test import Client

from cityloop.loops.cases import numbers
from cityloop.loops.cases.models import Case, Report
from cityloop.town.ledger.models import Step
from tests.doors.web.conftest import picture

HERE = {"lon": "10.05", "lat": "50.07", "words": "A tree is down", "matter": "tree", "key": "f1", "do": "send"}
JSON = {"headers": {"accept": "application/json"}}


def test_it_is_one_tap_from_the_inbox_for_inspectors_alone(at_desk):
    page = at_desk("inspector").get("/desk/").content.decode()
    assert '<a class="place" data-place="find" href="/desk/find"' in page and 'href="/desk/new"' not in page
    page = at_desk("intake").get("/desk/").content.decode()
    assert "/desk/find" not in page and "/desk/new" in page
    assert at_desk("intake").get("/desk/find").status_code == 403
    assert at_desk("parks").post("/desk/find", HERE).status_code == 403
    assert Client().get("/desk/find").status_code == 302


def test_the_form_asks_no_caller_and_begins_with_the_photo(at_desk):
    page = at_desk("inspector").get("/desk/find").content.decode()
    assert 'data-step="what"' in page and "data-own" in page and "data-camera" in page
    for name in ("name", "phone", "email"):
        assert f'name="{name}"' not in page
    assert "/desk/new" in page  # what somebody told an inspector is entered as theirs


def test_a_find_is_in_the_book_as_what_an_inspector_found(at_desk, town):
    desk = at_desk("inspector")
    answer = desk.post("/desk/find", {**HERE, "photos": picture(), "phone": "+1 555 0100"})
    case, report, step = Case.objects.get(), Report.objects.get(), Step.objects.get(what="collect")
    assert answer.status_code == 303 and answer["Location"] == f"/desk/find?sent={numbers.number(case)}"
    assert (case.channel, report.person, step.role, step.actor) == ("inspector", 0, "inspector", "person")
    page = desk.get(answer["Location"]).content.decode()
    assert "It is in the book:" in page and f"/desk/cases/{numbers.number(case)}" in page
    shown = desk.get(f"/desk/cases/{numbers.number(case)}").content.decode()
    assert "by an inspector on the spot" in shown


def test_only_where_the_post_is(at_desk, town):
    east = at_desk("inspector_east")
    assert east.post("/desk/find", HERE).status_code == 303
    answer = east.post("/desk/find", {**HERE, "lon": "10.15", "key": "f2"})
    page = answer.content.decode()
    assert answer.status_code == 422 and "outside the area of your post" in page and 'data-step="where"' in page
    assert "A tree is down" in page and Case.objects.count() == 1


def test_likely_duplicates_are_shown_before_it_is_sent_and_taken_up(at_desk, town):
    case = town.collect()
    desk = at_desk("inspector")
    page = desk.post("/desk/find", HERE).content.decode()
    assert "Is it one of these?" in page and case.number in page and 'formaction="/desk/find/instead"' in page
    assert Case.objects.count() == 1
    answer = desk.post("/desk/find/instead", {**HERE, "instead": case.number, "photos": picture()})
    assert answer.status_code == 303 and answer["Location"] == f"/desk/cases/{case.number}"
    assert Step.objects.filter(what="add").count() == 1 and Case.objects.count() == 1
    assert desk.post("/desk/find", {**HERE, "seen": str(case.case)}).status_code == 303
    assert Case.objects.count() == 2


def test_while_it_is_typed_the_inspector_is_shown_what_the_post_sees(at_desk, town):
    case = town.collect()
    page = at_desk("inspector").post("/report/hints", {**HERE, "desk": "1", "own": "1"}).content.decode()
    assert case.number in page and "/desk/find/instead" in page and 'data-for="offered"' in page


def test_what_waited_on_a_phone_is_sent_once_and_by_its_sender(at_desk, town):
    desk, whose = at_desk("inspector"), str(town.accounts["inspector"].pk)
    sent = {**HERE, "queued": "1", "whose": whose}
    assert Client().post("/desk/find", sent, **JSON).status_code == 401
    assert at_desk("inspector_east").post("/desk/find", sent, **JSON).status_code == 401
    assert Case.objects.count() == 0
    for _ in range(2):
        answer = desk.post("/desk/find", sent, **JSON)
        assert answer.status_code == 201 and answer.json()["number"]
    assert Case.objects.count() == 1
    far = desk.post("/desk/find", {**sent, "lon": "99", "key": "f3"}, **JSON)
    assert far.status_code == 422 and far.json()["errors"]


def test_a_phone_keeps_the_form_of_nobody(at_desk, town):
    town.collect()
    page = Client().get("/desk/find/kept?lon=10.05&lat=50.07&sent=SV-2018-000001")
    assert page.status_code == 200 and 'action="/desk/find"' in page.content.decode()
    assert 'name="instead"' not in page.content.decode() and "It is in the book" not in page.content.decode()
    assert 'name="whose" value=""' in at_desk("inspector").get("/desk/find/kept").content.decode()


def test_without_a_script_the_place_is_asked_for_and_nothing_is_lost(at_desk, town):
    desk = at_desk("inspector")
    page = desk.post("/desk/find", {"choose": "tree", "words": "A tree is down", "key": "f1"}).content.decode()
    assert 'data-step="where"' in page and "A tree is down" in page
    page = desk.post("/desk/find", {**HERE, "do": "what"}).content.decode()
    assert 'data-step="what"' in page
    assert 'data-step="send"' in desk.post("/desk/find", {**HERE, "do": "review"}).content.decode()


def test_who_reads_a_label_is_led_to_their_own_form(at_desk, client):
    link = '/desk/find?lon=10.05&amp;lat=50.07"'
    assert link in at_desk("inspector").get("/report?lon=10.05&lat=50.07").content.decode()
    for browser in (client, at_desk("intake")):
        assert 'href="/desk/find?' not in browser.get("/report?lon=10.05&lat=50.07").content.decode()


NAMES = ["lon", "unit", "words", "matter", "key", "kept", "whose", "own", "component", "instead", "seen"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", ["\0", "²", "9" * 7000, "\u202e", "'--"])
def test_hostile_finds(at_desk, town, name, value):
    for path in ("/desk/find", "/desk/find/instead"):
        assert at_desk("inspector").post(path, {**HERE, name: value}).status_code in (200, 303, 400, 404, 413, 422)
    assert at_desk("inspector").get("/desk/find", {name: value, "sent": value}).status_code in (200, 404)
