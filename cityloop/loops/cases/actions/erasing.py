"""Erasing with a person what they left in cases besides their words: the photos they sent, the address they typed.

The steps stay as they are, so that every chain verifies: they hold SHA-256 of a photo, and of an address with a salt
that goes with it. What is gone is told by a step of `place:ID`. The unit of the case stays, and its point.
"""

import json
from collections.abc import Iterable
from typing import NamedTuple

from django.db import transaction

from cityloop.ground.loop.actor import Actor
from cityloop.loops.cases.models import PLACE, SUBJECT, Case, Follower, Report
from cityloop.loops.cases.search.actions import index, take_turn
from cityloop.town.files import actions as files
from cityloop.town.ledger.actions import record
from cityloop.town.ledger.models import Step
from cityloop.town.persons.actions import erase_person
from cityloop.town.persons.models import Person


class Erased(NamedTuple):
    """How much was erased with a person."""

    words: int
    photos: int
    addresses: int


@transaction.atomic
def erase(*, person: Person, photos: bool, addresses: bool, by: Actor, at: int) -> Erased:
    """Erase a person's data and words, and, where asked, their photos and the addresses of the cases they reported.

    All of it or nothing; what was done with each case is on the ledger.
    """
    take_turn()
    mine = list(Report.objects.filter(person=person.pk).values_list("case_id", flat=True).distinct())
    sent = _sent(person.pk, mine) if photos else {}
    named = _named(mine) if addresses else set()
    words = erase_person(person=person, by=by, at=at)
    Case.objects.filter(pk__in=named).update(address="", address_salt=None)
    gone = 0
    for pk in sorted(named | sent.keys()):
        count = files.erase(uuids=sent.get(pk, []), subject=f"{SUBJECT}:{pk}")
        data = {"address": pk in named, "photos": count}
        record(subject=f"{PLACE}:{pk}", kind=PLACE, what="erased", by=by, at=at, data=data)
        gone += count
    index(named)
    return Erased(words, gone, len(named))


def _named(reported: Iterable[int]) -> set[int]:
    """Give the cases that hold an address a person typed: reported ones, and what was split off, which copied it.

    Locked from above, so that nothing is split off meanwhile. One query a generation.
    """
    found: set[int] = set()
    level = Case.objects.filter(pk__in=list(reported))
    while rows := list(level.select_for_update(of=("self",)).order_by("pk").values_list("pk", "address")):
        found |= {pk for pk, address in rows if address}
        level = Case.objects.filter(parent_id__in=[pk for pk, _address in rows])
    return found


def _sent(person: int, reported: Iterable[int]) -> dict[int, list[str]]:
    """Give the photos a person sent, by case: with the report, when asked again, or as who follows. Two queries."""
    first = {f"{SUBJECT}:{pk}" for pk in reported}
    followed = Follower.objects.filter(person=person).values_list("case_id", flat=True)
    subjects = first | {f"{SUBJECT}:{pk}" for pk in followed}
    found: dict[int, list[str]] = {}
    for row in Step.objects.filter(subject__in=subjects, actor="reporter").only("subject", "seq", "inner"):
        inner = json.loads(row.inner)
        if inner.get("photos") and ((row.seq == 1 and row.subject in first) or inner.get("person") == person):
            found.setdefault(int(row.subject.partition(":")[2]), []).extend(inner["photos"])
    return found
