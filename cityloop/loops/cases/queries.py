"""Reading cases. Everything a person sees goes through a scope."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural
from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.offers import Denied, Offer, offers
from cityloop.ground.loop.snapshot import Snapshot, load
from cityloop.loops.cases import numbers
from cityloop.loops.cases.actions.opening import kin_of
from cityloop.loops.cases.actions.save import paths
from cityloop.loops.cases.folding import with_folded, with_folded_of
from cityloop.loops.cases.loop import LOOP, pinned
from cityloop.loops.cases.models import SUBJECT, Case, Follower, Part, Report
from cityloop.loops.cases.search.queries import CANDIDATES, Asked, candidates
from cityloop.town.columns import under
from cityloop.town.ledger import receipts
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.queries import after_offset, row_of, steps
from cityloop.town.notices import links
from cityloop.town.orgs.authority import Scope
from cityloop.town.persons import queries as persons

FEW = 2_000  # cases that are named one by one


def visible(scope: Scope, part_of: Callable[[str], Q] | None = None) -> QuerySet[Case]:
    """Give the cases a scope may see: what its posts cover, and what is in this person's own hands.

    `part_of` may say in another way which cases an organisation, by its path, takes part in.
    """
    covered = scope.q("unit_code", "level", part_of or takes_part)
    if not covered:  # the whole city at every level; `Q() | other` would mean `other` alone
        return Case.objects.all()
    return Case.objects.filter(covered | _in_hand(scope))


def _in_hand(scope: Scope) -> Q:
    if not scope.sees_anything() or not scope.person:
        return Q(pk__in=[])
    # That it is above 0 is said for the index, which has only such rows.
    return Q(person=scope.person, person__gt=0, level__lte=max(grant.level for grant in scope.grants))


def takes_part(path: str) -> Q:
    """Select the cases in which an organisation, or one below it, takes part."""
    return Q(Exists(Part.objects.filter(under("org_path", path), case=OuterRef("pk"))))


def takes_part_each(path: str) -> Q:
    """Select as `takes_part`, each case asked for itself: for a few cases, or a page from the newest down.

    The comparison from both sides keeps PostgreSQL from collecting all cases of the organisation first.
    """
    mine = Part.objects.filter(under("org_path", path))
    return Q(Exists(mine.filter(case_id__gte=OuterRef("pk"), case_id__lte=OuterRef("pk"))))


def takes_part_by_size(path: str) -> Q:
    """Select as `takes_part`, for a page from the newest down, in the way that suits how much that is. One query.

    Few cases are named one by one. Where there are many, each row is asked for itself until a page is full.
    """
    mine = Part.objects.filter(under("org_path", path))
    ids = list(mine.values_list("case_id", flat=True)[: FEW + 1])
    if len(ids) <= FEW:
        return Q(pk__in=ids)
    return takes_part_each(path)


def rows_of_part(path: str) -> Q:
    """Select the rows of work on cases in which an organisation, or one below it, takes part."""
    return Q(Exists(Part.objects.filter(under("org_path", path), case=OuterRef("subject_id"))))


def among(scope: Scope, ids: Iterable[int]) -> QuerySet[Case]:
    """Give those of a few cases that a scope may see."""
    return visible(scope, takes_part_each).filter(pk__in=list(ids))


def by_number(text: str, scope: Scope) -> Case:
    """Give the case of a public number if the scope may see it; to others it does not exist."""
    case = among(scope, [numbers.case_id(text)]).first()
    if case is None or numbers.number(case) != text.strip().upper():
        raise Refusal("cases.unknown", "There is no such case.", field="number")
    return case


def of_component(code: str, scope: Scope, most: int = 20) -> list[Case]:
    """Give the cases about a component that a scope may see, the newest first. One query."""
    rows = visible(scope, takes_part_each).filter(component=code, component__gt="")
    return list(rows.order_by("-pk").defer("definition", "snapshot", "slots", "head")[:most])


def by_numbers(texts: Iterable[str], scope: Scope) -> list[Case]:
    """Give those of the cases with these public numbers that a scope may see, in the order asked for. One query."""
    ids = {}
    for text in texts:
        try:
            ids[numbers.case_id(text)] = text.strip().upper()
        except Refusal:
            continue
    found = {case.pk: case for case in visible(scope).filter(pk__in=ids).select_related("into", "parent")}
    return [found[key] for key, text in ids.items() if key in found and numbers.number(found[key]) == text]


def may_read(subject: str, scope: Scope) -> bool:
    """Tell whether a scope may read what hangs on a ledger subject `case:<id>`, such as its photos."""
    kind, _, key = subject.partition(":")
    return kind == "case" and (pk := natural(key)) is not None and among(scope, [pk]).exists()


def followed(code: str) -> tuple[Case, Report | Follower] | None:
    """Give the case behind a follow code or a link from a mail, with the row of who follows; None for a wrong one."""
    if links.is_token(code):
        return _by_link(links.bound("open", code))
    digest = numbers.follow_digest(code)
    row: Report | Follower | None = (
        Report.objects.select_related("case__into").filter(follow=digest).first()
        or Follower.objects.select_related("case__into").filter(follow=digest).first()
    )
    return (row.case, row) if row is not None else None


def _by_link(bound: links.Bound | None) -> tuple[Case, Report | Follower] | None:
    """Give the case a link was mailed about, as the person it was mailed to reported or follows it."""
    kind, _, key = bound.subject.partition(":") if bound else ("", "", "")
    pk = natural(key) if kind == SUBJECT else None
    if bound is None or pk is None:
        return None
    mine = {"case_id": pk, "person": bound.person}
    row: Report | Follower | None = (
        Report.objects.select_related("case__into").filter(**mine).order_by("-pk").first()
        or Follower.objects.select_related("case__into").filter(**mine).order_by("-pk").first()
    )
    return (row.case, row) if row is not None else None


def snapshot_of(case: Case) -> Snapshot:
    """Give the loop state of a case."""
    return load(case.snapshot)


def open_to(case: Case, actors: tuple[Actor, ...], at: int) -> tuple[list[Offer], list[Denied]]:
    """Give what these actors may do with a case now, and what they may not yet, with why."""
    snapshot = load(case.snapshot)
    return offers(pinned(case.definition), snapshot, actors, max(at, case.at), kin_of(case, snapshot))


def actors_for(case: Case, scope: Scope) -> tuple[Actor, ...]:
    """Give the actors of a scope whose post covers this case. No query once the organisations are known."""
    snap, known = load(case.snapshot), paths()
    orgs = [known[o] for o in {*(p.org for p in snap.parts), *(r.org for r in snap.requests)} if o in known]
    unit = snap.unit or case.unit_code
    return tuple(a for a in scope.actors() if scope.may(a, unit, snap.level, orgs))


class Wanted(msgspec.Struct, frozen=True):
    """What a list of cases is asked for; empty fields ask for all. `org` is an organisation's real path."""

    state: str = ""
    ended: bool | None = None
    matter: str = ""
    unit: str = ""
    org: str = ""
    overdue_at: int = 0
    number: str = ""
    person: int = 0


def listed(scope: Scope, wanted: Wanted, *, before: int = 0, most: int = 50) -> list[Case]:
    """Give the newest cases of a list that a scope may see, below the id `before`.

    One query, one more for each organisation whose cases alone are seen.
    """
    rows = visible(scope, takes_part_by_size).filter(wanted_of(wanted)).defer("snapshot", "slots", "head")
    if before:
        rows = rows.filter(pk__lt=before)
    return list(rows.order_by("-pk")[:most])


def narrowed(scope: Scope, wanted: Wanted) -> QuerySet[Case]:
    """Select the cases of a list that a scope may see."""
    return visible(scope).filter(wanted_of(wanted))


def with_words(scope: Scope, wanted: Wanted, asked: Asked, *, before: int = 0, most: int = 50) -> list[Case]:
    """Give the newest cases with all the words asked for that a scope may see. Two queries, at most six."""
    found: list[Case] = []
    for _round in range(3):
        ids = candidates(asked, before=before)
        rows = (
            visible(scope, takes_part_each).filter(wanted_of(wanted), pk__in=ids).defer("snapshot", "slots", "head")
            if ids
            else ()
        )
        found += list(rows.order_by("-pk")[: most - len(found)]) if ids else []  # type: ignore[union-attr]
        if len(found) >= most or len(ids) < CANDIDATES:
            break
        before = ids[-1]
    return found


def wanted_of(wanted: Wanted) -> Q:
    """Give the condition of a list."""
    found = under("unit_code", wanted.unit)
    if wanted.state:
        found &= Q(closed__isnull=True) if wanted.state == "open" else Q(state=wanted.state)
    if wanted.ended is not None:
        found &= Q(closed__isnull=not wanted.ended)
    if wanted.matter:
        found &= Q(matter=wanted.matter)
    if wanted.org:
        found &= takes_part(wanted.org)
    if wanted.overdue_at:
        found &= Q(due__lt=wanted.overdue_at, closed__isnull=True)
    if wanted.person:
        found &= Q(pk__in=Report.objects.filter(person=wanted.person, person__gt=0).values("case_id"))
    return found & _numbered(wanted.number) if wanted.number else found


def _numbered(text: str) -> Q:
    """Select by a whole public number, or by its last digits alone."""
    plain = text.strip()
    try:
        short = natural(plain)
        return Q(pk=numbers.case_id(plain) if short is None else short)
    except Refusal:
        return Q(pk__in=[])


def by_ids(scope: Scope, ids: Iterable[int]) -> dict[int, Case]:
    """Give those of the cases that a scope may see, by id. One query."""
    return {case.pk: case for case in among(scope, ids).defer("snapshot", "slots", "head")}


def told_steps(scope: Scope, after: int, most: int) -> tuple[int, list[tuple[int, dict[str, Any]]]]:
    """Give as `seen_steps`, without what is imported, replayed or exercised: that has no effect outside."""
    last, found = seen_steps(scope, after, most)
    return last, [(offset, facts) for offset, facts in found if facts["origin"] == "live"]


def standing(scope: Scope, ids: Iterable[int]) -> dict[int, tuple[str, int]]:
    """Give the state of each of these cases that a scope may see, and from how many reports it grew. One query."""
    reports = Report.objects.filter(with_folded(OuterRef(OuterRef("pk"))))
    counted = reports.order_by().annotate(one=Value(1)).values("one").annotate(n=Count("pk")).values("n")
    rows = among(scope, ids).annotate(n=Coalesce(Subquery(counted), 0))
    return {key: (state, n) for key, state, n in rows.values_list("pk", "state", "n")}


def reports_of(case: Case) -> list[Report]:
    """Give the reports a case grew from with their cases, also those folded into it, the oldest first. One query.

    Each knows as `others` how many follow the case without having reported it.
    """
    counted = _following(case).order_by().annotate(one=Value(1)).values("one").annotate(n=Count("pk")).values("n")
    rows = Report.objects.filter(with_folded(case)).select_related("case").order_by("pk")
    rows = rows.annotate(others=Coalesce(Subquery(counted), 0))
    return list(rows.defer("case__definition", "case__snapshot", "case__slots", "case__head"))


def spoken(reports: Iterable[Any]) -> str:
    """Give the language in which whoever reported is to be told: of the first report with somebody behind it."""
    known = [(not report.person, n, report.language) for n, report in enumerate(reports)]
    return min(known)[2] if known else "en"


def spoken_in(ids: Iterable[int]) -> dict[int, str]:
    """Give of each of these cases the language in which whoever reported is to be told. One query."""
    wanted = list(ids)
    rows = Report.objects.filter(with_folded_of(wanted)).order_by("pk")
    found: dict[int, list[Any]] = {key: [] for key in wanted}
    for row in rows.values_list("case_id", "case__into_id", "language", "person", named=True):
        for key in found.keys() & {row.case_id, row.case__into_id}:
            found[key].append(row)
    return {key: spoken(reports) for key, reports in found.items()}


class Moment(msgspec.Struct, frozen=True):
    """A step as a timeline shows it: the words opened, the photos by their keys."""

    step: Step
    data: dict[str, Any]
    words: dict[str, str]
    photos: tuple[str, ...]
    person: int


INTERNAL = frozenset({"note"})


def timeline(case: Case, *, internal: bool) -> list[Moment]:
    """Give the steps of a case, newest first. Two queries. Without `internal` notes are left out."""
    rows = [s for s in steps(case.subject) if internal or s.what not in INTERNAL]
    opened = [(row, json.loads(row.data), json.loads(row.inner)) for row in rows]
    ids = {name: key for row, _, inner in opened for name, key in _word_ids(row, inner)}
    texts = persons.words(ids.values()) if ids else {}
    return [_moment(row, data, inner, texts) for row, data, inner in reversed(opened)]


def _word_ids(row: Step, inner: dict[str, Any]) -> list[tuple[str, int]]:
    return [(f"{row.seq}:{name}", value) for name, value in inner.items() if name.endswith("_id")]


def _moment(row: Step, data: dict[str, Any], inner: dict[str, Any], texts: dict[int, str]) -> Moment:
    words = {k.removesuffix("_id"): texts.get(v, "") for k, v in inner.items() if k.endswith("_id")}
    return Moment(row, data, words, tuple(inner.get("photos", ())), int(inner.get("person", 0)))


def followers(case: Case) -> int:
    """Count who follows a case: reporters and followers of it and of what is folded into it."""
    return followers_with(case, reports_of(case))


def followers_with(case: Case, reports: Sequence[Any]) -> int:
    """Count who follows a case whose reports are known already. No query, but where it has no report."""
    return len(reports) + (reports[0].others if reports else _following(case).count())


def _following(case: Case) -> QuerySet[Follower]:
    """Select who follows a case, or one folded into it, without having reported it."""
    return Follower.objects.filter(with_folded(case))


def followers_of(ids: Iterable[int]) -> dict[int, int]:
    """Count who follows each of these cases: who reported it, and who follows it since. Two queries."""
    wanted, found = list(ids), dict[int, int]()
    for rows in (Report.objects, Follower.objects):
        for case, n in rows.filter(case__in=wanted).values_list("case").annotate(n=Count("pk")).order_by():
            found[case] = found.get(case, 0) + n
    return found


def folded_into(case: Case) -> QuerySet[Case]:
    """Give the cases folded into this one."""
    return Case.objects.filter(into=case).order_by("pk")


def seen_steps(scope: Scope, after: int, most: int) -> tuple[int, list[tuple[int, dict[str, Any]]]]:
    """Give the last offset looked at, and the steps of cases after `after` that a scope may see. Two queries."""
    rows = list(after_offset(after, most))
    if not rows:
        return after, []
    ids = {int(r.subject.partition(":")[2]) for r in rows if r.kind == LOOP}
    cases = {c.pk: c for c in among(scope, ids)} if ids else {}
    found = []
    for row in rows:
        case = cases.get(int(row.subject.partition(":")[2])) if row.kind == LOOP else None
        if case is not None and row.offset is not None:
            found.append((row.offset, _facts(case, row)))
    return rows[-1].offset or after, found


class Passed(msgspec.Struct, frozen=True):
    """A step as it passes by, with all that decides who may see it."""

    offset: int
    facts: dict[str, Any]
    unit: str
    level: int
    paths: tuple[str, ...]
    person: int

    def seen_by(self, scope: Scope) -> bool:
        """Tell whether a scope may see it, just as `visible` would; asks no database."""
        if scope.allows(self.unit, self.level, self.paths):
            return True
        mine = bool(scope.person) and scope.person == self.person and scope.sees_anything()
        return mine and self.level <= max(grant.level for grant in scope.grants)


def passing(after: int, most: int) -> tuple[int, list[Passed]]:
    """Give the last offset looked at, and all steps of cases after `after`, for many scopes at once. Three queries."""
    rows = list(after_offset(after, most))
    if not rows:
        return after, []
    ids = {int(r.subject.partition(":")[2]) for r in rows if r.kind == LOOP}
    cases = Case.objects.defer("snapshot", "slots", "head").in_bulk(ids) if ids else {}
    paths: dict[int, list[str]] = {}
    for case_id, path in Part.objects.filter(case_id__in=ids).values_list("case_id", "org_path") if ids else ():
        paths.setdefault(case_id, []).append(path)
    found = []
    for row in rows:
        case = cases.get(int(row.subject.partition(":")[2])) if row.kind == LOOP else None
        if case is not None and row.offset is not None:
            known = tuple(paths.get(case.pk, ()))
            found.append(Passed(row.offset, _facts(case, row), case.unit_code, case.level, known, case.person))
    return rows[-1].offset or after, found


def _facts(case: Case, row: Step) -> dict[str, Any]:
    return {
        "number": numbers.number(case),
        "seq": row.seq,
        "what": row.what,
        "origin": row.origin,
        "from": row.before,
        "to": row.after,
        "at": row.at,
        "unit": case.unit_code,
        "due": row.due,
    }


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
