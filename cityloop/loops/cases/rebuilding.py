"""Rebuilding a case from the ledger alone, and saying where the stored one differs."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.snapshot import Snapshot, load
from cityloop.loops.cases.beside import Beside, beside, faults
from cityloop.loops.cases.loop import LOOP
from cityloop.loops.cases.loop import altered as altered_loops
from cityloop.loops.cases.models import SUBJECT, Case
from cityloop.loops.cases.retelling import Retold
from cityloop.town.calendar.past import Past
from cityloop.town.calendar.past import altered as altered_calendars
from cityloop.town.catalog import queries as catalog
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.queries import Finding, steps

CHUNK = 500


def differences(cases: Iterable[Case]) -> Iterator[Finding]:
    """Yield the findings for each case whose stored state, or what stands beside it, is not what its ledger gives.

    A case is read with many others, its steps after it: one that took a step between the two is looked at anew.
    """
    past, left = Past(), iter(cases)
    while some := list(islice(left, CHUNK)):
        rows = beside(some)
        for case in some:
            yield from _settled(case, rows.get(case.pk) or Beside(), past)


def _settled(case: Case, stored: Beside, past: Past) -> list[Finding]:
    found = _difference(case, stored, past)
    while found and (moved := _moved(case)):
        case = moved
        found = _difference(case, beside([case]).get(case.pk) or Beside(), past)
    return found


def _difference(case: Case, stored: Beside, past: Past) -> list[Finding]:
    try:
        state, rows = load(case.snapshot), list(steps(case.subject))
        retold = Retold(case, rows, past)
        if retold.snapshot != state:
            retold = _once_more(case, rows, state) or retold
        if retold.snapshot == state:
            return list(faults(case, retold, stored))
    except Refusal as refusal:
        return [Finding("case.not_rebuilt", case.subject, str(refusal))]
    except Exception as error:  # noqa: BLE001 - whatever somebody wrote into a row must not end the check of all others
        return [Finding("case.not_rebuilt", case.subject, f"What is written cannot be read: {error}")]
    names = [f for f in Snapshot.__struct_fields__ if getattr(retold.snapshot, f) != getattr(state, f)]
    return [Finding("case.differs", case.subject, f"Stored and rebuilt differ in {', '.join(names)}.")]


def _moved(case: Case) -> Case | None:
    """Give a case as it is now, where it is no longer as it was read."""
    now = Case.objects.filter(pk=case.pk).first()
    same = now is None or (now.snapshot, now.state, now.seq) == (case.snapshot, case.state, case.seq)
    return None if same else now


def _once_more(case: Case, rows: Sequence[Step], stored: Snapshot) -> Retold | None:
    """Allow for a calendar changed since this check began, and for a step whose process heard of a change late."""
    past = Past()
    told = (Retold(case, rows, past, late=late) for late in (False, True))
    return next((found for found in told if found.snapshot == stored), None)


def missing() -> Iterator[Finding]:
    """Yield a finding for each case that the ledger knows and that is gone."""
    began = Step.objects.filter(kind=LOOP, seq=1).order_by("pk").values_list("subject", flat=True)
    left = began.iterator(chunk_size=CHUNK)
    while some := list(islice(left, CHUNK)):
        ids = {int(number): subject for subject in some for number in [subject.removeprefix(f"{SUBJECT}:")]}
        for number in sorted(ids.keys() - set(Case.objects.filter(pk__in=list(ids)).values_list("pk", flat=True))):
            yield Finding("case.gone", ids[number], "The ledger knows this case, and it is gone.")


def rules() -> Iterator[Finding]:
    """Yield a finding for each catalogue, calendar and loop definition that is not the one that was published."""
    yield from (Finding("catalogue.edited", name, "It is not as it was published.") for name in catalog.altered())
    yield from (Finding("calendar.edited", name, "It is not as the ledger says.") for name in altered_calendars())
    for digest in altered_loops():
        yield Finding("loop.edited", f"loop:{digest[:12]}", "Its text does not give its digest.")


def all_differences() -> Iterator[Finding]:
    """Compare every case, and the rules it goes by, with the ledger: what runs each night."""
    yield from rules()
    yield from differences(Case.objects.order_by("pk").iterator(chunk_size=CHUNK))
    yield from missing()
