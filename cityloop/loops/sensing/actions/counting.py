"""The census of the instruments: how many measure what, how they are and what they said last, counted now and then.

Walls and maps read a row for each kind, so that they cost the same in a city of ten instruments and of a million.
"""

from typing import Any

from django.db import transaction
from django.db.models import Avg, Count, Max, Min, Q

from cityloop.loops.sensing import instruments
from cityloop.loops.sensing.models import Census, Datastream, Doubt, ObservedProperty


def count(*, at: int) -> int:
    """Count anew; give how many kinds there are. Two queries, and three to write."""
    late = Q(latest__last__lt=instruments.late(at))
    speaks, doubted = Q(latest__isnull=False) & ~late, Q(pk__in=Doubt.objects.values("datastream"))
    rows = Datastream.objects.order_by().values("observed_property").annotate(
        number=Count("pk"), silent=Count("pk", filter=late | Q(latest__isnull=True)),
        never=Count("pk", filter=Q(latest__isnull=True)), doubtful=Count("pk", filter=speaks & doubted),
        least=Min("latest__result", filter=speaks), mean=Avg("latest__result", filter=speaks),
        most=Max("latest__result", filter=speaks), newest=Max("latest__last"),
    )  # fmt: skip
    found: dict[str, Census] = {}
    keys = {one.pk: one for one in ObservedProperty.objects.only("name", "properties", "definition")}
    for row in rows:
        told: dict[str, Any] = dict(row)
        measured = keys[told.pop("observed_property")]
        key = instruments.key_of(measured)[:255]
        found[key] = _together(found.get(key), Census(key=key, name=measured.name, at=at, **told))
    with transaction.atomic():
        Census.objects.exclude(key__in=list(found)).delete()
        Census.objects.bulk_create(
            found.values(), update_conflicts=True, unique_fields=["key"],
            update_fields=["name", "number", "silent", "never", "doubtful", "least", "mean", "most", "newest", "at"],
        )  # fmt: skip
    return len(found)


def _together(one: Census | None, other: Census) -> Census:
    """Sum up what is the same kind, set up more than once."""
    if one is None:
        return other
    weights = one.number - one.silent, other.number - other.silent
    pairs = [(a, w) for a, w in ((one.mean, weights[0]), (other.mean, weights[1])) if a is not None and w > 0]
    one.mean = sum(a * w for a, w in pairs) / sum(w for _a, w in pairs) if pairs else None
    one.least, one.most = _of(min, one.least, other.least), _of(max, one.most, other.most)
    one.newest = _of(max, one.newest, other.newest)
    one.number, one.silent = one.number + other.number, one.silent + other.silent
    one.never, one.doubtful = one.never + other.never, one.doubtful + other.doubtful
    return one


def _of(choose: Any, *values: Any) -> Any:
    return choose((value for value in values if value is not None), default=None)
