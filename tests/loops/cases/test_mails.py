"""Mails: every kind of notice is sent by somebody, says all it means to say, and its links open what they should."""

import json
import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from cityloop.ground.loop.definition import shipped
from cityloop.loops.cases import actions as cases
from cityloop.loops.cases import tasks
from cityloop.loops.cases.models import Case
from cityloop.loops.cases.news import READER, forget_strangers, tell_at_once, tell_daily
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import real_now
from cityloop.town.ledger.actions import sequence
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.queries import cursor, last_offset
from cityloop.town.notices import actions, links, reforms, templates
from cityloop.town.notices.models import Notice, Subscription
from cityloop.town.notices.tasks import send_due
from cityloop.town.persons import actions as persons
from cityloop.town.persons.models import Person
from cityloop.town.persons.queries import by_email
from cityloop.town.units import queries as units
from cityloop.town.units.actions import reform
from cityloop.town.units.tasks import event_of, publish_reforms
from tests.loops.cases.smallville import DAY, STRAIGHT, Town
from tests.town.staff import BY, both

BASE = "https://city.example.org"
MAIL = "ada@example.org"


@pytest.fixture(autouse=True)
def public(settings, town: Town, monkeypatch) -> None:
    """A city with an address, at the town's own time."""
    cache.clear()
    monkeypatch.setattr(city_clock, "now", lambda: town.at)
    settings.PUBLIC_URL = BASE
    settings.ALLOWED_HOSTS = ["*"]


def told(town: Town) -> list[mail.EmailMessage]:
    """Let the steward do its rounds now; give the mails that went out."""
    while sequence():
        pass
    tasks.tell_reporters()
    tell_at_once()
    before = len(mail.outbox)
    send_due(at=town.at + 1)
    return mail.outbox[before:]


def link(message: mail.EmailMessage, start: str) -> str:
    found = re.search(rf"{BASE}({start}\S+)", message.body)
    assert found, message.body
    return found[1]


def test_what_the_loop_says_is_told_has_a_kind_of_notice() -> None:
    source = shipped("case", "full").source
    said = {
        what
        for table in (source.states, source.actions, source.requests)
        for entry in table.values()
        for what in entry.tell
    }
    assert said == {*tasks.KINDS, *tasks.STAFF}


def test_every_kind_of_notice_is_sent_by_somebody() -> None:
    """A kind with words that nobody sends is a promise nobody keeps: here stands who sends each."""
    by_the_loop = {*tasks.KINDS.values(), *(kind for kind, _ in tasks.STAFF.values()), tasks.NEWS}
    by_the_clock = {f"warning_{mark}" for mark in (50, 80, 100, 150)}
    subscriptions, hooks = {"confirm_mails", "area_news", "area_daily", "own_news"}, {"webhook_parked"}
    assert {*templates.table()} - {templates.TAIL} == by_the_loop | by_the_clock | subscriptions | hooks


def test_every_mail_of_a_whole_life_says_all_it_means_to(town: Town, monkeypatch) -> None:
    case = town.collect(email=MAIL).case
    town.take(case, "message", "intake", words="We look at it today")
    town.take(case, "ask_reporter", "intake", question="Which tree?")
    cases.take(case=case, act=cases_act("answer", words="That one"), by=town.actor("reporter"), at=town.at)
    for action, who, data in STRAIGHT[:3]:
        town.take(case, action, who, **data)
    town.take(case, "urge", "commander", words="Hurry")
    town.take(case, "suspend", "parks", reason="law", until=town.at + 2 * DAY, words="An order of the court")
    town.take(case, "decide", "commander", request=2, answer="granted")
    town.take(case, "resume", "parks")
    for action, who, data in STRAIGHT[3:7]:
        town.take(case, action, who, **data)
    town.take(case, "ask_confirmation", "shift")
    for action, who, data in STRAIGHT[7:]:
        town.take(case, action, who, **data)
    folded, passed, declined = (town.collect(email=f"{n}@example.org", lon=10.15).case for n in range(3))
    town.take(folded, "fold", "shift", into=passed)
    town.take(passed, "transfer", "intake", authority="The State")
    town.take(declined, "decline", "intake", reason="not_ours", words="Ask the state")
    other = town.to("checking", lon=10.01, email="x@example.org")
    cases.take(case=other, act=cases_act("dispute", words="No"), by=town.actor("reporter"), at=town.at)
    sent = told(town)
    kinds = set(Notice.objects.values_list("kind", flat=True))
    assert kinds == {*tasks.KINDS.values(), *(kind for kind, _ in tasks.STAFF.values())}
    for message in sent:
        assert "…" not in message.subject + message.body and "{" not in message.body, message.body
        assert BASE in message.body
    for notice in Notice.objects.all():
        assert "…" not in "".join(templates.render(notice.kind, "zh-hans", notice.params))
        assert BASE not in json.dumps(notice.params), "what is stored opens nothing"


def cases_act(name: str, **data):
    from cityloop.ground.loop.snapshot import Act

    return Act(name, data)


def test_the_link_in_a_mail_opens_the_case_of_that_person_alone(town: Town, monkeypatch, client: Client) -> None:
    mine, other = town.collect(email=MAIL, words="My own words"), town.collect(email="b@example.org", lon=10.15)
    one, two = told(town)
    page = client.get(link(one, "/follow/"))
    assert page.status_code == 200 and mine.number in page.content.decode() and page["Cache-Control"] == "no-store"
    assert 'value="withdraw-' in page.content.decode(), "it is the reporter who comes by it"
    assert other.number in client.get(link(two, "/follow/")).content.decode()
    forged = link(one, "/follow/").replace(f"case-{mine.case}", f"case-{other.case}")
    assert forged != link(one, "/follow/") and client.get(forged).status_code == 404


def test_links_run_out_can_be_made_void_and_end_with_the_person(town: Town, monkeypatch, client: Client) -> None:
    mine = town.collect(email=MAIL)
    (message,) = told(town)
    path, stop = link(message, "/follow/"), link(message, "/mails/")
    import time

    now = time.time()
    with monkeypatch.context() as later:
        later.setattr(time, "time", lambda: now + (links.DAYS["open"] + 1) * 86_400)
        assert client.get(path).status_code == 404
    with monkeypatch.context() as soon:
        soon.setattr("cityloop.doors.web.public.mails.real_now", lambda: real_now() + 2_000_000)
        assert client.post(stop, {"do": "links"}).status_code == 200
    assert client.get(path).status_code == 404
    assert client.get(f"/follow/{mine.follow}").status_code == 200, "the code is not touched"
    persons.erase_person(person=Person.objects.get(pk=Case.objects.get().reports.get().person), by=BY, at=town.at)
    assert links.bound("stop", stop.rpartition("/")[2]) is None


def test_no_more_mails_by_the_link_in_each_also_by_a_mail_program(town: Town, monkeypatch) -> None:
    case = town.collect(email=MAIL).case
    (message,) = told(town)
    headers = message.extra_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    strict = Client(enforce_csrf_checks=True)
    path = headers["List-Unsubscribe"].strip("<>").removeprefix(BASE)
    assert strict.get(path).status_code == 200
    town.take(case, "file", "shift")
    assert len(told(town)) == 1, "looking is not asking"
    assert strict.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    town.take(case, "dispatch", "dispatcher")
    assert told(town) == []
    assert Notice.objects.filter(error="not wanted").exists()


def test_who_follows_is_told_only_while_all_may_know(town: Town, monkeypatch) -> None:
    mine = town.collect(email=MAIL)
    cases.follow(case=mine.case, who=cases.Following(email="f@example.org"), at=town.at)
    told(town)
    town.take(mine.case, "file", "shift")
    assert {m.to[0] for m in told(town)} == {MAIL, "f@example.org"}
    hidden = town.collect(email=MAIL, lon=10.15)
    cases.follow(case=hidden.case, who=cases.Following(email="f@example.org"), at=town.at)
    told(town)
    town.take(hidden.case, "file", "shift", matter="secret")
    assert {m.to[0] for m in told(town)} == {MAIL}


def test_who_reported_a_folded_case_is_told_of_the_main_one_under_their_own_number(town: Town, monkeypatch) -> None:
    main, mine = town.collect(email="m@example.org"), town.collect(email=MAIL)
    town.take(mine.case, "fold", "shift", into=main.case)
    told(town)
    town.take(main.case, "file", "shift")
    subjects = {m.to[0]: m.subject for m in told(town)}
    assert mine.number in subjects[MAIL] and main.number in subjects["m@example.org"]


def test_without_a_public_address_mails_have_no_links(town: Town, monkeypatch, settings) -> None:
    settings.PUBLIC_URL = ""
    town.collect(email=MAIL)
    (message,) = told(town)
    assert "http" not in message.body and "List-Unsubscribe" not in message.extra_headers


# --- subscriptions ----------------------------------------------------------------------------------


def subscribe(client: Client, subject: str, **more: str) -> int:
    return client.post("/mails", {"subject": subject, "email": MAIL, "how": "once", **more}).status_code


def test_nothing_is_sent_before_the_owner_of_the_mailbox_says_so(town: Town, monkeypatch, client: Client) -> None:
    assert subscribe(client, "unit:100101") == 200
    (asked,) = told(town)
    assert MAIL not in str(Subscription.objects.values().get()) and Person.objects.get(accounts=None).email != MAIL
    case = town.collect(lon=10.05).case
    town.take(case, "file", "shift")
    assert told(town) == []
    path = link(asked, "/mails/")
    assert client.get(path).status_code == 200
    town.take(case, "dispatch", "dispatcher")
    assert told(town) == [], "a program that opens every link begins nothing"
    assert client.post(path).status_code == 200
    case = town.collect(lon=10.05).case
    town.take(case, "file", "shift")
    (message,) = told(town)
    assert "Filed" in message.subject and client.get(link(message, "/cases/")).status_code == 200
    client.post(link(message, "/mails/"))
    town.take(town.collect(lon=10.05).case, "file", "shift")
    assert told(town) == [] and not Subscription.objects.exists()


def test_who_stopped_may_ask_again(town: Town, monkeypatch, client: Client) -> None:
    confirmed(town, monkeypatch, client, "unit:1001")
    town.take(town.collect().case, "file", "shift")
    (message,) = told(town)
    client.post(link(message, "/mails/"))
    confirmed(town, monkeypatch, client, "unit:1001")
    town.take(town.collect().case, "file", "shift")
    assert [m.to for m in told(town)] == [[MAIL]]


def test_the_first_reading_tells_nothing_of_what_was(town: Town, client: Client) -> None:
    case = town.collect().case
    town.take(case, "file", "shift")
    while sequence():
        pass
    assert tell_at_once() == 0 and cursor(READER) == last_offset() > 0
    town.take(case, "dispatch", "dispatcher")
    while sequence():
        pass
    assert tell_at_once() > 0


def test_who_confirms_is_not_told_of_what_was_before(town: Town, monkeypatch, client: Client) -> None:
    tell_at_once()
    town.take(town.collect().case, "file", "shift")
    town.at += 10
    subscribe(client, "unit:1001")
    send_due(at=town.at)
    client.post(link(mail.outbox[-1], "/mails/"))
    town.take(town.collect().case, "file", "shift")
    assert len(told(town)) == 1


def test_only_what_happens_there_and_only_what_all_may_know(town: Town, monkeypatch, client: Client) -> None:
    unit = Case.objects.get(pk=town.collect(lon=10.05, lat=50.07).case).unit_code
    confirmed(town, monkeypatch, client, f"unit:{unit}")
    for report in ({"lon": 10.15}, {"lat": 50.02}, {"matter": "secret"}):
        town.take(town.collect(**report).case, "file", "shift")
    assert told(town) == []
    town.take(town.collect().case, "file", "shift")
    assert len(told(town)) == 1


def confirmed(town: Town, monkeypatch, client: Client, subject: str, **more: str) -> None:
    subscribe(client, subject, **more)
    (asked,) = told(town)
    client.post(link(asked, "/mails/"))


def test_once_a_day_if_anything_happened(town: Town, monkeypatch, client: Client) -> None:
    confirmed(town, monkeypatch, client, "unit:1001", how="daily")
    for _ in range(2):
        town.take(town.collect().case, "file", "shift")
    assert told(town) == []
    town.at += DAY + 10
    assert tell_daily() == 1 and tell_daily() == 0
    (message,) = told(town)
    assert "2 cases" in message.subject and message.body.count("Fallen tree") == 2
    town.at += DAY + 10
    assert tell_daily() == 1 and told(town) == [], "a day without news has no mail"


def test_who_is_told_daily_may_ask_to_be_told_at_once(town: Town, monkeypatch, client: Client) -> None:
    confirmed(town, monkeypatch, client, "unit:1001", how="daily")
    town.at += 10
    subscribe(client, "unit:1001", how="once")
    (asked,) = told(town)
    town.take(town.collect().case, "file", "shift")
    assert told(town) == [], "not before its owner says so"
    client.post(link(asked, "/mails/"))
    town.at += 10
    town.take(town.collect(lon=10.05).case, "file", "shift")
    assert len(told(town)) == 1
    confirmed(town, monkeypatch, client, "unit:1001", how="daily")
    town.take(town.collect().case, "file", "shift")
    assert told(town) == [] and Subscription.objects.get().next_at > town.at


def test_a_subscription_follows_a_reform_and_its_old_links_still_stop_it(town: Town, monkeypatch, client) -> None:
    confirmed(town, monkeypatch, client, "unit:100101", how="daily")
    confirmed(town, monkeypatch, client, "unit:100102")
    town.take(town.collect(lon=10.15).case, "file", "shift")
    (message,) = told(town)
    town.at += 10
    reform.renumber(codes={"100101": "100102", "100102": "100101"}, by=BY, at=town.at)
    assert publish_reforms() == 1 and reforms.follow(event_of(Step.objects.get(kind="renumber"))) == 0
    rows = {row.subject: row.next_at is None for row in Subscription.objects.all()}
    assert rows == {"unit:100102": False, "unit:100101": True}
    town.at += 10
    town.take(town.collect(lon=10.15).case, "file", "shift")
    assert len(told(town)) == 1
    client.post(link(message, "/mails/"))
    town.take(town.collect(lon=10.15).case, "file", "shift")
    assert told(town) == []


def test_of_units_that_are_joined_one_subscription_remains(town: Town, monkeypatch, client: Client) -> None:
    confirmed(town, monkeypatch, client, "unit:100101")
    subscribe(client, "unit:100102")
    town.at += 10
    reform.merge(codes=["100101", "100102"], names=both("All"), by=BY, at=town.at)
    publish_reforms()
    row = Subscription.objects.get()
    assert row.confirmed and units.unit_of(row.subject.removeprefix("unit:")) and len(row.was) == 2


def test_a_unit_that_is_no_more_does_not_keep_others_from_their_mails(town: Town, monkeypatch, client: Client) -> None:
    confirmed(town, monkeypatch, client, "unit:100102", how="daily")
    Subscription.objects.update(subject="unit:100155")
    confirmed(town, monkeypatch, client, "unit:1001", how="daily")
    case = town.collect().case
    town.take(case, "file", "shift")
    Case.objects.filter(pk=case).update(unit_code="100155001")
    town.at += DAY + 10
    assert tell_daily() == 2 and tell_daily() == 0
    assert len(told(town)) == 1


def test_a_day_told_twice_is_one_mail(town: Town, monkeypatch, client: Client) -> None:
    confirmed(town, monkeypatch, client, "unit:1001", how="daily")
    town.take(town.collect().case, "file", "shift")
    town.at += DAY + 10
    row = Subscription.objects.get()
    tell_daily()
    row.save()  # as if it had died before it noted that it was told
    town.at += 10
    tell_daily()
    assert Notice.objects.filter(kind="area_daily").count() == 1


def test_who_asked_anew_meanwhile_is_not_forgotten(town: Town, client: Client) -> None:
    subscribe(client, "unit:1001")
    (person,) = by_email(MAIL)
    forget_strangers({person.pk}, at=town.at)
    person.refresh_from_db()
    assert not person.erased


def test_a_mistyped_address_does_not_lose_the_choice(town: Town, client: Client) -> None:
    page = client.post("/mails", {"subject": "unit:1001", "email": "no address", "how": "once"}).content.decode()
    assert 'value="once" checked' in page and 'value="daily">' in page


def test_an_address_that_never_said_yes_is_forgotten(town: Town, monkeypatch, client: Client) -> None:
    town.collect(email="known@example.org")
    subscribe(client, "unit:1001", how="daily"), subscribe(client, "unit:1001", email="known@example.org")
    stranger, known = Person.objects.get(pk=by_email(MAIL)[0].pk), by_email("known@example.org")[0]
    monkeypatch.setattr(city_clock, "now", lambda: town.at + 30 * DAY)
    tell_daily()
    stranger.refresh_from_db(), known.refresh_from_db()
    assert stranger.erased and not known.erased and not Subscription.objects.exists()


def test_a_case_by_mail(town: Town, monkeypatch, client: Client) -> None:
    case = town.collect().case
    confirmed(town, monkeypatch, client, f"case:{case}")
    town.take(case, "file", "shift")
    (message,) = told(town)
    assert message.to == [MAIL] and client.get(link(message, "/cases/")).status_code == 200


@pytest.mark.parametrize("subject", ["case:999999", "unit:9999", "x", "", "case:0x1", "unit:"])
def test_what_is_not_there_cannot_be_subscribed_to(town: Town, client: Client, subject: str) -> None:
    assert subscribe(client, subject) == 404 and not Person.objects.filter(accounts=None).exists()


def test_a_confidential_case_cannot_be_subscribed_to(town: Town, client: Client) -> None:
    assert subscribe(client, f"case:{town.collect(matter='secret').case}") == 404


def test_nobody_is_bothered_by_strangers(town: Town, monkeypatch, client: Client) -> None:
    for _ in range(4):
        assert subscribe(client, "unit:1001") == 200
    for part in ("100101", "100102", "100101001"):
        assert subscribe(client, f"unit:{part}") == 200
    assert len(told(town)) == 3, "three a day, one for each place"
    actions.mute(person=Subscription.objects.first().person_id, subject="unit:1001", at=real_now())
    assert subscribe(client, "unit:1001", email="no address") == 422


def test_who_reported_what_is_not_public_is_told_by_mail_through_the_code_alone(town: Town, client: Client) -> None:
    made = town.collect(matter="secret")
    assert client.post("/mails", {"subject": f"own:{made.case}", "email": MAIL}).status_code == 404
    assert client.post("/follow/AAAA-BBBB-CCCC-DDDD/mails", {"email": MAIL}).status_code == 404
    wrong = client.post(f"/follow/{made.follow}/mails", {"email": "nobody"})
    assert wrong.status_code == 422 and f'action="/follow/{made.follow}/mails"' in wrong.content.decode()
    assert client.post(f"/follow/{made.follow}/mails", {"email": MAIL}).status_code == 200
    town.take(made.case, "file", "shift")
    (asks,) = told(town)
    confirm = link(asks, "/mails/")
    assert made.number in asks.subject and "Abuse" not in asks.subject + asks.body
    page = client.get(confirm).content.decode()
    assert made.number in page and "Abuse" not in page
    assert "From now on you are told" in client.post(confirm).content.decode()
    for action, who in (("dispatch", "dispatcher"), ("accept", "police"), ("report_back", "police")):
        town.take(made.case, action, who, **({"words": "Seen to"} if action == "report_back" else {}))
    (news,) = told(town)
    assert made.number in news.subject and "Abuse" not in news.subject + news.body
    assert f"{BASE}/follow\n" in news.body and "\u2026" not in news.subject + news.body
    client.post(link(news, "/mails/"))
    town.take(made.case, "submit", "dispatcher")
    town.take(made.case, "pass", "inspector", words="Gone")
    town.take(made.case, "close", "shift")
    assert told(town) == []
