import smtplib

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.notices import actions, queries, tasks
from cityloop.town.notices.models import Notice
from cityloop.town.orgs import actions as orgs
from cityloop.town.orgs.models import Holding
from cityloop.town.persons import actions as persons
from tests.town.staff import AT, BY, make_account, make_city, make_post, seat

pytestmark = pytest.mark.django_db
MINUTE = 60_000_000


class Failing(EmailBackend):
    """Refuses, naming the address, as mail servers do."""

    def send_messages(self, messages):
        raise smtplib.SMTPRecipientsRefused({messages[0].to[0]: (550, b"no such box")})


@pytest.fixture
def ada():
    return persons.register_person(at=AT, name="Ada", email="ada@example.org", language="zh-hans")


def tell(**changes):
    base = {"event": "case:1#2", "kind": "filed", "subject": "case:1", "params": {"number": "X-1"}, "at": AT}
    return actions.tell(**{**base, **changes})


def test_what_an_account_has_seen_stays_seen():
    account = make_account()
    for n in (2, 3):
        tell(account=account.pk, event=f"case:1#{n}")
    second, first = (one.id for one in queries.of_account(account.pk))
    assert queries.seen(account.pk) == 0 and queries.unseen(account.pk).count() == 2
    actions.note_seen(account=account.pk, last=second)
    actions.note_seen(account=account.pk, last=first)
    assert queries.seen(account.pk) == second and not queries.unseen(account.pk).exists()
    tell(account=account.pk, event="case:1#4")
    assert queries.unseen(account.pk).count() == 1 and queries.seen(make_account().pk) == 0


def test_what_persons_were_told_is_counted_by_the_database(ada, django_assert_num_queries):
    bob = persons.register_person(at=AT, name="Bob", email="bob@example.org")
    nobody = persons.register_person(at=AT, name="No address")
    for one in (ada, bob, nobody):
        tell(person=one.pk)
    tasks.send_due(at=AT)
    tell(person=bob.pk, event="case:1#3", kind="dispatched", at=AT + 5)
    tell(account=make_account().pk, event="case:1#4")
    with django_assert_num_queries(1):
        one, two = queries.to_persons("case:1", "en")
    assert (one.created, one.people, one.sent, one.waiting, one.failed) == (AT, 3, 2, 0, 1) and "X-1" in one.title
    assert (two.created, two.people, two.sent, two.waiting, two.failed) == (AT + 5, 1, 0, 1, 0)


def test_told_once_by_log_and_mail_in_the_persons_language(ada):
    assert len(tell(person=ada.pk)) == 2
    assert tell(person=ada.pk) == []
    assert tasks.send_due(at=AT) == 1 and tasks.send_due(at=AT + 100 * MINUTE) == 0
    (sent,) = mail.outbox
    assert sent.to == ["ada@example.org"] and sent.subject == "您的反映 X-1 已立案"
    assert Notice.objects.get(channel="email").sent_at == AT


def test_other_events_kinds_and_recipients_are_told_too(ada):
    tell(person=ada.pk), tell(person=ada.pk, event="case:1#3"), tell(person=ada.pk, kind="urged")
    tell(account=make_account().pk)
    assert Notice.objects.filter(channel="log").count() == 4


@pytest.mark.parametrize("origin", ["import", "replay", "exercise"])
def test_history_that_is_not_live_is_never_told(ada, origin):
    assert tell(person=ada.pk, origin=origin) == []
    assert not Notice.objects.exists()


def test_a_post_is_everyone_who_holds_it_now():
    city = make_city()
    post = make_post(city, "dispatcher")
    accounts = [make_account(email=f"a{i}@example.org") for i in range(3)]
    for account in accounts:
        orgs.appoint(account=account, post=post, by=BY, at=AT)
    orgs.dismiss(holding=Holding.objects.get(account=accounts[0]), by=BY, at=AT + 1)
    tell(post=post.pk, at=AT + 2)
    tasks.send_due(at=AT + 2)
    assert sorted(m.to[0] for m in mail.outbox) == ["a1@example.org", "a2@example.org"]
    (shown,) = queries.of_account(accounts[1].pk)
    assert shown.said.title == "Your report X-1 has become a case" and shown.subject == "case:1"
    assert queries.of_account(accounts[1].pk, before=shown.id) == []
    assert queries.of_subject("case:1").count() == 4


def test_telling_a_post_costs_few_statements(django_assert_max_num_queries):
    account = seat(make_city(), "dispatcher")
    with django_assert_max_num_queries(7):
        tell(post=Holding.objects.get(account=account).post_id)


def test_a_failure_is_tried_again_later_and_then_given_up(ada, settings, caplog):
    settings.EMAIL_BACKEND = "tests.town.notices.test_notices.Failing"
    tell(person=ada.pk, channels=["email"])
    now, tries = AT, 0
    while (due := Notice.objects.get().next_at) is not None:
        assert tasks.send_due(at=due - 1) == 0 and Notice.objects.get().tries == tries
        now, tries = due, tries + 1
        assert tasks.send_due(at=now) == 0
    found = Notice.objects.get()
    assert (found.tries, found.sent_at, found.error) == (7, None, "SMTPRecipientsRefused")
    assert now == AT + (1 + 5 + 15 + 60 + 240 + 1440) * MINUTE
    assert "ada@" not in caplog.text


def test_a_failure_heals(ada, settings):
    settings.EMAIL_BACKEND = "tests.town.notices.test_notices.Failing"
    tell(person=ada.pk)
    tasks.send_due(at=AT)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert tasks.send_due(at=AT + MINUTE) == 1
    assert Notice.objects.get(channel="email").error == ""


def test_two_senders_do_not_send_twice(ada):
    tell(person=ada.pk)
    assert len(actions.claim_due(at=AT, most=10, lease=MINUTE)) == 1
    assert actions.claim_due(at=AT, most=10, lease=MINUTE) == []
    assert len(actions.claim_due(at=AT + MINUTE, most=10, lease=MINUTE)) == 1


def test_nobody_without_an_address_nor_after_erasure(ada):
    tell(person=ada.pk), tell(person=persons.register_person(at=AT).pk)
    persons.erase_person(person=ada, by=BY, at=AT)
    assert tasks.send_due(at=AT) == 0 and not mail.outbox
    assert set(Notice.objects.filter(channel="email").values_list("error", "next_at")) == {("no address", None)}


def test_one_recipient_and_a_known_kind():
    for wrong, field in (
        ({}, "recipient"),
        ({"account": 1, "person": 1}, "recipient"),
        ({"kind": "x", "person": 1}, "kind"),
    ):
        with pytest.raises(Refusal) as caught:
            tell(**wrong)
        assert caught.value.field == field
