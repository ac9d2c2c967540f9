"""What happens without anybody asking: lapses, warnings, notices, finding a checker."""

import re
from typing import Any

from django.core import mail

from cityloop.ground.loop.snapshot import load
from cityloop.loops.cases import tasks
from cityloop.loops.cases.checkers import find_checkers
from cityloop.loops.cases.models import Case
from cityloop.loops.cases.news import tell_at_once
from cityloop.town.calendar.clock import city_clock
from cityloop.town.ledger.actions import sequence
from cityloop.town.notices.models import Notice
from cityloop.town.notices.tasks import send_due
from cityloop.town.notices.templates import render
from cityloop.town.orgs.actions import dismiss
from cityloop.town.orgs.models import Holding
from cityloop.town.worklist.actions import sweep
from cityloop.town.worklist.models import Row, Warning
from tests.loops.cases.smallville import DAY, MINUTE, Town
from tests.town.staff import BY, seat


def at(monkeypatch: object, when: int) -> None:
    monkeypatch.setattr(city_clock, "now", lambda: when)  # type: ignore[attr-defined]


def test_silence_of_the_reporter_returns_the_case(town: Town, monkeypatch: object) -> None:
    case = town.collect().case
    town.take(case, "ask_reporter", "intake", question="Which tree?")
    at(monkeypatch, town.at + 4 * DAY)
    assert tasks.lapse() == 0
    at(monkeypatch, town.at + 5 * DAY + MINUTE)
    assert tasks.lapse() == 1
    assert Case.objects.get(pk=case).state == "collected"
    assert tasks.lapse() == 0


def test_an_unanswered_request_lapses(town: Town, monkeypatch: object) -> None:
    case = town.to("handling")
    town.take(case, "extend", "parks", words="the crane is broken")
    at(monkeypatch, town.at + 3 * DAY)
    assert tasks.lapse() == 1
    assert load(Case.objects.get(pk=case).snapshot).requests[0].state == "lapsed"


def test_overdue_is_kept_for_ever_and_told_once(town: Town, monkeypatch: object) -> None:
    case = town.collect().case
    row = Row.objects.get(subject_id=case)
    assert (row.due50, row.due80, row.due) == (town.at + 7.5 * MINUTE, town.at + 12 * MINUTE, town.at + 15 * MINUTE)
    assert sweep(at=town.at + 8 * MINUTE) == 1
    assert sweep(at=town.at + 8 * MINUTE) == 0
    assert sweep(at=town.at + 60 * MINUTE) == 1
    assert sorted(Warning.objects.values_list("mark", flat=True)) == [50, 150]
    at(monkeypatch, town.at + 60 * MINUTE)
    assert tasks.warn() == 2 and tasks.warn() == 0
    told = {n.kind for n in Notice.objects.all()}
    assert told == {"warning_50", "warning_150"}
    half = Notice.objects.filter(kind="warning_50")[0]
    assert "Collected of" in render(half.kind, "en", half.params).body
    body = render(half.kind, "zh-hans", half.params).body
    assert "“已收集”" in body and "Collected" not in body
    assert re.search(r"\d{4}年\d+月\d+日 \d\d:\d\d 前", body)
    town.take(case, "file", "shift", after=70 * MINUTE)
    row.refresh_from_db()
    assert row.ended is not None and row.mark == 150


def test_who_took_the_work_is_warned_at_the_desk(town: Town, monkeypatch: object) -> None:
    case = town.to("handling")
    row = Row.objects.filter(subject_id=case, org=town.orgs["parks"].pk, ended=None, due50__isnull=False).latest("pk")
    assert row.person
    at(monkeypatch, row.due50 + 1)
    sweep(at=row.due50 + 1)
    tasks.warn()
    told = Notice.objects.filter(kind="warning_50", subject=f"case:{case}")
    assert town.accounts["parks"].pk in told.values_list("account_id", flat=True)
    assert not told.filter(person__isnull=False).exists()


def test_the_reporter_is_told_by_mail_in_order_and_once(town: Town) -> None:
    case = town.collect(email="ann@example.org", language="zh-hans").case
    town.take(case, "decline", "intake", reason="not_ours", words="belongs to the state")
    sequence()
    assert tasks.tell_reporters() > 0
    assert tasks.tell_reporters() == 0
    kinds = [n.kind for n in Notice.objects.filter(channel="email").order_by("id")]
    assert kinds == ["received", "declined"]
    assert send_due(at=town.at + DAY) == 2
    assert [m.to for m in mail.outbox] == [["ann@example.org"]] * 2
    assert "受理" in mail.outbox[1].subject


def test_the_reporter_is_told_that_it_is_put_off_and_that_it_goes_on(town: Town, monkeypatch: object) -> None:
    case = town.collect(email="ann@example.org").case
    for action, who in (("file", "shift"), ("dispatch", "dispatcher"), ("accept", "parks")):
        town.take(case, action, who)
    town.take(case, "suspend", "parks", reason="season", until=town.at + 30 * DAY, words="frost")
    town.take(case, "decide", "commander", request=1, answer="granted")
    at(monkeypatch, town.at + 31 * DAY)
    assert tasks.lapse() == 1 and Case.objects.get(pk=case).state == "handling"
    while sequence():
        pass
    tasks.tell_reporters()
    told = Notice.objects.filter(channel="email").order_by("id")
    assert [n.kind for n in told][-2:] == ["suspended", "resumed"]
    send_due(at=town.at + 32 * DAY)
    assert "it must wait for the season" in mail.outbox[-2].body and "put off until 20" in mail.outbox[-2].subject


def test_telling_costs_no_more_where_more_cases_have_nobody_to_tell(
    town: Town, django_assert_max_num_queries: Any
) -> None:
    tell_at_once()
    with_mail = town.collect(email="ann@example.org").case
    for _ in range(12):
        town.take(town.collect().case, "decline", "intake", reason="not_ours", words="belongs to the state")
    while sequence():
        pass
    with django_assert_max_num_queries(17):  # of them ten for the one who is told
        assert tasks.tell_reporters() >= 25
    with django_assert_max_num_queries(7):
        assert tell_at_once() >= 25
    assert {n.subject for n in Notice.objects.all()} == {f"case:{with_mail}"}


def test_an_inspector_of_another_unit_checks_when_nobody_near_may(town: Town) -> None:
    dismiss(holding=Holding.objects.get(account=town.accounts["inspector"]), by=BY, at=town.at)
    case = town.to("checking", lon=10.02)
    assert Case.objects.get(pk=case).unit_code.startswith("100102") or Case.objects.get(pk=case).unit_code
    sequence()
    find_checkers()
    row = Case.objects.get(pk=case)
    east = town.accounts["inspector_east"]
    if row.unit_code.startswith("100101"):
        assert row.person == 0
    else:
        assert row.person == east.person_id
    town.take(case, "pass", "inspector_east", words="gone")
    assert Case.objects.get(pk=case).state == "checked"


def test_the_reporter_confirms_when_there_is_no_inspector_at_all(town: Town) -> None:
    for name in ("inspector", "inspector_east"):
        dismiss(holding=Holding.objects.get(account=town.accounts[name]), by=BY, at=town.at)
    seat(town.orgs["parks"], "inspector")  # a party: belongs to the organisation that handled
    case = town.to("checking")
    sequence()
    find_checkers()
    row = Case.objects.get(pk=case)
    assert row.person == 0 and load(row.snapshot).confirmable
    assert Row.objects.get(subject_id=case, ended__isnull=True).role == "reporter"
