"""What else lies near a case: other cases of any matter, open or closed lately."""

import msgspec
import numpy as np
from django.db.models import F, Q

from cityloop.ground.codes import metres_between
from cityloop.loops.cases.models import Case
from cityloop.loops.cases.queries import takes_part_each, visible
from cityloop.town.orgs.authority import Scope
from cityloop.town.units.queries import near

RADIUS_M = 250.0
LATELY = 30 * 86_400_000_000
MOST_MEASURED = 200
OPEN_FIRST = F("closed").desc(nulls_first=True)


class Neighbour(msgspec.Struct, frozen=True):
    """A case near another, and how far away it is."""

    case: Case
    metres: float


def neighbours(case: Case, scope: Scope, at: int) -> list[Neighbour]:
    """Give cases within 250 m that a scope may see, open or closed in the last 30 days, the nearest first. One query.

    Of very many the open ones are measured first, of each the latest: the duplicates of a case are looked for here.
    """
    lately = (Q(closed__isnull=True) | Q(closed__gte=at - LATELY)) & ~Q(into=case)
    return around(case, scope, RADIUS_M, lately)


def around(case: Case, scope: Scope, radius: float, those: Q, most: int = MOST_MEASURED) -> list[Neighbour]:
    """Give those cases around a case that a scope may see, the nearest first. One query, none where it has no place."""
    if case.lon is None or case.lat is None:
        return []
    here = visible(scope, takes_part_each).filter(near("cell", case.lon, case.lat, radius), those).exclude(pk=case.pk)
    found = list(here.defer("snapshot", "slots", "head").order_by(OPEN_FIRST, "-pk")[:most])
    if not found:
        return []
    places = np.array([(one.lon, one.lat) for one in found], float)
    away = metres_between(places[:, 0], places[:, 1], case.lon, case.lat)
    measured = [Neighbour(one, float(m)) for one, m in zip(found, away, strict=True) if m <= radius]
    return sorted(measured, key=lambda one: one.metres)
