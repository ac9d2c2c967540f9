"""The page of one public case: what everybody may know, a code to follow it, a feed; nothing of what is not for all."""

import re
from xml.etree import ElementTree

import pytest

from cityloop.loops.cases.models import Case, Follower
from cityloop.town.files.actions import keep
from tests.doors.web.conftest import number, picture, publish
from tests.loops.cases.smallville import DAY, REPORTER

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def worked(town):
    """A case with photos of its reporter and of the work."""
    mine = keep(picture("red"), subject="", by=REPORTER, at=town.at)
    made = town.collect(address="12 Rosewood Avenue", words="My secret words", photos=(mine,), email="a@example.org")
    for action, who in (("file", "shift"), ("dispatch", "dispatcher"), ("accept", "parks")):
        town.take(made.case, action, who)
    photo = keep(picture(), subject=f"case:{made.case}", by=town.actor("parks"), at=town.at)
    town.take(made.case, "report_back", "parks", photos=[str(photo.uuid)], words="STAFF-WORDS")
    return made


def shown(client, which, status=200):
    answer = client.get(f"/cases/{which}")
    assert answer.status_code == status
    return answer.content.decode().split("<main", 1)[-1]


def test_everybody_sees_state_place_and_work_and_nobodys_words(client, worked):
    page = shown(client, worked.number)
    assert "12 Rosewood Avenue" in page and "Parks is at work on it" in page and page.count("/files/") == 2
    assert 'data-island="map"' in page and client.get(f"/cases/{worked.number}/place").json()["features"]
    for inside in ("secret words", "STAFF-WORDS", "example.org", "receipt.json", 'name="offer"'):
        assert inside not in page
    assert client.get(f"/cases/{worked.number}")["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize(
    ("exactness", "hidden", "photos"),
    [("street", "12 Rosewood", True), ("unit", "Rosewood", False), ("none", "West", False)],
)
def test_the_place_is_told_only_as_exactly_as_its_matter_allows(client, town, worked, exactness, hidden, photos):
    publish(town, tree=exactness)
    page = shown(client, worked.number)
    assert hidden not in page and ("/files/" in page) == photos
    marks = client.get(f"/cases/{worked.number}/place").json()["features"]
    assert bool(marks) == photos and ('data-island="map"' in page) == photos
    assert not marks or marks[0]["geometry"]["coordinates"] == [10.05, 50.07]


def test_what_is_not_for_all_is_not_there(client, town):
    for which in (town.collect(matter="secret").number, town.collect(matter="").number, "SV-2018-999999", "x"):
        for path in (f"/cases/{which}", f"/cases/{which}.atom", f"/cases/{which}/place"):
            assert client.get(path).status_code == 404
        assert client.post(f"/cases/{which}/follow").status_code == 404
    assert not Follower.objects.exists()


def test_following_it_gives_a_code(client, worked):
    key = re.search(r'name="key" value="([^"]+)"', shown(client, worked.number))[1]
    one, two = (client.post(f"/cases/{worked.number}/follow", {"key": key}) for _ in range(2))
    assert one.status_code == 303 and one["Location"] == two["Location"] and Follower.objects.count() == 1
    assert client.get(one["Location"]).status_code == 200


def test_an_ended_case_is_shown_but_not_followed(client, town):
    ended = number(town.to("closed"))
    page = shown(client, ended)
    assert "Checked and closed" in page and "Follow it" not in page and "reopen" not in page
    assert client.post(f"/cases/{ended}/follow", {"key": "k"}).status_code == 422


def test_a_feed_of_one_case(client, town):
    which = number(town.to("closed"))
    root = ElementTree.fromstring(client.get(f"/cases/{which}.atom").content)
    titles = [entry.find(f"{ATOM}title").text for entry in root.findall(f"{ATOM}entry")]
    assert titles[0] == "Close" and titles[-1] == "File" and "Collect" not in titles


def test_cards_and_feeds_lead_here(client, town):
    which = number(town.to("closed"))
    for path in ("/", "/fixed", "/near?lon=10.05&lat=50.07", "/near?under=100101"):
        assert f'href="/cases/{which}"' in client.get(path).content.decode()
    assert f"/cases/{which}</link>" in client.get("/areas/1001.rss").content.decode()
    marks = client.get("/near/marks?lon=10.05&lat=50.07").json()["features"]
    assert [m["properties"]["href"] for m in marks] == [f"/cases/{which}"]


def test_a_case_that_keeps_its_place_is_not_found_by_asking_part_by_part(client, town):
    which = number(town.to("closed"))
    publish(town, tree="none")
    for path in ("/areas/100101.atom", "/fixed?under=100101", "/near?under=100101", "/near/marks?under=100101"):
        assert which not in client.get(path).content.decode()
    assert which in client.get("/areas/1001.atom").content.decode()


@pytest.mark.parametrize("path", ["/cases/{n}", "/near?lon=10.05&lat=50.07", "/near?under=100101", "/follow/{c}",
                                  "/follow/{c}/sent", "/follow/{c}/now.json", "/cases/{n}.atom"])  # fmt: skip
def test_statements(client, town, worked, django_assert_max_num_queries, path):
    town.collect(), town.collect(matter="hole")
    asked = path.format(n=worked.number, c=worked.follow)
    client.get(asked)
    with django_assert_max_num_queries(12):
        assert client.get(asked).status_code == 200


def test_statements_of_following(client, town, worked, django_assert_max_num_queries):
    code = re.search(r"/follow/([^/]+)/", client.post(f"/cases/{worked.number}/follow", {"key": "k"})["Location"])[1]
    with django_assert_max_num_queries(12):
        client.get(f"/follow/{code}")
    client.post("/report/follow", {"key": "k0", "instead": worked.number})
    with django_assert_max_num_queries(12):
        assert client.post("/report/follow", {"key": "k1", "instead": worked.number}).status_code == 303
    assert Case.objects.count() == 1


def test_a_feed_with_nothing_in_it_yet_does_not_change_by_being_fetched(client, town):
    which = number(town.collect().case)
    one, two = (ElementTree.fromstring(client.get(f"/cases/{which}.atom").content) for _ in range(2))
    told = [feed.findtext(f"{ATOM}updated") for feed in (one, two)]
    assert not one.findall(f"{ATOM}entry") and told[0] == told[1]


def test_that_it_is_put_off_is_told_with_why_and_until_when(client, town):
    """Asking for it is told to nobody outside; a refused one neither."""
    made = town.collect()
    for action, who in (("file", "shift"), ("dispatch", "dispatcher"), ("accept", "parks")):
        town.take(made.case, action, who)
    until = town.at + 40 * DAY
    town.take(made.case, "suspend", "parks", reason="season", until=until, words="STAFF-WORDS")
    for path in (f"/cases/{made.number}", f"/follow/{made.follow}"):
        assert "season" not in client.get(path).content.decode()
    town.take(made.case, "decide", "commander", request=1, answer="granted", words="STAFF-WORDS")
    for path in (f"/cases/{made.number}", f"/follow/{made.follow}"):
        page = client.get(path).content.decode()
        assert "it cannot be done before: it must wait for the season." in page and "STAFF-WORDS" not in page
        assert page.count("Put off until ") >= 2 and f": {'it must wait for the season'}</" in page
    assert "it must wait for the season" in client.get(f"/cases/{made.number}.atom").content.decode()
