"""Mails to who subscribed to a part of the city or to a case, at once or daily: only what everybody may know.

Who follows a report of their own by its code, that not everybody may know of, is told its number and how it stands.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import say
from cityloop.ground.loop.actor import Actor
from cityloop.loops.cases import numbers, openly, public, telling
from cityloop.loops.cases.loop import LOOP
from cityloop.loops.cases.models import Case, Follower, Report
from cityloop.loops.cases.public import Seen
from cityloop.town.calendar.clock import city_clock
from cityloop.town.ledger.actions import move_cursor
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.queries import after_offset, cursor, has_begun, last_offset
from cityloop.town.notices import subscribing
from cityloop.town.notices.actions import tell
from cityloop.town.notices.models import Subscription
from cityloop.town.persons.actions import erase_person
from cityloop.town.persons.models import Account, Person
from cityloop.town.units import queries as units

READER = "cases.news"
RULE = Actor("rule", "rule", name="subscriptions")
OWN = "own"  # what a subscription to a report of one's own begins with: only its code gives one
KINDS = {"unit": "area_news", "case": "news", OWN: "own_news"}
NEWS = ("file", "report_back", "close", "reopen")  # what is worth a mail
LINES = 20
WEEK = 7 * 86_400_000_000

log = logging.getLogger(__name__)


def tell_at_once(most: int = 500) -> int:
    """Tell subscribers of the steps since the last time; give how many steps were read.

    The first time there is nothing to tell: nobody had asked for what came before.
    """
    if not has_begun(READER):
        move_cursor(READER, last_offset())
        return 0
    rows = list(after_offset(cursor(READER), most))
    told = [row for row in rows if row.kind == LOOP and row.origin == "live" and _is_news(row)]
    if told:
        _tell_all(told)
    if rows:
        move_cursor(READER, rows[-1].offset or 0)
    return len(rows)


def _is_news(row: Step) -> bool:
    return row.what in NEWS and row.before != row.after


def _tell_all(told: list[Step]) -> None:
    """Tell subscribers of steps. Two queries for all of them, and more only for those that somebody asked for."""
    ids = {row.pk: int(row.subject.partition(":")[2]) for row in told}
    cases = openly.everybody().in_bulk(set(ids.values()))
    over = {pk: [own(pk)] for pk in ids.values()}
    for pk, case in cases.items():
        over[pk] += [case.subject, *_units_over(case)]
    asked: dict[str, list[Subscription]] = {}
    for one in subscribing.told_at_once({subject for some in over.values() for subject in some}):
        asked.setdefault(one.subject, []).append(one)
    hidden = {pk for pk in over if own(pk) in asked} - set(cases)
    cases |= Case.objects.in_bulk(hidden) if hidden else {}
    for row in told:
        pk = ids[row.pk]
        for one in (one for subject in over.get(pk, ()) for one in asked.get(subject, ())):
            if one.since <= row.at:
                with passing_over(one):
                    _tell_one(one, row, cases[pk])


def _units_over(case: Case) -> list[str]:
    return [f"unit:{code}" for code in parts_over(openly.spot(case).unit)]


def _tell_one(one: Subscription, row: Step, case: Case) -> None:
    kind, _, code = one.subject.partition(":")
    tell(
        event=f"{row.subject}#{row.seq}",
        kind=KINDS[kind],
        subject=one.subject,
        params=_said_of_own(case) if kind == OWN else {**_said(case), "place": place(code) if kind == "unit" else {}},
        at=row.at,
        person=one.person_id,
        language=one.language,
        channels=["email"],
    )


@contextmanager
def passing_over(one: Subscription) -> Iterator[None]:
    """Let a subscription that cannot be told, such as of a unit that is no more, not keep the others from theirs."""
    try:
        yield
    except Refusal as refusal:
        log.warning("subscription %s was not told: %s", one.pk, refusal.code)


def parts_over(code: str) -> list[str]:
    """Give the codes of a unit and of all above it."""
    return list(units.scheme().path(code)) if code else []


def _said(case: Case) -> dict[str, object]:
    number = numbers.number(case)
    names = telling.matter_names(case)
    return {"number": number, "matter": names, "standing": telling.standing(case), "path": f"/cases/{number}"}


def own(pk: int) -> str:
    """Name what a subscription to a report of one's own is about."""
    return f"{OWN}:{pk}"


def of_own(pk: int) -> dict[str, str]:
    """Name such a report: by its number alone, for a mailbox is read by others too. One query."""
    case = Case.objects.filter(pk=pk).first()
    if case is None:
        raise Refusal("cases.unknown", "There is no such case.", "subject")
    return {"en": numbers.number(case)}


def _said_of_own(case: Case) -> dict[str, object]:
    return {"number": numbers.number(case), "standing": telling.standing(case), "path": "/follow"}


def place(code: str) -> dict[str, str]:
    """Name a part of the city in all its languages."""
    return dict(units.unit_of(code, "code").names)


def of_case(case: Case) -> dict[str, str]:
    """Name a case in all languages of its matter: `Fallen tree · SV-2018-000001`."""
    number = numbers.number(case)
    return {lang: f"{name} · {number}" for lang, name in (telling.matter_names(case) or {"en": ""}).items()}


def tell_daily(most: int = 100) -> int:
    """Make the daily mails that are due; a day without news has none. Give how many subscriptions were seen to."""
    now = city_clock.now()
    due = subscribing.due_daily(now, most)
    for one in due:
        with transaction.atomic():  # the mail and that it was made: together or not at all
            with passing_over(one):
                _tell_day(one, now)
            subscribing.told_daily(one, at=now)
    forget_strangers(subscribing.forget_unconfirmed(before=now - WEEK), at=now)
    return len(due)


def forget_strangers(persons: set[int], *, at: int) -> None:
    """Erase those of whom nothing is known but that somebody typed their address, and they never said yes."""
    for pk in sorted(persons - _known(persons)):
        with transaction.atomic():
            person = Person.objects.select_for_update().filter(pk=pk, erased=None).first()
            if person is not None and not _known({pk}):  # since the first look they may have reported
                erase_person(person=person, by=RULE, at=at)


def _known(persons: set[int]) -> set[int]:
    return {
        *Report.objects.filter(person__in=persons).values_list("person", flat=True),
        *Follower.objects.filter(person__in=persons).values_list("person", flat=True),
        *Account.objects.filter(person__in=persons).values_list("person_id", flat=True),
        *Subscription.objects.filter(person__in=persons).values_list("person_id", flat=True),
    }


def _tell_day(one: Subscription, now: int) -> None:
    kind, _, code = one.subject.partition(":")
    moved = public.moved(code, since=one.since, most=200) if kind == "unit" else []
    if not moved:
        return
    lines = [line(seen, one.language) for seen in moved[:LINES]]
    more = ["…"] if len(moved) > LINES else []
    tell(
        event=f"daily:{one.pk}:{one.next_at}",
        kind="area_daily",
        subject=one.subject,
        params={
            "place": place(code),
            "count": len(moved),
            "lines": "\n".join([*lines, *more]),
            "path": f"/fixed?under={code}",
        },
        at=now,
        person=one.person_id,
        language=one.language,
        channels=["email"],
    )


def line(seen: Seen, lang: str) -> str:
    """Say a case in one line."""
    matter, stands = say(telling.named(seen.matter), lang), say(telling.stands(seen.state), lang)
    return " · ".join(part for part in (seen.number, matter, stands, seen.address) if part)
