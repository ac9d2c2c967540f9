"""What is normal for a datastream at each hour of the week, found anew every night from its last eight weeks."""

from collections.abc import Iterable

import numpy as np

from cityloop.loops.sensing import watches
from cityloop.loops.sensing.history.reading import readings_since
from cityloop.loops.sensing.models import Normal as Row
from cityloop.loops.sensing.rules.conditions import HOURS, Normal, normal
from cityloop.town.calendar.clock import city_clock

WEEKS = 8 * 7 * 86_400_000_000
AT_ONCE = 50


def of(ids: Iterable[int]) -> dict[int, Normal]:
    """Give what is normal for datastreams, of those it is known of. One query."""
    rows = Row.objects.filter(datastream__in=list(ids)).values_list("datastream_id", "hours")
    return {pk: _read(bytes(hours)) for pk, hours in rows}


def renew(*, at: int) -> int:
    """Find anew what is normal for all that a rule of the plates compares with it; give for how many datastreams."""
    wanted = [key for key, some in watches.watches().items() if any(one.alarm.unusual for one in some)]
    ids = [bound.datastream for key in wanted for bound in watches.bound_to(key)]
    for start in range(0, len(ids), AT_ONCE):
        kept = readings_since(dict.fromkeys(ids[start : start + AT_ONCE], at - WEEKS))
        rows = [Row(datastream_id=pk, hours=_packed(normal(*kept[pk], city_clock.zone)), at=at) for pk in kept]
        Row.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["datastream"], update_fields=["hours", "at"]
        )
    return len(ids)


def _packed(found: Normal) -> bytes:
    return np.r_[found.middle, found.spread].astype("<f8").tobytes()


def _read(packed: bytes) -> Normal:
    both = np.frombuffer(packed, "<f8")
    return Normal(both[:HOURS], both[HOURS:])
