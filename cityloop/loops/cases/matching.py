"""Which cases people reported where and while an instrument said that something was so."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from cityloop.ground.codes import metres_between
from cityloop.loops.cases.models import Case

DAY = 86_400_000_000
NEAR_M = 1_000.0  # smells and smoke are reported from a distance
MOST = 20_000
MACHINES = ("instrument", "video")


def reported(matter: str, spans: Sequence[Any]) -> list[list[int]]:
    """Give for each span the ids of the cases of a matter that people brought within a day of it, near or in its unit.

    One query over the time of all spans together.
    """
    if not spans:
        return []
    first, last = min(one.since for one in spans) - DAY, max(one.until for one in spans) + DAY
    rows = Case.objects.filter(created__gte=first, created__lte=last, matter=matter).exclude(channel__in=MACHINES)
    found = list(rows.order_by("created").values_list("pk", "created", "unit_code", "lon", "lat")[:MOST])
    created = np.array([row[1] for row in found], np.int64)
    return [_of(one, found, created) for one in spans]


def _of(span: Any, found: Sequence[Any], created: Any) -> list[int]:
    start, end = np.searchsorted(created, [span.since - DAY, span.until + DAY])
    return [row[0] for row in found[start:end] if _there(span, *row[2:])]


def _there(span: Any, unit: str, lon: float | None, lat: float | None) -> bool:
    if lon is None or lat is None or span.lon is None or span.lat is None:
        return bool(span.unit) and unit == span.unit
    return float(metres_between(lon, lat, span.lon, span.lat)) <= NEAR_M
