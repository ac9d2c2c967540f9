"""Reporting without a script in the browser: nothing lost, nothing doubled, every fault at its field."""

import re

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile

from cityloop.loops.cases.models import Case, Follower, Report
from cityloop.town.catalog import actions as catalog
from cityloop.town.files.models import File
from cityloop.town.ledger.models import Step
from cityloop.town.persons.queries import words_of
from tests.doors.open311.conftest import plate
from tests.doors.web.conftest import number, picture
from tests.loops.cases.smallville import PLATE
from tests.town.files import hostile
from tests.town.staff import BY

HERE = {"lon": "10.05", "lat": "50.07"}


def form(**more: object) -> dict[str, object]:
    return {"key": "a-key-of-this-form", "do": "send", "words": "A tree is down", **HERE, **more}


def test_a_report_becomes_a_case(client, town):
    sent = form(matter="tree", name="Ann Example", phone="+1 212 555 0142", photos=picture(), address="W 12 St")
    answer = client.post("/report", sent)
    assert answer.status_code == 303
    case = Case.objects.get()
    assert (case.matter, case.address, case.channel, case.origin) == ("tree", "W 12 St", "web", "live")
    assert File.objects.get().subject == case.subject and Report.objects.get().person
    page = client.get(answer["Location"])
    assert page["Referrer-Policy"] == "strict-origin" and page["Cache-Control"] == "no-store"
    code = re.search(r"/follow/([0-9A-Z-]{19})/sent", answer["Location"])[1]
    assert code.encode() in page.content and b"promise.json" in page.content
    promise = client.get(f"/follow/{code}/promise.json").json()
    assert promise["promise"]["subject"] == case.subject


@pytest.fixture
def asking(town):
    """The town with a matter that asks questions of whoever reports it."""
    catalog.publish(plates=[plate()], by=BY, at=town.at)
    return town


ANSWERED = {
    "matter": "pit", "answer-size": "l", "answer-depth": "30", "answer-since": "2018-10-20",
    "answer-seen": ["glass", "water"],
}  # fmt: skip


def test_what_a_matter_asks_is_asked_before_sending(client, asking):
    page = client.post("/report", form(do="review", matter="pit")).content.decode()
    assert "How big?" in page and 'type="checkbox" name="answer-seen" value="wires"' in page
    assert "How big?" not in client.post("/report", form(do="review", matter="tree")).content.decode()
    refused = client.post("/report", form(**{**ANSWERED, "answer-size": "", "answer-depth": "deep"}))
    said = refused.content.decode()
    assert refused.status_code == 422 and 'id="answer-size-error"' in said and 'id="answer-depth-error"' in said
    assert 'href="#answer-size">How big?: This is needed.' in said
    assert 'value="glass" checked' in said and not Case.objects.exists()


@pytest.mark.parametrize("seen", [["glass", "water"], "glass\nwater"])  # the second as kept on a phone
def test_the_answers_stand_in_the_case_in_the_readers_words(client, asking, at_desk, seen):
    assert client.post("/report", form(**{**ANSWERED, "answer-seen": seen, "answer-bogus": "x"})).status_code == 303
    case = Case.objects.get()
    kept = words_of(case.subject)["1:collect:answers"]
    assert kept == "size: l (Large & <wide>)\ndepth: 30\nsince: 2018-10-20\nseen: water (Water), glass (Glass)"
    desk = at_desk("intake")
    desk.cookies.load({"django_language": "zh-hans"})
    page = desk.get(f"/desk/cases/{number(case.pk)}").content.decode()
    assert "多大?：Large &amp; &lt;wide&gt;" in page and "seen: " not in page
    assert "Water、Glass" in page and "2018年10月20日" in page


def test_who_is_not_there_to_be_asked_is_taken_without_an_answer(client, asking):
    """Kept without network, the matter's questions were never shown."""
    kept = client.post("/report", form(matter="pit", queued="1"), headers={"Accept": "application/json"})
    assert kept.status_code == 201 and Case.objects.get().matter == "pit"


def test_the_desk_asks_the_caller_and_hints_bring_the_questions(client, asking, at_desk):
    hints = client.post("/report/hints", form(matter="pit", **{"answer-depth": "30"})).content.decode()
    assert 'data-for="asked"' in hints and "How deep" in hints and 'value="30"' in hints
    desk, call = at_desk("intake"), {**HERE, "words": "A pit", "key": "k", "matter": "pit", "answer-depth": "deep"}
    assert 'id="answer-depth-error"' in desk.post("/desk/new", call).content.decode()
    assert desk.post("/desk/new", {**call, "answer-depth": "30"}).status_code == 201


def test_a_form_that_was_taken_stays_taken_whatever_is_asked_today(client, asking, at_desk):
    """Sent again it shows its code again, though its matter, its questions and its photos are gone by now."""
    desk = at_desk("intake")
    call = {**HERE, "words": "A pit", "key": "k", "channel": "counter", **ANSWERED}
    first, entered = client.post("/report", form(**ANSWERED)), desk.post("/desk/new", call)
    assert (first.status_code, entered.status_code) == (303, 201)
    catalog.publish(plates=[PLATE], by=BY, at=asking.at)
    assert client.post("/report", form(**ANSWERED))["Location"] == first["Location"]
    kept = form(**ANSWERED, queued="1", kept="forged")
    assert client.post("/report", kept, headers={"Accept": "application/json"}).json()["url"] == first["Location"]
    again = desk.post("/desk/new", call)
    code = re.compile(rb"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}")
    assert again.status_code == 201 and code.search(again.content)[0] == code.search(entered.content)[0]
    assert client.post("/report", form(**{**ANSWERED, "key": "another"})).status_code == 422
    assert desk.post("/desk/new", {**call, "words": "Another"}).status_code == 422
    assert Case.objects.count() == 2


def test_a_double_click_makes_one_case(client, town):
    one, two = client.post("/report", form()), client.post("/report", form())
    assert one["Location"] == two["Location"] and Case.objects.count() == 1


def test_a_report_that_waited_on_a_phone_for_two_weeks_is_one_report(client, town, monkeypatch):
    """Its first post may have arrived though no answer did; it is kept for as long as phones wait."""
    from cityloop.loops.cases.actions import answers, intake
    from cityloop.loops.cases.nightly import forget_old_answers

    now, city = answers.real_now(), town.at
    one = client.post("/report", form(queued="1"), headers={"Accept": "application/json"}).json()
    monkeypatch.setattr("cityloop.town.calendar.clock.CityClockPort.now", lambda _self: city + 60 * 14 * answers.DAY)
    for module in (answers, intake):
        monkeypatch.setattr(module, "real_now", lambda: now + 14 * answers.DAY)
    assert forget_old_answers() == 0
    two = client.post("/report", form(queued="1"), headers={"Accept": "application/json"}).json()
    assert one == two and Case.objects.count() == 1
    monkeypatch.setattr(answers, "real_now", lambda: now + 16 * answers.DAY)
    assert forget_old_answers() == 1


def test_another_report_from_a_form_sent_before_is_asked_back(client, town):
    client.post("/report", form())
    again = client.post("/report", form(words="Something else", lon="10.15"))
    assert again.status_code == 422 and "sent from this form already" in again.content.decode()
    key = re.search(r'name="key" value="([^"]+)"', again.content.decode())[1]
    assert client.post("/report", form(words="Something else", lon="10.15", key=key)).status_code == 303
    assert Case.objects.count() == 2


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"lon": "", "lat": ""}, "lon"),
        ({"lon": "north"}, "lon"),
        ({"lon": "50", "lat": "10"}, "lon"),
        ({"lon": "nan"}, "lon"),
        ({"lat": "1e400"}, "lon"),
        ({"matter": "nonsense"}, "matter"),
        ({"words": "x" * 5500}, "words"),
        ({"email": "no address"}, "email"),
        ({"phone": "call me"}, "phone"),
    ],
)
def test_each_fault_stands_at_its_field_and_nothing_is_lost(client, town, more, field):
    answer = client.post("/report", form(name="Ann Example", **more))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="{field}-error"' in page and 'value="Ann Example"' in page
    assert not Case.objects.exists() and not Step.objects.filter(kind="case").exists()


@pytest.mark.parametrize(
    "content", [hostile.HTML, hostile.SVG, hostile.HEIC, hostile.png_bomb(60_000, 60_000), b"", hostile.jpeg()[:200]]
)
def test_hostile_photos_are_refused_at_their_field(client, town, content):
    upload = SimpleUploadedFile("photo.jpg", content, "image/jpeg")
    answer = client.post("/report", form(photos=upload))
    if not content:  # browsers send an empty part where no file was chosen
        assert answer.status_code in (303, 422)
        return
    assert answer.status_code == 422 and b'id="photos-error"' in answer.content
    assert not Case.objects.exists() and not File.objects.exists()


def test_a_page_in_a_photo_does_not_survive(client, town):
    client.post("/report", form(photos=SimpleUploadedFile("p.jpg", hostile.polyglot(), "image/jpeg")))
    file = File.objects.get()
    from cityloop.town.files.queries import opened

    assert b"script" not in opened(file).read()


def test_photos_survive_an_error_elsewhere(client, town):
    answer = client.post("/report", form(email="no address", photos=picture()))
    kept = re.search(r'name="kept" value="([^"]+)"', answer.content.decode())[1]
    assert File.objects.get().subject == ""
    assert client.post("/report", form(kept=kept)).status_code == 303
    assert File.objects.get().subject == Case.objects.get().subject


def test_photos_kept_too_long_ago_are_asked_for_again(client, town, monkeypatch):
    import time

    answer = client.post("/report", form(email="no address", photos=picture()))
    kept = re.search(r'name="kept" value="([^"]+)"', answer.content.decode())[1]
    now = time.time()
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + 90_000)
    answer = client.post("/report", form(kept=kept))
    page = answer.content.decode()
    assert answer.status_code == 422 and 'id="photos-error"' in page and 'data-step="what"' in page
    assert 'name="kept" value=""' in page and not Case.objects.exists()
    assert client.post("/report", form(kept="")).status_code == 303


def test_photos_of_others_cannot_be_claimed(client, town):
    answer = client.post("/report", form(kept='["00000000-0000-4000-8000-000000000000"]'))
    assert answer.status_code == 303 and not File.objects.exists()


def test_more_photos_than_ten_are_refused(client, town):
    answer = client.post("/report", form(photos=[picture() for _ in range(11)]))
    assert answer.status_code == 422 and b'id="photos-error"' in answer.content and not File.objects.exists()


def test_a_place_is_found_by_its_name(client, town):
    found = client.post("/report", form(lon="", lat="", place="west no", find="1")).content.decode()
    assert "West north" in found and "A tree is down" in found and not Case.objects.exists()
    pick = re.search(r'name="pick" value="([^"]+)"', found)[1]
    chosen = client.post("/report", form(lon="", lat="", place="west no", pick=pick)).content.decode()
    code = re.search(r'name="unit" value="(\d+)"', chosen)[1]
    assert 'data-step="where"' in chosen and "West north" in chosen
    assert client.post("/report", form(lon="", lat="", unit=code)).status_code == 303
    assert Case.objects.get().unit_code == code
    assert "called “Atlantis”" in client.post("/report", form(place="Atlantis", find="1")).content.decode()


def test_likely_duplicates_are_shown_before_sending(client, town):
    first = town.collect(words="A tree is down on the road")
    answer = client.post("/report", form(matter="tree"))
    page = answer.content.decode()
    assert answer.status_code == 200 and first.number in page and Case.objects.count() == 1
    assert "on the road" not in page, "another's words are nobody's business"
    assert client.post("/report", form(matter="tree", seen=str(first.case))).status_code == 303
    assert Case.objects.count() == 2


@pytest.mark.parametrize(("field", "typed"), [("email", "nobody"), ("phone", "x"), ("words", "x" * 5001)])
def test_a_fault_is_told_before_who_may_have_reported_the_same(client, town, field, typed):
    town.collect()
    answer = client.post("/report", form(**{"matter": "tree", field: typed}))
    page = answer.content.decode()
    assert answer.status_code == 422 and f'id="{field}-error"' in page and "data-asking" not in page


def test_following_instead(client, town):
    first = town.collect()
    answer = client.post("/report/follow", form(matter="tree", instead=first.number, photos=picture()))
    again = client.post("/report/follow", form(matter="tree", instead=first.number, photos=picture()))
    assert answer.status_code == 303 and answer["Location"] == again["Location"]
    assert Follower.objects.count() == 1 and Case.objects.count() == 1
    step = Step.objects.filter(subject=f"case:{first.case}").last()
    assert (step.what, step.role) == ("add", "follower")
    assert "A tree is down" in words_of(f"case:{first.case}").values()
    assert File.objects.filter(subject=f"case:{first.case}").count() == 1
    assert b"You follow it now" in client.get(answer["Location"]).content


def test_one_draft_follows_one_case_after_another_and_loses_no_words(client, town):
    """Back from the first, the page has the key it had."""
    first, second = town.collect(), town.collect(lon=10.0501)
    codes = {client.post("/report/follow", form(instead=n)).get("Location") for n in (first.number, second.number)}
    assert None not in codes and len(codes) == 2
    assert sorted(Follower.objects.values_list("case", flat=True)) == [first.case, second.case]
    other = client.post("/report/follow", form(instead=first.number, words="And it leans on a house"))
    assert other.status_code == 422 and "already" in other.content.decode()
    key = re.search(r'name="key" value="([^"]+)"', other.content.decode())[1]
    assert client.post("/report/follow", form(instead=first.number, words="And it leans", key=key)).status_code == 303
    assert "And it leans" in words_of(f"case:{first.case}").values()


def test_confidential_or_ended_cases_are_not_followed(client, town):
    secret = town.collect(matter="secret", lon=10.15)
    ended = town.to("closed", lon=10.01, lat=50.01)
    from tests.doors.web.conftest import number

    for which in (secret.number, number(ended), "SV-2018-999999", "nonsense"):
        assert client.post("/report/follow", form(instead=which)).status_code == 422
    assert not Follower.objects.exists()
    page = client.post("/report", form(matter="secret", lon="10.15", key="k2"))
    assert page.status_code == 303, "a confidential case is never shown as a likely duplicate"


def test_hints_while_typing(client, town):
    town.collect()
    page = client.post("/report/hints", {**HERE, "words": "a tree", "matter": ""}).content.decode()
    assert "West north" in page and 'value="tree"' in page and "Is it one of these?" in page


def test_hostile_text_is_text(client, town):
    words = "<script>alert(1)</script> \u202etxt.exe \x00 ' OR 1=1 --"
    page = client.post("/report", form(words=words, email="wrong")).content.decode()
    assert "<script>alert" not in page and "&lt;script&gt;" in page
    client.post("/report", form(words=words))
    kept = words_of(Case.objects.get().subject)["1:collect:words"]
    assert "\u202e" not in kept and "\x00" not in kept and "<script>" in kept


def test_too_many_reports_wait(client, town, monkeypatch):
    from cityloop.doors.web.public import form as said

    cache.clear()
    monkeypatch.setattr(said, "MOST", 2)
    statuses = [client.post("/report", form(key=f"key-{n}", lon=str(10.01 + n / 50))).status_code for n in range(4)]
    assert statuses == [303, 303, 422, 422]


def test_forms_want_their_token(town):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    for path in ("/report", "/report/hints", "/report/follow", "/follow"):
        assert strict.post(path, form()).status_code == 403
    assert not Case.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/report", "/follow", "/map", "/map/units"])
def test_without_a_city_pages_say_what_to_do(client, path):
    answer = client.get(path)
    assert answer.status_code == 503 and b"cityloop demo" in answer.content
    assert b"No city is here yet" in client.get("/").content


def test_each_step_shows_itself_and_keeps_what_was_said(client, town):
    where = client.get("/report").content.decode()
    assert 'data-step="where"' in where
    what = client.post("/report", form(do="what", words="")).content.decode()
    assert 'data-step="what"' in what and "West north" in what and 'name="choose"' in what
    send = client.post("/report", form(choose="tree", words="")).content.decode()
    assert 'data-step="send"' in send and "Fallen tree" in send and not Case.objects.exists()
    back = client.post("/report", form(do="where", matter="tree")).content.decode()
    assert 'data-step="where"' in back and re.search(r'value="tree" checked', back)


@pytest.mark.parametrize(
    ("more", "step", "field"),
    [
        ({"do": "what", "lon": "", "lat": ""}, "where", "lon"),
        ({"do": "review", "words": ""}, "what", "matter"),
        ({"do": "send", "email": "no address"}, "send", "email"),
        ({"do": "send", "matter": "nonsense"}, "what", "matter"),
        ({"do": "send", "lon": "north", "email": "no address"}, "where", "lon"),
    ],
)
def test_a_fault_brings_to_its_step(client, town, more, step, field):
    answer = client.post("/report", form(**more))
    page = answer.content.decode()
    assert answer.status_code == 422 and f'data-step="{step}"' in page and f'id="{field}-error"' in page


def test_who_comes_with_a_place_is_asked_what(client, town):
    assert 'data-step="what"' in client.get("/report", HERE).content.decode()
    assert 'data-step="where"' in client.get("/report", {**HERE, "do": "where"}).content.decode()
    assert 'data-step="where"' in client.get("/report", {"place": "west"}).content.decode()


def test_likely_duplicates_are_a_question_before_the_last_step(client, town):
    first = town.collect(words="A tree is down on the road")
    asked = client.post("/report", form(choose="tree")).content.decode()
    assert "data-asking" in asked and "No, mine is different" in asked and "1 follower" in asked
    seen = re.search(r'name="seen" value="([\d,]+)">', asked)[1]
    assert seen == str(first.case)
    passed = client.post("/report", form(do="review", matter="tree", seen=seen)).content.decode()
    assert "data-asking" not in passed and "Ready to send" in passed
    early = client.post("/report", form(do="what", matter="tree")).content.decode()
    assert f'name="seen" value="{seen}" disabled' in early, "what was not shown was not seen"


def test_a_phone_that_sends_by_itself_gets_data(client, town):
    town.collect()
    token = client.get("/report/token")
    assert token["Cache-Control"] == "no-store" and len(token.json()["token"]) > 30
    sent = form(matter="tree", queued="1")
    one = client.post("/report", sent, headers={"Accept": "application/json"})
    two = client.post("/report", sent, headers={"Accept": "application/json"})
    assert one.status_code == 201 and one.json() == two.json() and one["Cache-Control"] == "no-store"
    assert one.json()["url"] == f"/follow/{one.json()['code']}/sent" and Case.objects.count() == 2
    wrong = client.post("/report", form(queued="1", key="other", email="wrong"), headers={"Accept": "application/json"})
    assert wrong.status_code == 422 and list(wrong.json()["errors"]) == ["email"]


@pytest.fixture
def streets(tmp_path, settings):
    """A street through Smallville."""
    import json

    from cityloop.town.basemap.actions import Source
    from cityloop.town.places.actions import gather

    line = {"type": "LineString", "coordinates": [[10.0, 50.07], [10.2, 50.07]]}
    road = {"type": "Feature", "properties": {"name": "Long Road"}, "geometry": line}
    path = tmp_path / "roads.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [road]}))
    settings.PLACES_FILE = tmp_path / "places.msgpack"
    gather([Source("road", path)], settings.PLACES_FILE)


def test_the_street_of_a_point_is_its_address_unless_another_is_written(client, town, streets):
    client.post("/report", form())
    client.post("/report", form(key="two", address="The blue door", proposed="Long Road", words="Another thing"))
    moved = client.post("/report/hints", {**HERE, "lat": "50.02", "address": "Long Road", "proposed": "Long Road"})
    assert list(Case.objects.order_by("pk").values_list("address", flat=True))[0] == "Long Road"
    assert "The blue door" in Case.objects.values_list("address", flat=True) or Case.objects.count() == 1
    assert '<template data-for="address"></template>' in moved.content.decode()


def test_places_while_typing(client, town, streets):
    page = client.get("/places", {"q": "12 long rd"}).content.decode()
    assert "12 Long Road" in page and re.search(r'value="[\d.]+ [\d.]+ - 12 long rd"', page)
    links = client.get("/places", {"q": "long road west", "as": "links"}).content.decode()
    assert 'href="/report?lon=' in links
    assert "West" in client.get("/places", {"q": "west"}).content.decode()
    assert client.get("/places", {"q": "<script>"}).status_code == 200


@pytest.mark.parametrize("pick", ["", "x", "- - - ", "1 2", "999 999 - x", "- - 99 x", "\0", "a" * 9000])
def test_hostile_choices_of_a_place(client, town, pick):
    assert client.post("/report", form(lon="", lat="", pick=pick)).status_code in (200, 303, 422)


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/report?lon=10.05&lat=50.07", None),
        ("/report?place=long+road", None),
        ("/places?q=long+road+west", None),
        ("/report", {"do": "review", "choose": "tree"}),
        ("/report/hints", {"matter": "tree"}),
    ],
)
def test_at_most_twelve_statements(client, town, streets, path, sent, django_assert_max_num_queries):
    for n in range(3):
        town.collect(lon=10.0501 + n / 10_000)
    with django_assert_max_num_queries(12):
        answer = client.get(path) if sent is None else client.post(path, form(**sent))
    assert answer.status_code == 200


def test_the_worker_changes_with_what_it_keeps(client, db):
    body = client.get("/sw.js").content.decode()
    files = re.findall(r'"(/static/build/assets/[^"]+)"', body)
    assert any("report-" in f for f in files) and any("icons" in f for f in files)
    assert not any("desk" in f for f in files)
    assert '"language": "en"' in body
    client.cookies.load({"django_language": "zh-hans"})
    assert '"language": "zh-hans"' in client.get("/sw.js").content.decode()
