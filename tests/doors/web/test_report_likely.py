"""Likely duplicates, and places found, tell no more than everybody may know, and not too often."""

import re

import pytest
from django.core.cache import cache

from cityloop.loops.cases.duplicates import likely
from cityloop.loops.cases.models import Case
from tests.doors.web.conftest import number, publish
from tests.doors.web.test_report import HERE, form
from tests.loops.cases.smallville import DAY


def hint(client, **more):
    return client.post("/report/hints", {**HERE, "words": "", "matter": "", **more}).content.decode()


def test_an_unnamed_case_is_no_likely_duplicate_for_strangers(client, at_desk, town):
    unnamed = town.collect(matter="")
    assert unnamed.number not in hint(client) and unnamed.number not in client.get("/report", HERE).content.decode()
    assert unnamed.number not in hint(client, desk="1"), "saying that one is at the desk does not make it so"
    assert unnamed.number in hint(at_desk("intake"), desk="1")


@pytest.mark.parametrize("exactness", ["unit", "none"])
def test_what_keeps_its_place_is_no_likely_duplicate(client, town, exactness):
    first = town.collect()
    assert first.number in hint(client)
    publish(town, tree=exactness)
    assert first.number not in hint(client)


def test_a_place_told_by_its_street_cannot_be_measured_from_many_points(client, town):
    """Two cases on one square of the grid look the same from everywhere, though they stand 100 m apart."""
    publish(town, tree="street")
    one, two = town.collect(lon=10.0497, lat=50.0697), town.collect(lon=10.0506, lat=50.0706)
    town.at, told = town.at + 1, 0
    for n in range(-6, 7):
        for lon, lat in ((10.05 + n / 2500, 50.07), (10.05, 50.07 + n / 2500)):
            page = hint(client, lon=str(lon), lat=str(lat))
            away = re.findall(r"about (\d+) m away", page)
            assert (one.number in page) == (two.number in page)
            assert len(set(away)) <= 1 and all(int(m) % 100 == 0 for m in away)
            told += len(away)
    assert told, "or else nothing was looked at"


def test_a_distance_is_told_in_whole_metres(client, town):
    town.collect(lon=10.0507, lat=50.0704)
    assert re.findall(r">(\S+) m away", hint(client)) == ["70"]


def test_words_of_others_are_not_felt_out_letter_by_letter(town):
    from cityloop.loops.cases.duplicates import openly_likely

    town.collect(words="My neighbour Ann Example of 12 Hill Road blocks the way")
    asked = {"lon": 10.0507, "lat": 50.0704, "at": town.at, "matter": "tree"}
    (none,) = openly_likely(**asked, words="zzzz zzzz")
    (part,) = openly_likely(**asked, words="Ann Exa")
    (same,) = openly_likely(**asked, words="My neighbour Ann Example of 12 Hill Road blocks the road")
    assert none.score == part.score < same.score


def test_who_asks_for_hints_too_often_gets_none(client, town, monkeypatch):
    from cityloop.doors.web.public import form as said

    first = town.collect()
    monkeypatch.setattr(said, "HINTS", 2)
    told = [first.number in page for page in (hint(client), client.get("/report", HERE).content.decode(), hint(client))]
    assert told == [True, True, False]


def test_a_report_can_be_sent_by_who_has_used_up_all_hints(client, town, monkeypatch):
    from cityloop.doors.web.public import form as said

    cache.clear()
    first = town.collect()
    monkeypatch.setattr(said, "HINTS", 0)
    hint(client)
    hint(client)
    asked = client.post("/report", form(matter="tree")).content.decode()
    seen = re.search(r'name="seen" value="([\d,]+)">', asked)[1]
    assert seen == str(first.case) and first.number in asked
    assert client.post("/report", form(matter="tree", seen=seen)).status_code == 303


def test_a_form_without_a_point_uses_up_no_hints(client, town, monkeypatch):
    from cityloop.doors.web.public import form as said

    cache.clear()
    first = town.collect()
    monkeypatch.setattr(said, "HINTS", 1)
    for _n in range(3):
        hint(client, lon="", lat="")
    assert first.number in hint(client)


def test_who_looks_for_places_too_often_waits(client, town, monkeypatch):
    from cityloop.doors.web.public import finding

    cache.clear()
    monkeypatch.setattr(finding, "SEARCHES", 2)
    assert [client.get("/places", {"q": "west"}).status_code for _n in range(4)] == [200, 200, 429, 429]


def test_a_case_put_off_for_long_is_likely_however_old_it_is(client, at_desk, town):
    """A project that waits for spring is reported again and again; a case at work as old is another one."""
    town.at -= 60 * DAY
    waits, works = town.collect(), town.collect()
    for made in (waits, works):
        for action, who in (("file", "shift"), ("dispatch", "dispatcher"), ("accept", "parks")):
            town.take(made.case, action, who)
    town.take(waits.case, "suspend", "parks", reason="season", until=town.at + 200 * DAY, words="Frost")
    town.take(waits.case, "decide", "commander", request=1, answer="granted")
    town.at += 60 * DAY
    page = hint(client, matter="tree")
    assert waits.number in page and works.number not in page
    again = town.collect()
    desk = at_desk("intake").get(f"/desk/cases/{again.number}").content.decode()
    assert waits.number in desk.split('id="alike', 1)[1].split("</section>")[0]
    assert likely(lon=10.05, lat=50.07, at=town.at, matter="tree", but=again.case)[0].case.pk == waits.case
    town.take(again.case, "fold", "intake", into=waits.number)
    assert Case.objects.get(pk=again.case).into_id == waits.case


@pytest.mark.parametrize(("state", "steps"), [
    ("transferred", [("transfer", "intake", {"authority": "The State"})]),
    ("split_up", [("file", "shift", {}), ("split", "dispatcher", {"children": [{"matter": "hole"}] * 2})]),
])  # fmt: skip
def test_what_another_authority_has_and_what_is_split_up_is_likely_too(client, town, state, steps):
    made = town.collect()
    for action, who, data in steps:
        town.take(made.case, action, who, **data)
    assert Case.objects.get(pk=made.case).state == state and made.number in hint(client, matter="tree")


def test_what_is_about_to_close_is_likely_too(client, town):
    case = town.to("checked")
    assert number(case) in hint(client, matter="tree")
