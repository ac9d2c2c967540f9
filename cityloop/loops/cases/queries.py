"""Reading cases. Everything a person sees goes through a scope."""

import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import msgspec
from django.db.models import Exists, OuterRef, Q, QuerySet

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural
from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.offers import Denied, Offer, offers
from cityloop.ground.loop.snapshot import Snapshot, load
from cityloop.loops.cases import numbers, stages
from cityloop.loops.cases.actions.opening import kin_of
from cityloop.loops.cases.actions.save import paths
from cityloop.loops.cases.loop import pinned, present
from cityloop.loops.cases.models import Case, Part, Report
from cityloop.loops.cases.search.queries import CANDIDATES, Asked, candidates
from cityloop.town.columns import under
from cityloop.town.orgs.authority import Scope

FEW = 2_000  # cases that are named one by one
LONG = 60.0  # seconds for which it is remembered that an organisation has more
_many: dict[str, float] = {}  # by the organisation's path: until when


def visible(
    scope: Scope,
    part_of: Callable[[str], Q] | None = None,
    rows: "QuerySet[Case] | None" = None,
    unit: str = "unit_code",
) -> QuerySet[Case]:
    """Give the cases a scope may see: what its posts cover, and what is in this person's own hands.

    `part_of` may say in another way which cases an organisation, by its path, takes part in; `rows` may narrow them
    beforehand and give the code of the unit another name.
    """
    seen = Case.objects.all() if rows is None else rows
    covered = scope.q(unit, "level", part_of or takes_part)
    if not covered:  # the whole city at every level; `Q() | other` would mean `other` alone
        return seen
    return seen.filter(covered | _in_hand(scope))


def _in_hand(scope: Scope) -> Q:
    if not scope.sees_anything() or not scope.person:
        return Q(pk__in=[])
    # That it is above 0 is said for the index, which has only such rows.
    return Q(person=scope.person, person__gt=0, level__lte=max(grant.level for grant in scope.grants))


def takes_part(path: str) -> Q:
    """Select the cases in which an organisation, or one below it, takes part."""
    return Q(Exists(Part.objects.filter(under("org_path", path), case=OuterRef("pk"))))


def takes_part_open(path: str) -> Q:
    """Select as `takes_part`, of cases that are open: their parts have an index of their own."""
    return Q(Exists(_open_parts(path).filter(case=OuterRef("pk"))))


def takes_part_listed(path: str) -> Q:
    """Select as `takes_part_open`, all of them listed once: where many cases are held against it in one go.

    SQLite asks an `EXISTS` for each case; a query of many ranges would list them for each of these.
    """
    return Q(pk__in=_open_parts(path).values("case"))


def open_with(path: str, most: int) -> int:
    """Count the open cases in which an organisation, or one below it, takes part, up to `most`. One query."""
    return _open_parts(path).values("case").distinct()[:most].count()


def _open_parts(path: str) -> "QuerySet[Part]":
    return Part.objects.filter(under("org_path", path), ended=False)


def takes_part_each(path: str) -> Q:
    """Select as `takes_part`, each case asked for itself: for a few cases, or a page from the newest down.

    The comparison from both sides keeps PostgreSQL from collecting all cases of the organisation first.
    """
    mine = Part.objects.filter(under("org_path", path))
    return Q(Exists(mine.filter(case_id__gte=OuterRef("pk"), case_id__lte=OuterRef("pk"))))


def takes_part_by_size(path: str) -> Q:
    """Select as `takes_part`, for a page from the newest down, as suits how much that is. One query at most.

    Few cases are named one by one. Where there are many, each row is asked for itself until a page is full; that there
    are many is remembered for a while: it takes long to count, and whether it still holds changes no answer.
    """
    if _many.get(path, 0.0) > time.monotonic():
        return takes_part_each(path)
    mine = Part.objects.filter(under("org_path", path))
    ids = list(mine.values_list("case_id", flat=True)[: FEW + 1])
    if len(ids) <= FEW:
        return Q(pk__in=ids)
    _many[path] = time.monotonic() + LONG
    return takes_part_each(path)


def takes_part_counted(path: str) -> Q:
    """Select as `takes_part`, of no more than so many parts: where cases are counted only so far. See `countable`."""
    return Q(pk__in=Part.objects.filter(under("org_path", path)).values("case")[:FEW])


def knows_size(scope: Scope) -> bool:
    """Tell whether `takes_part_by_size` asks nothing for this scope, and says the same again for a while."""
    now = time.monotonic()
    return all(_many.get(grant.org_path, 0.0) > now for grant in scope.grants if grant.sees == "organisation")


def rows_of_part(path: str) -> Q:
    """Select the rows of work on cases in which an organisation, or one below it, takes part.

    Each row is asked for itself, as in `takes_part_each`: who asks for rows of others asks for few kinds of them.
    """
    mine = Part.objects.filter(under("org_path", path))
    return Q(Exists(mine.filter(case_id__gte=OuterRef("subject_id"), case_id__lte=OuterRef("subject_id"))))


def ids_of_part(path: str) -> QuerySet[Any]:
    """Select the ids of cases in which an organisation, or one below it, takes part."""
    return Part.objects.filter(under("org_path", path)).values("case")


def among(scope: Scope, ids: Iterable[int]) -> QuerySet[Case]:
    """Give those of a few cases that a scope may see."""
    return visible(scope, takes_part_each).filter(pk__in=list(ids))


def by_number(text: str, scope: Scope) -> Case:
    """Give the case of a public number if the scope may see it; to others it does not exist."""
    return _exactly(text, among(scope, [numbers.case_id(text)]).first())


def id_of(text: str) -> int:
    """Give the id of the case of a public number, whoever may see it: at the command line nobody is kept out."""
    return int(_exactly(text, Case.objects.filter(pk=numbers.case_id(text)).only("pk", "created").first()).pk)


def _exactly(text: str, case: Case | None) -> Case:
    """Give the case that has this id; another prefix or year makes another number, which is nobody's."""
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


def snapshot_of(case: Case) -> Snapshot:
    """Give the loop state of a case."""
    return load(case.snapshot)


def open_to(case: Case, actors: tuple[Actor, ...], at: int) -> tuple[list[Offer], list[Denied]]:
    """Give what these actors may do with a case now, and what they may not yet, with why."""
    snapshot = load(case.snapshot)
    definition = pinned(case.definition)
    kin, asked = kin_of(case, snapshot), stages.asked(snapshot.matter)
    return offers(definition, snapshot, actors, max(at, case.at), kin, asked)


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
    persons: tuple[int, ...] = ()


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


class Countable(NamedTuple):
    """Cases to be counted; `partly`: of an organisation's cases only those of its first `FEW` parts."""

    rows: QuerySet[Case]
    partly: bool = False


def countable(scope: Scope, wanted: Wanted) -> Countable | None:
    """Select as `narrowed`, for a count so far that takes no longer the more cases an organisation ever had.

    Of an organisation, those that are open are listed by their parts; of all it ever had, some are enough to say that
    there are many. None where one would have to go through all that ended to find its own.
    """
    rows = Case.objects.filter(wanted_of(wanted))
    if all(grant.sees != "organisation" for grant in scope.grants):
        return Countable(visible(scope, rows=rows))
    if _open(wanted):
        return Countable(visible(scope, takes_part_listed, rows))
    return Countable(visible(scope, takes_part_counted), partly=True) if wanted == Wanted() else None


def _open(wanted: Wanted) -> bool:
    """Tell whether a list has open cases alone."""
    state = present().states.get(wanted.state)
    return wanted.state == "open" or wanted.overdue_at > 0 or (state is not None and not state.end)


def beyond(scope: Scope) -> "list[QuerySet[Part]]":
    """Select, of each organisation whose cases alone are seen, a part beyond its first `FEW`: none where few it has."""
    paths = sorted({grant.org_path for grant in scope.grants if grant.sees == "organisation"})
    mine = (Part.objects.filter(under("org_path", path)).values("pk")[FEW : FEW + 1] for path in paths)
    return [Part.objects.filter(pk__in=one) for one in mine]


def with_words(scope: Scope, wanted: Wanted, asked: Asked, *, before: int = 0, most: int = 50) -> list[Case]:
    """Give the newest cases with all the words asked for that a scope may see. Two queries, at most four."""
    found: list[Case] = []
    for number in CANDIDATES:
        ids = candidates(asked, before=before, most=number)
        rows = (
            visible(scope, takes_part_each).filter(wanted_of(wanted), pk__in=ids).defer("snapshot", "slots", "head")
            if ids
            else ()
        )
        found += list(rows.order_by("-pk")[: most - len(found)]) if ids else []  # type: ignore[union-attr]
        if len(found) >= most or len(ids) < number:
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
    if wanted.persons:
        found &= Q(pk__in=Report.objects.filter(person__in=wanted.persons, person__gt=0).values("case_id"))
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


def number_of(case: int) -> str:
    """Give the public number of a case by its id, "" where there is none. One query."""
    row = Case.objects.filter(pk=case).only("created").first()
    return numbers.number(row) if row else ""


def folded_into(case: Case) -> QuerySet[Case]:
    """Give the cases folded into this one."""
    return Case.objects.filter(into=case).order_by("pk")
