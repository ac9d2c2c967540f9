"""What everybody may know of cases: which ones, where they are as exactly as their matter allows, what became of them.

Words that people wrote are never among it. A case is open to all when it is not confidential and its matter is
known: before someone has said what it is about, nobody can say whether it may be told.
"""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.db.models import Q

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.snapshot import Snapshot, load
from cityloop.loops.cases import numbers
from cityloop.loops.cases.known import PICTURED as PICTURED
from cityloop.loops.cases.known import coarse as coarse
from cityloop.loops.cases.known import everybody as everybody
from cityloop.loops.cases.known import exactness as exactness
from cityloop.loops.cases.known import is_known as is_known
from cityloop.loops.cases.known import leading as leading
from cityloop.loops.cases.known import street as street
from cityloop.loops.cases.loop import LOOP
from cityloop.loops.cases.models import SUBJECT, Case
from cityloop.loops.cases.queries import visible
from cityloop.town.catalog import queries as catalog
from cityloop.town.files import queries as files
from cityloop.town.files.models import File
from cityloop.town.ledger.models import Step
from cityloop.town.orgs.authority import Scope
from cityloop.town.units import queries as units

# Steps that residents are told of.
SHOWN = (
    "collect", "file", "dispatch", "re_dispatch", "reassign", "accept", "report_back", "submit", "pass", "fail",
    "close", "reopen", "fold", "unfold", "transfer", "returned", "resume", "decline", "ask_reporter", "answer",
    "proved", "disproved", "close_unsolved", "withdraw", "confirm", "dispute", "split",
)  # fmt: skip
# Steps whose photos show the place after the work.
AFTER = ("report_back", "pass", "fail")
# What rules and sources do that ends a case, and what changes its state without being told to the reporter.
UPDATES = (*SHOWN[1:], "close_by_source", "main_ended", "main_declined", "children_ended", "settled_outside", "prove")
PUT_OFF = "suspended"
MOST_TOUCHED = 10_000  # steps; more, and a page is full soon enough the other way
LIGHT = ("definition", "snapshot", "slots", "head")


class Spot(NamedTuple):
    """The place of a case as everybody may know it: a point, a unit; None or '' where that is not told."""

    lon: float | None
    lat: float | None
    unit: str


class PutOff(NamedTuple):
    """Why a case is put off (`season`, `project`, `law`; "" under older rules) and until when."""

    reason: str
    until: int


def puts_off(step: Step) -> bool:
    """Tell whether a step put a case off: a decision does; that it was asked for is nobody's outside, and may fail."""
    return step.after == PUT_OFF != step.before


def is_shown(step: Step) -> bool:
    """Tell whether residents are told of a step."""
    return step.what in SHOWN or puts_off(step)


def put_off(cases: Iterable[Case]) -> dict[int, PutOff]:
    """Give why and until when cases are put off, those that are. One query, none where none is."""
    ids = [case.pk for case in cases if case.state == PUT_OFF]
    rows = Case.objects.filter(pk__in=ids).values_list("pk", "snapshot") if ids else ()
    return {pk: put_off_by(load(snapshot)) for pk, snapshot in rows}


def put_off_by(snapshot: Snapshot) -> PutOff:
    """Give why and until when the case of a snapshot is put off, as it was granted last."""
    granted = [r.data for r in snapshot.requests if r.kind == "suspend" and r.state == "granted"]
    return PutOff(str(granted[-1].get("reason", "")) if granted else "", snapshot.until)


def spot(case: Case) -> Spot:
    """Give the place of a case as everybody may know it. No query."""
    how = exactness(case.matter)
    return Spot(*coarse(case.lon, case.lat, how), case.unit_code if how != "none" else "")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which public cases are asked for; None asks for all. Instants are half-open ranges, `before` the last row seen.

    `freshly` says that few cases have changed since `changed_since`: they are then found by their steps.
    `box` is (west, south, east, north); `circle` is (lon, lat, metres), and holds a little more than asked.
    """

    ids: tuple[int, ...] | None = None
    matters: tuple[str, ...] | None = None
    orgs: tuple[int, ...] | None = None
    ended: bool | None = None
    since: int | None = None
    until: int | None = None
    changed_since: int | None = None
    changed_until: int | None = None
    freshly: bool = False
    box: tuple[float, float, float, float] | None = None
    circle: tuple[float, float, float] | None = None
    before: tuple[int, int] | None = None
    skip: int = 0
    most: int = 1000


def listed(wanted: Wanted) -> list[Case]:
    """Give public cases, the newest first. One query, along the index of their beginning; one more where `freshly`."""
    rows = everybody().filter(_wanted(wanted)).order_by("-created", "-pk").defer(*LIGHT)
    touched = _touched(wanted.changed_since) if wanted.freshly and wanted.changed_since is not None else None
    if touched is not None:
        rows = rows.filter(pk__in=touched)
    return list(rows[wanted.skip : wanted.skip + wanted.most])


def by_number(text: str, *, whole: bool = False) -> Case:
    """Give the public case of a number; any other does not exist. One query; `whole` with how its loop stands."""
    rows = everybody().filter(pk=numbers.case_id(text))
    case = (rows.select_related("into") if whole else rows.defer(*LIGHT)).first()
    if case is None or numbers.number(case) != text.strip().upper():
        raise Refusal("cases.unknown", "There is no such case.", field="number")
    return case


def of_component(code: str, most: int = 20) -> list[Case]:
    """Give the public cases about a component, the newest first: those whose place is told exactly, as its is.

    One query.
    """
    rows = everybody().filter(component=code, component__gt="").filter(_exact())
    return list(rows.order_by("-pk").defer(*LIGHT)[:most])


def component(case: Case) -> str:
    """Give the component a public case is about, "" where that would tell more of its place than is told."""
    return str(case.component) if exactness(case.matter) == "exact" else ""


def _wanted(wanted: Wanted) -> Q:
    found = Q()
    if wanted.ids is not None:
        return Q(pk__in=wanted.ids)
    for name, value in (
        ("matter__in", wanted.matters), ("lead_org__in", wanted.orgs), ("created__gte", wanted.since),
        ("created__lt", wanted.until),
    ):  # fmt: skip
        if value is not None:
            found &= Q(**{name: value})
    # What has ended was changed last when it ended: a rating is no change of it (GeoReport v2, updated_datetime).
    for test, value in (("gte", wanted.changed_since), ("lt", wanted.changed_until)):
        if value is not None:
            found &= Q(**{f"closed__{test}": value}) | Q(closed__isnull=True, **{f"at__{test}": value})
    if wanted.ended is not None:
        found &= Q(closed__isnull=not wanted.ended)
    if wanted.before is not None:
        created, pk = wanted.before
        found &= Q(created__lte=created) & (Q(created__lt=created) | Q(pk__lt=pk))
    return found & _placed(wanted)


def _touched(since: int) -> list[int] | None:
    """Give the ids of the cases with a step since an instant; None where there are too many to name. One query."""
    steps = Step.objects.filter(kind=LOOP, at__gte=since).order_by("at")
    subjects = list(steps.values_list("subject", flat=True)[: MOST_TOUCHED + 1])
    return None if len(subjects) > MOST_TOUCHED else list({int(s.partition(":")[2]) for s in subjects})


def _placed(wanted: Wanted) -> Q:
    """Select by place only what is shown exactly: or else the answers to many questions would tell the point."""
    if wanted.box is None and wanted.circle is None:
        return Q()
    found = _exact()
    if wanted.box is not None:
        west, south, east, north = wanted.box
        found &= Q(lon__gte=west, lon__lte=east, lat__gte=south, lat__lte=north)
    if wanted.circle is not None:
        found &= units.near("cell", *wanted.circle)
    return found


def _exact() -> Q:
    known = catalog.current().known.values() if catalog.has_any() else ()
    return Q(matter__in=[entry.code for entry in known if entry.public_place == "exact"])


def seen_by(scope: Scope, cases: Iterable[Case]) -> set[int]:
    """Give the ids of those cases whose words a scope may read. One query, none for a stranger."""
    ids = [case.pk for case in cases]
    if not ids or not (scope.sees_anything() or scope.person):
        return set()
    return set(visible(scope).filter(pk__in=ids).values_list("pk", flat=True))


def work_photos(cases: Iterable[Case]) -> dict[int, list[str]]:
    """Give the keys of photos of the work by case, where its place may be shown. One query, none where nobody worked.

    Photos of reports are never public: they show what somebody sent.
    """
    asked = {c.subject: c.pk for c in cases if c.lead_org and exactness(c.matter) in PICTURED}
    if not asked:
        return {}
    rows = Step.objects.filter(subject__in=asked, what__in=AFTER).order_by("subject", "seq")
    found: dict[int, list[str]] = {}
    for subject, inner in rows.values_list("subject", "inner"):
        found.setdefault(asked[subject], []).extend(json.loads(inner).get("photos", ()))
    return {case: keys for case, keys in found.items() if keys}


def work_photo(uuid: UUID) -> File:
    """Give a photo of the work that everybody may see; no other exists. Three queries."""
    file = files.by_uuid(uuid)
    kind, _, key = file.subject.partition(":")
    case = everybody().filter(pk=int(key)).defer(*LIGHT).first() if kind == SUBJECT else None
    if case is None or str(uuid) not in work_photos([case]).get(case.pk, ()):
        raise Refusal("files.unknown", "There is no such file.", "file")
    return file


class Update(NamedTuple):
    """A step of a public case as everybody may know it: never its words."""

    case: Case
    seq: int
    at: int
    what: str
    state: str
    data: dict[str, Any]
    key: int


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """Whose steps: of one case or of all, from `since` to before `until`, after the place (at, key) in their order."""

    since: int
    until: int
    case: int | None = None
    after: tuple[int, int] | None = None
    most: int = 1000


def updates(period: Period) -> tuple[list[Update], tuple[int, int] | None]:
    """Give steps of public cases, the oldest first, and the place of the last one looked at if there may be more.

    Two queries: steps along the index of their time (of one case: along its ledger), then their cases.
    """
    told = Q(what__in=UPDATES) | (Q(after=PUT_OFF) & ~Q(before=PUT_OFF))
    rows = Step.objects.filter(told, kind=LOOP, at__gte=period.since, at__lt=period.until)
    if period.case is not None:
        rows = rows.filter(subject=f"{SUBJECT}:{period.case}")
    if period.after is not None:
        at, key = period.after
        rows = rows.filter(Q(at__gt=at) | Q(at=at, pk__gt=key), at__gte=at)
    found = list(rows.order_by("at", "pk")[: period.most])
    ids = {step.subject: int(step.subject.partition(":")[2]) for step in found}
    cases = {c.pk: c for c in everybody().filter(pk__in=set(ids.values())).defer(*LIGHT)} if ids else {}
    known = [_update(cases[ids[step.subject]], step) for step in found if ids[step.subject] in cases]
    return known, (found[-1].at, found[-1].pk) if len(found) == period.most else None


def _update(case: Case, step: Step) -> Update:
    return Update(case, step.seq, step.at, step.what, step.after, json.loads(step.data), step.pk)
