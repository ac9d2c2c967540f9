"""Reading the worklist."""

from collections.abc import Iterable
from typing import Any

from django.db.models import F, Q, QuerySet

from cityloop.town.columns import after, under
from cityloop.town.worklist.models import OPEN, Row, Warning


def open_rows() -> QuerySet[Row]:
    """Give all open rows."""
    return Row.objects.filter(OPEN)


def inbox(scope: Any) -> QuerySet[Row]:
    """Give what the posts of a scope (see `orgs.authority`) must do now, least time left first.

    A row of an organisation is for its officers; a row of a pool is for the role's holders in the unit;
    a row someone took is theirs alone.
    """
    wanted = Q(pk__in=[])
    for grant in scope.grants:
        wanted |= _of_grant(grant)
    mine = Q(person=scope.person, person__gt=0)
    return open_rows().filter((wanted & Q(person=0)) | mine).order_by(F("due").asc(nulls_last=True), "id")


def _of_grant(grant: Any) -> Q:
    area = _under(grant.unit_code) & Q(level__lte=grant.level)
    pool = Q(role=grant.role, org=0)
    own = Q(role=grant.role, org_path__gte=grant.org_path, org_path__lt=after(grant.org_path))
    return area & (pool | own)


def _under(code: str) -> Q:
    return under("unit_code", code)


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
