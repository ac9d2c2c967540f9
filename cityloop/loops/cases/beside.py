"""What stands beside the state of a case (columns, parts, rows of work, the report, words), held against its ledger.

Lists, maps, figures and exports read these rows and never the ledger: a date of closing or a limit changed there would
be believed by everybody.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from cityloop.ground.codes.cells import cell
from cityloop.loops.cases.actions.book import Kept
from cityloop.loops.cases.actions.save import CHANGING, part_rows, reflect
from cityloop.loops.cases.loop import LOOP
from cityloop.loops.cases.models import PLACE, SOURCE, Case, Part, Report
from cityloop.loops.cases.retelling import PartKey, Retold
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.queries import Finding
from cityloop.town.persons.queries import digests_of
from cityloop.town.persons.sealing import digest
from cityloop.town.worklist.models import Row

# The snapshot is compared by itself; slots are read in both ways of writing; a source may change who leads by no step.
OF_STATE = tuple(name for name in CHANGING if name not in {"snapshot", "slots", "lead_org", "parent_id"})
PART = ("org", "role", "state", "due", "ended")
SPLIT = "split"
LATE = 100
_slots = msgspec.json.Decoder(dict[str, tuple[int, int]])


class Beside(msgspec.Struct):
    """The rows beside one case, as they are stored."""

    parts: list[Part] = []
    work: list[Row] = []
    reports: list[Report] = []
    words: dict[int, str | None] = {}
    said: dict[str, Any] = {}  # what the source of an import said last, where it said anything later
    erased: bool = False  # its address


def beside(cases: Sequence[Case]) -> dict[int, Beside]:
    """Read what stands beside some cases. Five queries."""
    found: dict[int, Beside] = defaultdict(Beside)
    ids = [case.pk for case in cases]
    for part in Part.objects.filter(case_id__in=ids):
        found[part.case_id].parts.append(part)
    for row in Row.objects.filter(loop=LOOP, subject_id__in=ids):
        found[row.subject_id].work.append(row)
    for report in Report.objects.filter(case_id__in=ids):
        found[report.case_id].reports.append(report)
    words = digests_of(case.subject for case in cases)
    for case in cases:
        found[case.pk].words = words.get(case.subject, {})
    subjects = [f"{kind}:{pk}" for kind in (SOURCE, PLACE) for pk in ids]
    later = Step.objects.filter(subject__in=subjects).order_by("subject", "seq")
    for subject, kind, data in later.values_list("subject", "kind", "data"):
        one = found[int(subject.partition(":")[2])]
        if kind == SOURCE:
            one.said = json.loads(data)
        else:
            one.erased |= json.loads(data)["address"]
    return found


def faults(case: Case, retold: Retold, stored: Beside) -> Iterator[Finding]:
    """Yield a finding for the columns, the parts, the work and the report that are not what the ledger gives."""
    reflect(retold)
    if names := [*_state(case, retold), *_beginning(case, retold), *_source(case, retold, stored)]:
        message = f"The columns do not say what the ledger says: {', '.join(names)}."
        yield Finding("case.columns", case.subject, message)
    if message := _parts(retold, stored.parts):
        yield Finding("case.parts", case.subject, message)
    if message := _work(retold, stored.work):
        yield Finding("case.work", case.subject, message)
    if message := _reports(retold, stored.reports):
        yield Finding("case.report", case.subject, message)
    if message := _words(retold, stored.words):
        yield Finding("case.words", case.subject, message)


def _state(case: Case, retold: Retold) -> Iterator[str]:
    """Name the columns that follow from the state and are not as it says."""
    yield from (name for name in OF_STATE if getattr(case, name) != getattr(retold.case, name))
    if _slots.decode(case.slots or "{}") != retold.slots:
        yield "slots"
    lead = retold.snapshot.lead
    led = {lead.org} if lead else retold.leads | {retold.said.get("agency", 0)}
    if case.lead_org not in led and (lead or retold.origin != "import"):
        yield "lead_org"


def _beginning(case: Case, retold: Retold) -> Iterator[str]:
    """Name the columns that the first step fixes for ever and that are not as it says."""
    said, hidden = retold.said, retold.hidden
    fixed = {
        "origin": retold.origin,
        "channel": said.get("channel", ""),
        "source": said.get("source", ""),
        "source_key": said.get("key", ""),
        "component": hidden.get("component", ""),
        "parent_id": said.get("parent"),
    }
    yield from (name for name, value in fixed.items() if getattr(case, name) != value)
    if case.parent_id is not None:  # made at its parent's place, and when that was split
        return
    if case.created != retold.case.created:
        yield "created"
    for name, key in (("lon", "lon_e7"), ("lat", "lat_e7")):
        value = getattr(case, name)
        if (None if value is None else round(value * 1e7)) != hidden.get(key):
            yield name
    if case.cell != (cell(case.lon, case.lat) if case.lon is not None and case.lat is not None else None):
        yield "cell"


def _source(case: Case, retold: Retold, stored: Beside) -> Iterator[str]:
    """Name what a source says, how exactly, what was marked, and the address, where the ledger has them otherwise.

    First steps written before these stood there say nothing of them; what nobody brought in has no source and no mark.
    """
    said = retold.said | stored.said
    if "marked" in said or not said.get("source"):
        wanted = (("marked", said.get("marked", "")), ("source_status", said.get("status", "")))
        yield from (name for name, value in wanted if getattr(case, name) != value)
        if case.source_due != (said.get("due") if said.get("source") else None):
            yield "source_due"
    if case.precision != said.get("precision", "second"):
        yield "precision"
    if stored.said and not retold.snapshot.lead and case.lead_org != said.get("agency", 0):
        yield "lead_org"
    if (case.parent_id is None or stored.erased) and not _is_told(case, retold.said, stored):
        yield "address"  # a child has its parent's until it is erased; its first step says nothing of it


def _is_told(case: Case, said: Mapping[str, Any], stored: Beside) -> bool:
    """Tell whether an address is the one whose digest the first step has; an erased one is empty."""
    if stored.erased:
        return not case.address and case.address_salt is None
    if "address" not in said:
        return "marked" not in said or not case.address
    return case.address_salt is not None and digest(bytes(case.address_salt), case.address) == said["address"]


def _parts(retold: Retold, stored: Sequence[Part]) -> str:
    """Say what is wrong with the list of parts: rows of this round as they are, those of others as they once were."""
    rows = {(row.round, row.number): row for row in stored}
    now: dict[PartKey, tuple[Any, ...]] = {(part[1], part[2]): part for part in part_rows(retold)}
    if missing := now.keys() - rows.keys():
        return f"Parts are missing: {_numbers(missing)}."
    if unknown := rows.keys() - retold.parts.keys():
        return f"Parts stand here that the ledger does not know: {_numbers(unknown)}."
    ended = retold.snapshot.ended >= 0
    wrong = [key for key, part in now.items() if _part_of(rows[key]) != (part[3], *part[5:])]
    wrong += [
        key for key in rows.keys() - now.keys() if rows[key].ended != ended or rows[key].org != retold.parts[key][3]
    ]
    return f"Parts do not say what the ledger says: {_numbers(wrong)}." if wrong else ""


def _part_of(row: Part) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in PART)


def _numbers(keys: Sequence[PartKey] | set[PartKey]) -> str:
    return ", ".join(f"{number} of round {turn}" for turn, number in sorted(keys))


def _work(retold: Retold, stored: Sequence[Row]) -> str:
    """Say what is wrong with the rows of work: what is open must stand there, and what was overdue, for ever."""
    rows = {(row.slot, row.opened_seq): row for row in stored}
    if unknown := rows.keys() - retold.kept.keys():
        return f"Work stands here that the ledger does not know: {_duties(unknown)}."
    wrong = [key for key, kept in retold.kept.items() if not _as_kept(rows.get(key), kept, retold)]
    return f"Work does not say what the ledger says: {_duties(wrong)}." if wrong else ""


def _as_kept(row: Row | None, kept: Kept, retold: Retold) -> bool:
    timed = retold.origin != "import"
    overdue = timed and kept.overdue
    if row is None:
        return kept.ended is not None and not overdue
    duty = kept.duty
    due = duty.clock.due if timed and duty.clock is not None and duty.clock.due >= 0 else None
    said = (row.ended, row.what, row.role, row.org, row.person, row.due, row.opened)
    return said == (kept.ended, duty.what, duty.role, duty.org, duty.person, due, kept.opened) and (
        row.mark >= LATE or not overdue
    )


def _duties(keys: Sequence[tuple[str, int]] | set[tuple[str, int]]) -> str:
    return ", ".join(f"{slot} since step {seq}" for slot, seq in sorted(keys))


def _reports(retold: Retold, stored: Sequence[Report]) -> str:
    """Say what is wrong with the report a case grew from: each has one, but for the children of a split case."""
    wanted = 0 if retold.said.get("channel") == SPLIT else 1
    if len(stored) != wanted:
        return f"It should have grown from {wanted} report, and has {len(stored)}."
    first = retold.case
    channel = retold.said.get("channel", "")
    if any((one.created, one.channel, one.origin) != (first.created, channel, first.origin) for one in stored):
        return "Its report does not say what the ledger says."
    return ""


def _words(retold: Retold, stored: Mapping[int, str | None]) -> str:
    """Say what is wrong with what was said: each text gives the digest of its step, unless somebody had it erased."""
    if retold.words.keys() - stored.keys():
        return "Words are gone, and were not erased."
    if stored.keys() - retold.words.keys():
        return "Words stand here that the ledger does not know."
    changed = any(digest not in (None, retold.words[key]) for key, digest in stored.items())
    return "Words are not those of which the ledger has the digest." if changed else ""
