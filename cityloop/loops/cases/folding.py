"""Cases with what was folded into them."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q

from cityloop.loops.cases.models import Case


def with_folded(of: Any) -> Q:
    """Select rows that hang by `case` on a case, or on one folded into it; `of` is a case, an id or an `OuterRef`.

    The cases are found first, by their indexes: of an OR between the two tables PostgreSQL makes a walk through all.
    """
    return Q(case__in=Case.objects.filter(Q(pk=_key(of)) | Q(into=_key(of))).values("pk"))


def with_folded_of(ids: Sequence[int]) -> Q:
    """Select as `with_folded` does, for several cases."""
    return Q(case__in=Case.objects.filter(Q(pk__in=ids) | Q(into__in=ids)).values("pk"))


def _key(of: Any) -> Any:
    return of.pk if isinstance(of, Case) else of
