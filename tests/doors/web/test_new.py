"""Reports taken by phone: entered by an officer, in the caller's language, with the code to read aloud."""

import re

import pytest

from cityloop.loops.cases import numbers
from cityloop.loops.cases.models import Case, Follower, Report
from cityloop.town.catalog import actions as catalog
from cityloop.town.ledger.models import Step
from tests.loops.cases.smallville import PLATE
from tests.town.staff import BY

CALL = {"lon": "10.05", "lat": "50.07", "words": "A tree is down", "matter": "tree", "key": "k1", "channel": "phone"}


def code_on(answer):
    return re.search(r'class="big-code">([0-9A-Z-]{19})<', answer.content.decode())[1]


def test_a_call_becomes_a_case_by_an_officer(client, at_desk, town):
    answer = at_desk("intake").post("/desk/new", {**CALL, "spoken": "zh-hans", "phone": "+1 555 0100"})
    assert answer.status_code == 201
    case, report, step = Case.objects.get(), Report.objects.get(), Step.objects.get(what="collect")
    assert (case.channel, report.language, step.role, step.actor) == ("phone", "zh-hans", "intake_officer", "person")
    assert client.get(f"/follow/{code_on(answer)}").status_code == 200


def test_the_same_form_twice_is_one_case(at_desk, town):
    for _ in range(2):
        assert at_desk("intake").post("/desk/new", CALL).status_code == 201
    assert Case.objects.count() == 1


def test_only_posts_that_take_reports_may(at_desk, town):
    assert at_desk("dispatcher").get("/desk/new").status_code == 403
    assert at_desk("parks").post("/desk/new", CALL).status_code == 403
    assert "/desk/new" in at_desk("intake").get("/desk/").content.decode()
    assert "/desk/new" not in at_desk("dispatcher").get("/desk/").content.decode()


def test_what_is_missing_is_said_and_nothing_typed_is_lost(at_desk, town):
    answer = at_desk("intake").post("/desk/new", {**CALL, "lon": "", "lat": "", "channel": "letter"})
    page = answer.content.decode()
    assert answer.status_code == 422 and "A tree is down" in page and "Say where" in page
    assert '<option value="letter" selected>' in page


def test_the_caller_follows_what_is_there_already(client, at_desk, town):
    case = town.collect().case
    page = at_desk("intake").get("/desk/new", {"lon": "10.05", "lat": "50.07", "matter": "tree"}).content.decode()
    assert "Is it one of these?" in page and "/desk/new/instead" in page
    number = re.search(r'name="instead" value="([^"]+)"', page)[1]
    answer = at_desk("intake").post("/desk/new/instead", {**CALL, "instead": number, "email": "a@example.org"})
    assert answer.status_code == 201 and Case.objects.count() == 1
    assert Follower.objects.filter(case=case).exists() or Report.objects.filter(case=case).count() == 2
    assert client.get(f"/follow/{code_on(answer)}").status_code == 200


NAMES = ["lon", "unit", "words", "matter", "key", "kept", "channel", "spoken", "phone", "instead"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", ["\0", "²", "9" * 7000, "\u202e", "'--"])
def test_hostile_calls(at_desk, town, name, value):
    for path in ("/desk/new", "/desk/new/instead"):
        assert at_desk("intake").post(path, {**CALL, name: value}).status_code in (201, 400, 404, 413, 422)


@pytest.mark.parametrize(
    ("channel", "said"), [("PHONE", "来源 电话"), ("counter", "来源 窗口"), ("pigeon", "来源 pigeon")]
)
def test_how_a_report_came_is_said_in_words(at_desk, town, channel, said):
    desk = at_desk("intake")
    desk.cookies.load({"django_language": "zh-hans"})
    case = numbers.number(Case.objects.get(pk=town.collect(channel=channel).case))
    page = desk.get(f"/desk/cases/{case}").content.decode()
    assert said in page and "PHONE" not in page


def test_the_form_speaks_of_the_caller_and_not_to_them(at_desk, client):
    page = at_desk("intake").get("/desk/new").content.decode()
    assert "In the caller&#x27;s words" in page or "In the caller's words" in page
    assert "In your words" not in page and "You, if you like" not in page
    assert "In your words" in client.get("/report").content.decode()


def test_each_matter_brings_the_words_it_is_found_by_in_every_language(town, at_desk):
    matter = PLATE.matters[0].model_copy(update={"names": {"en": "Fallen tree", "zh-hans": "树木倒伏"}})
    catalog.publish(plates=[PLATE.model_copy(update={"matters": (matter, *PLATE.matters[1:])})], by=BY, at=town.at)
    said = at_desk("intake").get("/desk/new").content.decode()
    assert re.search(r'<option value="tree" data-words="Fallen tree 树木倒伏[^"]*tree"', said)
