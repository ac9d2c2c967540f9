"""What was done with a case: its steps in words, its receipt, the promise it began with."""

import json
from collections.abc import Collection
from typing import Any

import msgspec

from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases import numbers
from cityloop.loops.cases.models import Case
from cityloop.town.files import queries as files
from cityloop.town.ledger import receipts
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.queries import row_of, steps
from cityloop.town.persons import queries as persons


class Moment(msgspec.Struct, frozen=True):
    """A step as a timeline shows it: the words opened, the photos by their keys."""

    step: Step
    data: dict[str, Any]
    words: dict[str, str]
    photos: tuple[str, ...]
    person: int


INTERNAL = frozenset({"note"})


def timeline(case: Case, *, internal: bool) -> list[Moment]:
    """Give the steps of a case, newest first. Two queries, three with photos. Without `internal` notes are left out.

    Photos that were erased are not among its photos.
    """
    rows = [s for s in steps(case.subject) if internal or s.what not in INTERNAL]
    opened = [(row, json.loads(row.data), json.loads(row.inner)) for row in rows]
    ids = {name: key for row, _, inner in opened for name, key in _word_ids(row, inner)}
    texts = persons.words(ids.values()) if ids else {}
    keys = [key for _row, _data, inner in opened for key in inner.get("photos", ())]
    there = files.known(keys) if keys else set()
    return [_moment(row, data, inner, texts, there) for row, data, inner in reversed(opened)]


def bare(case: Case) -> list[Moment]:
    """Give the steps of a case, newest first, without words and photos, for who shows neither. One query."""
    return [_moment(row, json.loads(row.data), {}, {}, set()) for row in steps(case.subject).reverse()]


def proof(cases: Collection[Case], after: Collection[str]) -> list[Moment]:
    """Give the steps with photos of the first of these cases that has some from before the work and from after it.

    Those of the steps named are from after it. Newest first, without words; empty where no case has both. Two queries.
    """
    rows = Step.objects.filter(subject__in=[case.subject for case in cases], inner__contains='"photos":["')
    of: dict[str, list[Step]] = {}
    for row in rows.order_by("seq"):
        of.setdefault(row.subject, []).append(row)
    found = next((of[c.subject] for c in cases if len({row.what in after for row in of.get(c.subject, ())}) > 1), [])
    inner = [json.loads(row.inner) for row in found]
    there = files.known([key for one in inner for key in one["photos"]]) if found else set()
    told = zip(found, inner, strict=True)
    return [_moment(row, json.loads(row.data), {"photos": one["photos"]}, {}, there) for row, one in told][::-1]


def _word_ids(row: Step, inner: dict[str, Any]) -> list[tuple[str, int]]:
    return [(f"{row.seq}:{name}", value) for name, value in inner.items() if name.endswith("_id")]


def _moment(row: Step, data: dict[str, Any], inner: dict[str, Any], texts: dict[int, str], there: set[str]) -> Moment:
    words = {k.removesuffix("_id"): texts.get(v, "") for k, v in inner.items() if k.endswith("_id")}
    return Moment(
        row, data, words, tuple(key for key in inner.get("photos", ()) if key in there), int(inner.get("person", 0))
    )


def receipt_of(case_id: int) -> dict[str, Any]:
    """Give the receipt of a case by its id; what is replayed or exercised says so on it."""
    case = Case.objects.filter(pk=case_id).first()
    if case is None:
        raise Refusal("cases.unknown", "There is no such case.", field="number")
    note = "" if case.origin == "live" else f"simulated: {case.origin}"
    return receipts.receipt(case.subject, numbers.number(case), note)


def promise_of(case: Case) -> dict[str, Any]:
    """Give again the promise that a report was answered with. One query."""
    return receipts.promise(row_of(steps(case.subject)[0]), numbers.number(case))
