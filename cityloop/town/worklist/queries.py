"""Reading the worklist."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, F, Q, QuerySet

from cityloop.town.columns import under
from cityloop.town.worklist.models import OPEN, Row, View, Warning

# Who does the work of another role's rows: a crew takes on and reports back what its organisation's officers hold.
HELPS = {"crew": ("department_officer", ("dispatched", "handling", "part"))}


def unswept(at: int, most: int = 10_000) -> int:
    """Give how many open rows have passed a mark that was not swept yet, `most` at most. One indexed query."""
    return _unswept(at)[:most].count()


def longest_unswept(at: int) -> int:
    """Give how long ago the first of those marks was passed, 0 where there is none. One indexed query."""
    first = _unswept(at).order_by("next_at").values_list("next_at", flat=True).first()
    return 0 if first is None else at - first


def _unswept(at: int) -> QuerySet[Row]:
    return Row.objects.filter(OPEN, next_at__isnull=False, next_at__lte=at)


def open_rows() -> QuerySet[Row]:
    """Give all open rows."""
    return Row.objects.filter(OPEN)


def inbox(scope: Any) -> QuerySet[Row]:
    """Give what the posts of a scope (see `orgs.authority`) must do now, least time left first.

    A row of an organisation is for all its officers, whoever of them took it on: one may fall ill or leave; what is
    to be done outside is for its crews too. A row of a pool is for the role's holders in the unit; one that someone
    took out of the pool is theirs alone.
    Each alternative says by itself that the row is open, and whose it is: SQLite then has an index for each.
    """
    wanted = OPEN & Q(person=scope.person, person__gt=0)
    for grant in scope.grants:
        for whose in (Q(org=0, person=0), Q(org__gt=0) & under("org_path", grant.org_path)):
            wanted |= OPEN & Q(role=grant.role) & whose & _under(grant.unit_code) & Q(level__lte=grant.level)
        if grant.role in HELPS:
            role, whats = HELPS[grant.role]
            own = Q(org__gt=0, what__in=whats) & under("org_path", grant.org_path)
            wanted |= OPEN & Q(role=role) & own & _under(grant.unit_code) & Q(level__lte=grant.level)
    return open_rows().filter(wanted).order_by(F("due").asc(nulls_last=True), "id")


# What the holders of a role wait for while others have it: kinds of duties in their area.
OTHERS = {
    "intake_officer": ("proving", "waiting_reporter", "transferred"),
    "shift_leader": ("proving", "checking"),
    "dispatcher": ("dispatched", "handling", "part", "suspended", "call", "order", "urge"),
    "department_officer": ("waiting_reporter", "extend", "suspend", "question", "appeal"),
    "duty_commander": ("order", "urge", "call"),
}


def with_others(scope: Any, takes_part: Callable[[str], Q]) -> QuerySet[Row]:
    """Give what others must do now before the posts of a scope can go on, least time left first.

    `takes_part` selects the rows of subjects in which an organisation, by its path, takes part: a department waits
    only for what its own cases need. That a row is of one of their kinds is said once more for all posts together: of
    alternatives alone SQLite would rather walk all open rows than use the index of kinds.
    """
    wanted, kinds = Q(pk__in=[]), set[str]()
    for grant in scope.grants:
        whats = OTHERS.get(grant.role, ())
        kinds.update(whats)
        if whats:
            area = _under(grant.unit_code) & Q(level__lte=grant.level, what__in=whats) & ~Q(role=grant.role)
            wanted |= area & (Q() if grant.sees == "area" else takes_part(grant.org_path))
    rows = open_rows().filter(wanted, what__in=sorted(kinds))
    return rows.order_by(F("due").asc(nulls_last=True), "id")


# What asks somebody to decide, by its kind; and the posts whose every row does.
ASKED = ("decide", "replace_part", "extend", "suspend", "appeal", "call", "order", "question")
CENTRE = ("duty_commander", "leader")


def to_decide(scope: Any, loop: str, takes_part: Callable[[str], Q], *, unit: str, at: int, most: int) -> list[Row]:
    """Give the rows of a kind of loop in an area that ask for a decision, whoever holds them, least time left first.

    That is what was asked and not yet answered, what the centre holds, and what a pool has let pass its limit.
    One query.
    """
    pressing = Q(what__in=ASKED) | Q(role__in=CENTRE) | Q(org=0, due__lte=at)
    rows = open_rows().filter(scope.q("unit_code", "level", takes_part), pressing, _under(unit), loop=loop)
    return list(rows.order_by(F("due").asc(nulls_last=True), "id")[:most])


def _under(code: str) -> Q:
    return under("unit_code", code)


class Place(NamedTuple):
    """Where a page of an inbox ended: its group, the due time and the id of its last row."""

    group: str
    due: int
    id: int


# Groups by lateness, the most pressing first. What has no limit stands at the end of the last one.
GROUPS: dict[str, Callable[[int], Q]] = {
    "over": lambda at: Q(due__lte=at),
    "due": lambda at: Q(due__gt=at, due80__lte=at),
    "ontime": lambda at: Q(due__gt=at, due80__gt=at) | Q(due__isnull=True),
}
NEVER = 2**63 - 1


def late_counts(rows: QuerySet[Row], at: int) -> dict[str, int]:
    """Count rows by how late they are: `over`, `due` (80 % used), `ontime`. One query."""
    found = rows.order_by().aggregate(**{f"n_{name}": Count("pk", filter=of(at)) for name, of in GROUPS.items()})
    return {name: found[f"n_{name}"] for name in GROUPS}


def late_pages(rows: QuerySet[Row], at: int, after: Place | None, most: int) -> dict[str, list[Row]]:
    """Give the next rows by group, least time left first, below a place. At most one query a group."""
    found: dict[str, list[Row]] = {}
    names = list(GROUPS)
    for name in names[names.index(after.group) if after else 0 :]:
        left = most - sum(map(len, found.values()))
        if left > 0:
            below = _below(after) if after and after.group == name else Q()
            found[name] = list(rows.filter(GROUPS[name](at), below)[:left])
    return found


def page(rows: QuerySet[Row], after: Place | None, most: int) -> list[Row]:
    """Give the next rows of an inbox, least time left first, below a place (its group does not matter). One query."""
    return list(rows.filter(_below(after) if after else Q())[:most])


def _below(after: Place) -> Q:
    if after.due >= NEVER:
        return Q(due__isnull=True, id__gt=after.id)
    return Q(due__gt=after.due) | Q(due=after.due, id__gt=after.id) | Q(due__isnull=True)


class Narrow(NamedTuple):
    """What a list of rows is narrowed to; empty fields narrow nothing.

    `what` is a kind of duty, `unit` a unit and all below it, `late` a group of `GROUPS` at the instant `at`, `person`
    whose row it is; `due_by` an instant by which a limit not yet passed at `at` passes.
    """

    what: str = ""
    unit: str = ""
    org: int = 0
    late: str = ""
    at: int = 0
    person: int = 0
    due_by: int = 0


def narrowed(rows: QuerySet[Row], to: Narrow) -> QuerySet[Row]:
    """Narrow rows."""
    found = rows.filter(_under(to.unit))
    if to.what:
        found = found.filter(what=to.what)
    if to.org:
        found = found.filter(org=to.org)
    if to.late in GROUPS:
        found = found.filter(GROUPS[to.late](to.at))
    if to.person:
        found = found.filter(person=to.person)
    return found.filter(due__gt=to.at, due__lte=to.due_by) if to.due_by else found


def counted(lists: Sequence[QuerySet[Any]], most: int = 1000) -> list[int]:
    """Count several lists in one statement, each no further than `most`."""
    if not lists:
        return []
    parts: list[str] = []
    values: list[Any] = []
    for rows in lists:
        try:
            sql, given = rows.order_by().values("pk")[:most].query.sql_with_params()
        except EmptyResultSet:
            sql, given = "SELECT 1 WHERE 1 = 0", ()
        parts.append(f"(SELECT count(*) FROM ({sql}) c)")
        values += given
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(parts), values)
        return list(cursor.fetchone())


def views_of(account: int, page: str) -> list[View]:
    """Give the lists somebody keeps on a page, in the order they were kept. One query."""
    return list(View.objects.filter(account_id=account, page=page).order_by("id"))


def of_subject(loop: str, subject_id: int) -> QuerySet[Row]:
    """Give all rows of one subject, open ones first."""
    return Row.objects.filter(loop=loop, subject_id=subject_id).order_by(F("ended").asc(nulls_first=True), "id")


def states_of(loop: str, subjects: Iterable[int]) -> dict[int, Row]:
    """Give the open row of the state of each of these subjects: who holds it, until when. One query."""
    rows = open_rows().filter(loop=loop, subject_id__in=list(subjects), slot="state")
    return {row.subject_id: row for row in rows}


def lapsed(at: int, most: int = 500) -> QuerySet[Row]:
    """Give open rows whose time is up and which name what the clock then does."""
    return open_rows().filter(due__lte=at).exclude(on_due="").order_by("due")[:most]


def untold(most: int = 1000) -> QuerySet[Warning]:
    """Give warnings nobody was told of yet."""
    return Warning.objects.filter(told__isnull=True).select_related("row").order_by("id")[:most]
