"""Following by a secret code: what is shown, what never is, and what the reporter may do."""

import re

import pytest

from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases.models import Case, Follower
from cityloop.town.files.actions import keep
from cityloop.town.ledger import keys
from cityloop.town.ledger.actions import sequence
from cityloop.town.ledger.check import check_receipt
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.sealing import seal_all
from cityloop.town.notices.models import Notice
from cityloop.town.persons import strangers
from tests.doors.web.conftest import number, picture, publish
from tests.loops.cases.smallville import REPORTER, STRAIGHT


@pytest.fixture
def followed(client, town):
    """A case of one's own, and a look at its page."""
    mine = town.collect(words="My own words", photos=(keep(picture(), subject="", by=REPORTER, at=town.at),))

    def look(status=200):
        answer = client.get(f"/follow/{look.code}")
        assert answer.status_code == status
        return answer.content.decode()

    look.case, look.code, look.town, look.number = mine.case, mine.follow, town, mine.number
    return look


def act(client, followed, action, **fields):
    page = followed()
    offer = re.search(rf'name="offer" value="({action}-[^"]+)"', page)
    seq = re.search(r'name="seq" value="(\d+)"', page)
    return client.post(f"/follow/{followed.code}/act", {"offer": offer[1], "seq": seq[1], **fields})


def test_wrong_codes_are_tried_only_so_often_from_one_address_and_right_ones_are_not_counted(client, followed):
    right, wrong, there = f"/follow/{followed.code}", "/follow/AAAA-BBBB-CCCC-DDDD", {"REMOTE_ADDR": "198.51.100.7"}
    strangers.forget("codes", there["REMOTE_ADDR"])
    assert {client.get(f"{right}/now.json", **there).status_code for _ in range(strangers.GUESSES + 5)} == {200}
    said = [client.get(wrong, **there).status_code for _ in range(strangers.GUESSES - 1)]
    asked = [client.post("/follow", {"code": "AAAA"}, **there).status_code for _ in range(2)]
    assert ({*said}, asked) == ({404}, [422, 429])
    refused = client.get(right, **there)
    assert refused.status_code == 429 and int(refused["Retry-After"]) <= 60
    assert "Too many wrong codes" in refused.content.decode()
    assert client.get("/open311/v2/tokens/AAAA.json", **there).status_code == 429
    assert client.get(right, REMOTE_ADDR="198.51.100.8").status_code == 200


def test_a_wrong_code_is_no_page(client, town):
    assert client.get("/follow/AAAA-BBBB-CCCC-DDDD").status_code == 404
    answer = client.post("/follow", {"code": "wrong <b>"})
    assert (
        answer.status_code == 422
        and b'id="code-error"' in answer.content
        and b"<b>" not in answer.content.split(b"wrong")[1][:9]
    )


def test_the_code_leads_to_its_page_however_it_is_typed(client, followed):
    answer = client.post("/follow", {"code": followed.code.lower().replace("-", " ")})
    assert answer.status_code == 303 and client.get(answer["Location"]).status_code == 200


def test_headers_keep_the_code_to_oneself(client, followed):
    answer = client.get(f"/follow/{followed.code}")
    assert answer["Referrer-Policy"] == "strict-origin"
    assert answer["Cache-Control"] == "no-store" and answer["X-Robots-Tag"] == "noindex"


def test_each_state_is_a_sentence(client, followed):
    said = [re.search(r'id="state-title"[^>]*>.*?</svg>([^<]+)<', followed(), re.S)[1]]
    for action, who, data in STRAIGHT:
        followed.town.take(followed.case, action, who, **data)
        said.append(re.search(r'id="state-title"[^>]*>.*?</svg>([^<]+)<', followed(), re.S)[1])
    assert said == [
        "Received", "It is a case now", "Sent to Parks", "Parks is at work on it", "Parks is at work on it",
        "Parks is at work on it", "Reported as fixed", "Fixed. Now being checked", "Checked. About to close",
        "Checked and closed",
    ]  # fmt: skip


def test_staff_words_names_and_notes_stay_inside(client, followed):
    town = followed.town
    town.take(followed.case, "note", "intake", words="INTERNAL-NOTE")
    town.take(followed.case, "file", "shift")
    town.take(followed.case, "dispatch", "dispatcher")
    town.take(followed.case, "accept", "parks")
    town.take(followed.case, "report_back", "parks", words="STAFF-WORDS about the neighbour")
    page = followed()
    for inside in ("INTERNAL-NOTE", "STAFF-WORDS", "Internal note", "shift", "Shift leader"):
        assert inside not in page
    assert "Parks" in page and "Report back" in page


def test_words_meant_for_the_reporter_are_shown(client, followed):
    followed.town.take(followed.case, "ask_reporter", "intake", question="Which side of the road?")
    assert "Which side of the road?" in followed()
    answer = act(client, followed, "answer", words="The north side", photos=picture("blue"))
    assert answer.status_code == 303 and Case.objects.get(pk=followed.case).state == "collected"
    assert followed().count("<figure>") == 2


def test_who_reported_reads_what_they_said_and_nobody_else_does(client, town):
    mine = town.collect(words="Mine alone")
    assert "Mine alone" in client.get(f"/follow/{mine.follow}").content.decode()
    assert "Mine alone" not in client.get(f"/cases/{mine.number}").content.decode()


def test_photos_open_for_an_hour_by_their_own_address_only(client, followed):
    src = re.search(r'<img src="([^"]+)"', followed())[1].replace("&amp;", "&")
    shown = client.get(src)
    assert shown.status_code == 200 and shown["Content-Type"] == "image/jpeg"
    assert shown["X-Content-Type-Options"] == "nosniff" and "sandbox" in shown["Content-Security-Policy"]
    assert client.get(src.split("?")[0]).status_code == 404
    assert client.get(src.replace("k=", "k=1")).status_code == 404
    assert client.get(src.replace("side=320", "side=77")).status_code == 404


def test_a_follower_sees_the_work_but_not_what_others_sent(client, town):
    mine = town.collect(words="Mine alone", photos=(keep(picture(), subject="", by=REPORTER, at=town.at),))
    data = {"key": "k", "lon": "10.05", "lat": "50.07", "words": "Me too", "instead": mine.number}
    code = re.search(r"/follow/([^/]+)/", client.post("/report/follow", data)["Location"])[1]
    page = client.get(f"/follow/{code}").content.decode()
    assert "Mine alone" not in page and "<figure>" not in page
    assert set(re.findall(r'name="offer" value="(\w+)-', page)) == {"add"}


def test_withdraw_rate_and_reopen(client, followed):
    town = followed.town
    assert act(client, followed, "withdraw").status_code == 303
    assert "You withdrew it" in followed()
    again = town.collect(lon=10.15)
    for action, who, data in STRAIGHT:
        town.take(again.case, action, who, **data)
    followed.code = again.follow
    assert act(client, followed, "rate", satisfied="no").status_code == 303
    assert act(client, followed, "reopen", words="It lies there again").status_code == 303
    assert Case.objects.get(pk=again.case).round == 2


def test_a_refused_action_keeps_what_was_typed(client, followed):
    answer = act(client, followed, "add", words="", photos=picture())
    page = answer.content.decode()
    assert answer.status_code == 422 and "Please fill in words" in page and 'name="kept"' in page


def test_words_of_an_action_that_is_gone_are_shown_back(client, followed):
    offer = re.search(r'name="offer" value="(withdraw-[^"]+)"', followed())[1]
    for action, who, data in STRAIGHT[:3]:
        followed.town.take(followed.case, action, who, **data)
    answer = client.post(f"/follow/{followed.code}/act", {"offer": offer, "seq": "1", "words": "my reasons"})
    assert answer.status_code == 422 and "my reasons" in answer.content.decode()


def test_the_receipt_holds_without_us(client, followed):
    while sequence():
        pass
    seal_all()
    receipt = client.get(f"/follow/{followed.code}/receipt.json")
    assert "attachment" in receipt["Content-Disposition"]
    assert list(check_receipt(receipt.json(), keys.public_bytes())) == []
    published = client.get("/.well-known/cityloop-ledger").json()
    assert published["seals"] and published["keys"]


def test_chinese_words_are_those_of_the_trade(client, followed):
    from django.conf import settings

    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    page = followed()
    for word in ("收集", "立案", "派遣", "处置", "核查", "结案"):
        assert word in page


# --- what a follower may know: no more than everybody ----------------------------------------------


def follow(client, number, **more):
    """Follow a case as a stranger does; give the answer."""
    data = {"key": "stranger", "lon": "10.05", "lat": "50.07", "words": "Me too", "instead": number, **more}
    return client.post("/report/follow", data)


def code_of(answer):
    return re.search(r"/follow/([^/]+)/", answer["Location"])[1]


def test_a_guessed_number_of_an_unnamed_case_gives_no_code(client, town):
    unnamed = town.collect(matter="")
    assert follow(client, unnamed.number).status_code == 422 and not Follower.objects.exists()


@pytest.mark.parametrize(
    ("exactness", "told", "hidden"),
    [
        ("exact", ("12 Rosewood Avenue", "West north"), ()),
        ("street", ("Rosewood Avenue", "West north"), ("12 Rosewood",)),
        ("unit", ("West north",), ("Rosewood",)),
        ("none", (), ("Rosewood", "West")),
    ],
)
def test_a_follower_sees_a_place_as_everybody_does_and_its_reporter_as_it_is(client, town, exactness, told, hidden):
    mine = town.collect(address="12 Rosewood Avenue")
    for action, who in (("file", "shift"), ("dispatch", "dispatcher"), ("accept", "parks")):
        town.take(mine.case, action, who)
    photo = keep(picture(), subject=f"case:{mine.case}", by=town.actor("parks"), at=town.at)
    town.take(mine.case, "report_back", "parks", photos=[str(photo.uuid)], words="done")
    publish(town, tree=exactness)
    code = code_of(follow(client, mine.number))
    page = client.get(f"/follow/{code}").content.decode()
    main = page.split("<main", 1)[1]
    assert all(words in main for words in told) and not any(words in main for words in hidden)
    assert ("/files/" in main) == (exactness in ("exact", "street"))
    own = client.get(f"/follow/{mine.follow}").content.decode()
    assert "12 Rosewood Avenue" in own and "West north" in own and "/files/" in own


def test_a_follower_of_what_became_confidential_sees_nothing_more(client, town):
    mine = town.collect(address="7 Hidden Lane")
    code = code_of(follow(client, mine.number))
    town.take(mine.case, "file", "shift", matter="secret")
    main = client.get(f"/follow/{code}").content.decode().split("<main", 1)[1]
    for inside in ("Hidden", "West", "Abuse", "Fallen tree", "File", "Police"):
        assert inside not in main
    assert mine.number in main and "It is being dealt with" in main
    assert "Abuse" in client.get(f"/follow/{mine.follow}").content.decode(), "who reported it sees it whole"


def test_a_follower_has_no_receipt(client, town):
    mine = town.collect()
    code = code_of(follow(client, mine.number))
    assert client.get(f"/follow/{code}/receipt.json").status_code == 404
    assert client.get(f"/follow/{mine.follow}/receipt.json").status_code == 200
    assert "receipt.json" not in client.get(f"/follow/{code}").content.decode()


def test_a_reporter_folded_into_a_confidential_case_sees_their_own(client, town):
    hidden = town.collect(matter="secret", address="7 Hidden Lane")
    mine = town.collect(address="12 Rosewood Avenue")
    town.take(mine.case, "fold", "intake", into=hidden.case)
    page = client.get(f"/follow/{mine.follow}").content.decode()
    assert "12 Rosewood Avenue" in page and "Fallen tree" in page
    assert hidden.number not in page and "Abuse" not in page and "Hidden" not in page


def test_who_reported_a_case_folded_into_another_can_say_that_it_is_not_fixed(
    client, at_desk, town, django_assert_max_num_queries
):
    main = town.collect(words="A tree lies here", email="rose@example.org")
    mine = town.collect(words="A tree lies here too", email="ada@example.org")
    town.take(mine.case, "fold", "intake", into=main.case)
    assert 'value="dispute-' not in client.get(f"/follow/{mine.follow}").content.decode()
    for action, who, data in STRAIGHT[:7]:
        town.take(main.case, action, who, **data)
    with django_assert_max_num_queries(12):
        page = client.get(f"/follow/{mine.follow}").content.decode()
    form = page[page.index('data-offer="dispute"') :]
    fields = dict(re.findall(r'name="(offer|seq)" value="([^"]+)"', form[: form.index("</form>")]))
    answer = client.post(f"/follow/{mine.follow}/act", {**fields, "words": "It is still there", "photos": picture()})
    assert answer.status_code == 303
    step = Step.objects.get(what="dispute")
    assert step.subject == f"case:{main.case}" and step.name == mine.number
    assert Case.objects.get(pk=mine.case).state == "folded" and Case.objects.get(pk=main.case).state == "checking"
    theirs = client.get(f"/follow/{main.follow}").content.decode()
    assert "Another reporter says that it is not fixed" in theirs and "by you" not in theirs
    assert "It is still there" not in theirs and mine.number not in theirs
    assert f"Reporter of {mine.number}" in at_desk("shift").get(f"/desk/cases/{number(main.case)}").content.decode()
    again = client.post(f"/follow/{mine.follow}/act", {**fields, "words": "Still"})
    assert again.status_code == 422 and 'value="dispute-' not in again.content.decode()
    with pytest.raises(Refusal):
        town.take(main.case, "pass", "inspector")


def test_who_was_asked_to_confirm_is_the_reporter_of_the_main_case_alone(client, town):
    main, mine = town.collect(), town.collect()
    town.take(mine.case, "fold", "intake", into=main.case)
    for action, who, data in STRAIGHT[:7]:
        town.take(main.case, action, who, **data)
    assert 'value="dispute-' in client.get(f"/follow/{mine.follow}").content.decode()
    town.take(main.case, "ask_confirmation", "shift")
    assert 'value="dispute-' in client.get(f"/follow/{main.follow}").content.decode()
    assert 'value="dispute-' not in client.get(f"/follow/{mine.follow}").content.decode()


def ways(page):
    """What a page offers to be told by besides the code: the subject of mails, and the addresses of page and feed."""
    mails = re.findall(r'name="subject" value="([^"]+)"', page)
    return mails, set(re.findall(r'href="(/cases/[^"]+)"', page))


@pytest.mark.parametrize("end", ["", "/sent"])
def test_who_reported_without_an_address_can_be_told_by_mail_by_feed_and_on_the_public_page(client, town, end):
    mine = town.collect()
    page = client.get(f"/follow/{mine.follow}{end}").content.decode()
    assert ways(page) == ([f"case:{mine.case}"], {f"/cases/{mine.number}", f"/cases/{mine.number}.atom"})
    for path in ways(page)[1]:
        assert client.get(path).status_code == 200
    assert client.post("/mails", {"subject": f"case:{mine.case}", "email": "a@example.org"}).status_code == 200
    assert Notice.objects.get().kind == "confirm_mails"


@pytest.mark.parametrize("end", ["", "/sent"])
def test_who_left_an_address_is_not_asked_for_it_again_and_what_is_not_public_is_bound_to_its_code(client, town, end):
    mine = town.collect(email="rose@example.org")
    assert ways(client.get(f"/follow/{mine.follow}{end}").content.decode())[0] == []
    for report in ({"matter": "secret"}, {"matter": ""}):
        hidden = town.collect(**report)
        page = client.get(f"/follow/{hidden.follow}{end}").content.decode()
        assert ways(page) == ([], set()) and f'action="/follow/{hidden.follow}/mails"' in page, "by mail alone"
    main, folded = town.collect(), town.collect()
    town.take(folded.case, "fold", "intake", into=main.case)
    assert ways(client.get(f"/follow/{folded.follow}{end}").content.decode())[0] == [f"case:{main.case}"]
