"""The desk's case page: the conversation, notes, words ready for the reporter, what is near, and what can be undone."""

import re

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cityloop.ground.kit.manifest import Reply
from cityloop.ground.kit.remembered import Remembered
from cityloop.loops.cases import actions as cases
from cityloop.loops.cases import tasks
from cityloop.loops.cases.models import Case
from cityloop.town.catalog import actions as catalog
from cityloop.town.ledger.actions import sequence
from cityloop.town.notices.actions import tell
from cityloop.town.worklist.models import View
from tests.doors.web.conftest import number
from tests.loops.cases.smallville import DAY, PLATE
from tests.steady import steady
from tests.town.staff import BY, both

REPLY = {
    "key": "way", "names": both("On the way"), "for": ["message", "close_unsolved"], "states": ["handling"],
    "words": {"en": "{organisation} comes to {place}: {number}.", "zh-hans": "正前往{place}（{number}）。"},
}  # fmt: skip


def section(page, name):
    text = page.content.decode()
    start = text.index(f'id="{name}"')
    return text[start : text.index("</section>", start)]


def offer(desk, case, action, **data):
    """Take an action through the page, as its form would."""
    page = desk.get(f"/desk/cases/{number(case)}").content.decode()
    key = re.search(rf'name="offer" value="({action}-\d+-0)"', page)[1]
    seq = Case.objects.get(pk=case).seq
    return desk.post(f"/desk/cases/{number(case)}/act", {"offer": key, "seq": seq, **data}, follow=True)


def test_what_is_written_to_the_reporter_is_read_by_them_and_by_nobody_else(client, at_desk, town):
    made = town.collect(email="rose@example.org", name="Rose", language="zh-hans")
    for action, who in (("file", "shift"), ("dispatch", "dispatcher"), ("accept", "parks")):
        town.take(made.case, action, who)
    parks = at_desk("parks")
    offer(parks, made.case, "message", words="The crane comes on Monday")
    offer(parks, made.case, "note", words="Ask for the big crane")
    sequence()
    tasks.tell_reporters()
    page = parks.get(f"/desk/cases/{made.number}")
    thread, notes = section(page, "thread"), section(page, "notes")
    assert "The crane comes on Monday" in thread and "A message about your report" in thread
    assert "big crane" in notes and "big crane" not in thread and "The crane" not in notes
    followed = client.get(f"/follow/{made.follow}").content.decode()
    assert "The crane comes on Monday" in followed and "big crane" not in followed
    other = client.get(f"/follow/{town_follower(town, made)}").content.decode()
    assert "crane" not in other


def town_follower(town, made):
    return cases.follow(case=made.case, who=cases.Following(), at=town.at, key="k" * 24).follow


def test_ready_words_come_in_the_reporters_language_with_the_blanks_filled(at_desk, town):
    plate = PLATE.model_copy(update={"replies": (Reply.model_validate(REPLY),)})
    catalog.publish(plates=[plate], by=BY, at=town.at)
    case = town.to("handling", email="rose@example.org", language="zh-hans", address="Rosenweg 7")
    page = at_desk("parks").get(f"/desk/cases/{number(case)}").content.decode()
    assert f"正前往Rosenweg 7（{number(case)}）" in page and 'lang="zh-Hans"' in page
    assert page.count("On the way") == 4  # in two forms, each with and without a script
    filed = town.to("filed", address="Rosenweg 9")
    assert "On the way" not in at_desk("dispatcher").get(f"/desk/cases/{number(filed)}").content.decode()


@pytest.mark.parametrize("words", ["{nonsense}", "{", "{0}"])
def test_words_with_a_blank_nobody_fills_are_refused(words):
    with pytest.raises(ValueError, match=r"blank|brace"):
        Reply.model_validate({**REPLY, "words": {"en": words, "zh-hans": words}})


def test_near_by_are_open_cases_of_any_matter_and_those_closed_lately(at_desk, town):
    case = town.to("filed", lon=10.05, lat=50.07)
    hole = town.to("filed", lon=10.0501, lat=50.07, matter="hole")
    far = town.to("filed", lon=10.06, lat=50.07)
    closed = town.to("closed", lon=10.0502, lat=50.07)
    long_ago = town.to("closed", lon=10.0503, lat=50.07)
    Case.objects.filter(pk=long_ago).update(closed=town.at - 31 * DAY)
    desk = at_desk("dispatcher")
    page = desk.get(f"/desk/cases/{number(case)}").content.decode()
    near = page[page.index('id="near-title"') :]
    assert number(hole) in near and number(closed) in near and number(far) not in page
    assert number(long_ago) not in page
    marks = desk.get(f"/desk/cases/{number(case)}/mark").json()["features"]
    assert [m["properties"]["id"] for m in marks] == [number(n) for n in (case, hole, closed)]


def undo(answer):
    """Press the button of the success message."""
    page = answer.content.decode()
    form = page[page.index('<form class="push" method="post"') :]
    form = form[: form.index("</form>")]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    return re.search(r'action="([^"]+)"', form)[1], fields


def test_a_fold_is_undone_by_an_unfold_and_both_stay_on_the_ledger(at_desk, town):
    main, case = town.to("collected"), town.to("collected")
    desk = at_desk("intake")
    done = offer(desk, case, "fold", into=number(main))
    assert Case.objects.get(pk=case).into_id == main
    to, fields = undo(done)
    again = desk.post(to, fields, follow=True)
    assert Case.objects.get(pk=case).into_id is None
    to, fields = undo(again)
    assert fields["into"] == number(main)
    desk.post(to, fields)
    assert Case.objects.get(pk=case).into_id == main and Case.objects.get(pk=case).seq == 4


def test_what_has_no_inverse_offers_no_undo(at_desk, town):
    case = town.to("filed")
    done = offer(at_desk("dispatcher"), case, "dispatch", lead="parks")
    assert Case.objects.get(pk=case).state == "dispatched"
    assert "Undo" not in done.content.decode()


def test_a_view_taken_away_comes_back(client, town):
    client.force_login(town.accounts["intake"])
    kept = client.post("/desk/views/inbox/keep", {"name": "West", "query": "unit=100101"}, follow=True)
    to, fields = undo(kept)
    gone = client.post(to, fields, follow=True)
    assert not View.objects.exists()
    to, fields = undo(gone)
    client.post(to, fields, follow=True)
    assert View.objects.get().query == "unit=100101"
    replaced = client.post("/desk/views/inbox/keep", {"name": "West", "query": "late=over"}, follow=True)
    assert "Undo" not in replaced.content.decode()  # the one before is gone


def test_the_bell_counts_what_is_new_until_it_is_seen(at_desk, town):
    account, case = town.accounts["parks"], town.to("handling")
    for mark in (50, 100):
        tell(
            event=f"worklist:{mark}", kind=f"warning_{mark}", subject=f"case:{case}", account=account.pk, at=town.at,
            params={"number": number(case), "matter": both("Tree"), "stage": "x", "due": "y"},
        )  # fmt: skip
    desk = at_desk("parks")
    assert 'data-live="bell">2</b>' in desk.get("/desk/").content.decode()
    page = desk.get("/desk/notices").content.decode()
    assert page.index("Overdue") < page.index("Half the time") and page.count(">New<") == 2
    assert f"/desk/cases/{number(case)}" in page
    again = desk.get("/desk/notices").content.decode()
    assert ">New<" not in again and 'data-live="bell"></b>' in again
    cache.clear()
    elsewhere = at_desk("parks")  # another browser: what was seen is seen
    assert 'data-live="bell"></b>' in elsewhere.get("/desk/").content.decode()
    assert ">New<" not in elsewhere.get("/desk/notices").content.decode()
    assert "Half the time" not in at_desk("roads").get("/desk/notices").content.decode()


def test_what_waits_on_others(at_desk, town):
    dispatched, collected = town.to("dispatched"), town.to("collected")
    page = at_desk("dispatcher").get("/desk/?others=1").content.decode()
    assert number(dispatched) in page and number(collected) not in page
    town.to("handling")
    town.take(dispatched, "accept", "parks")
    town.take(dispatched, "extend", "parks", words="More time", by="2 wd")
    assert number(dispatched) in at_desk("parks").get("/desk/?others=1").content.decode()
    assert number(dispatched) not in at_desk("police").get("/desk/?others=1").content.decode()


def test_a_full_case_page_takes_no_more_statements(settings, at_desk, town):
    steady(settings)
    Remembered.drop_all()
    case = town.to("handling", email="rose@example.org", name="Rose")
    town.to("handling")
    town.take(case, "message", "parks", words="The crane comes on Monday")
    desk = at_desk("parks")
    desk.get(f"/desk/cases/{number(case)}")
    with CaptureQueriesContext(connection) as asked:
        assert desk.get(f"/desk/cases/{number(case)}").status_code == 200
    assert len(asked) <= 12, "\n".join(q["sql"][:120] for q in asked)
