"""What the history holds of readings that come in, so that one sent again after it moved is known for what it is.

Only what is older than a day is looked up: younger readings have never left the database, whatever is set.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from cityloop.loops.sensing.actions.writing import there
from cityloop.loops.sensing.history import files, parts
from cityloop.loops.sensing.history.columns import Row
from cityloop.loops.sensing.history.parts import Kept
from cityloop.loops.sensing.history.spans import LEAST
from cityloop.loops.sensing.models import Part, Withdrawn

Said = tuple[float | None, Any]


class Overtaken(Exception):
    """Readings moved to the history after it was asked for them: it has to be asked again."""


class Past(NamedTuple):
    """What was found; `kept` is what there was to look at, None where nothing was old enough to look."""

    found: Mapping[Row, Said]
    kept: list[Kept] | None = None
    streams: Sequence[int] = ()

    def overtaken(self) -> bool:
        """Tell whether there is more to look at by now. One query, none for readings of today."""
        return self.kept is not None and parts.kept_of(self.streams) != self.kept

    def come_again(self, keys: Sequence[Row]) -> None:
        """Forget that readings were removed which have come in again. One query."""
        for stream, time, lasts in parts.withdrawn(self.streams) & set(keys):
            Withdrawn.objects.filter(datastream=stream, time=time, lasts=lasts).delete()


NOTHING = Past({})


def past_of(streams: Sequence[int], times: Sequence[int], lasts: Sequence[int], now: int) -> Past:
    """Give what the history holds of these readings: no query for those of today, else one, and a look into files."""
    old = [row for row, time in enumerate(times) if time < now - LEAST]
    if not old:
        return NOTHING
    wanted = sorted({streams[row] for row in old})
    kept = parts.kept_of(wanted)
    bounds: dict[int, tuple[int, int]] = {}
    for one in kept:
        first, last = bounds.get(one.datastream, (one.first, one.last))
        bounds[one.datastream] = min(first, one.first), max(last, one.last)
    keys = {
        (streams[row], times[row], lasts[row]) for row in old
        if (span := bounds.get(streams[row])) and span[0] <= times[row] <= span[1]
    }  # fmt: skip
    return Past(_found(keys, kept) if keys else {}, kept, wanted)


def _found(keys: set[Row], kept: Sequence[Kept]) -> dict[Row, Said]:
    """Look readings up, file by file."""
    sorted_keys = sorted(keys)
    streams, times = (np.array([key[at] for key in sorted_keys], np.int64) for at in (0, 1))
    found: dict[Row, Said] = {}
    properties = {one.observed_property for one in kept}
    first, last = int(times.min()), int(times.max())
    for part in parts.listed(Part.READINGS, properties, first, last + 1, int(streams[0]), int(streams[-1])):
        here = (streams >= part.low) & (streams <= part.high) & (times >= part.first) & (times <= part.last)
        if not here.any():
            continue
        table = files.read(
            part.kind, part.file, np.unique(streams[here]), int(times[here].min()), int(times[here].max()) + 1
        )
        for place in np.flatnonzero(np.isin(table.time, times[here])).tolist():
            key = (int(table.datastream[place]), int(table.time[place]), int(table.lasts[place]))
            if key in keys:
                found[key] = _said(table, place)
    for key in parts.withdrawn(np.unique(streams).tolist()) if found else ():
        found.pop(key, None)
    return found | there(list(found)) if found else {}  # what was put right stands in the database until it moves


def _said(table: Any, place: int) -> Said:
    result, more = table.result[place], table.more[place]
    return None if np.isnan(result) else float(result), msgspec.json.decode(more) if more else None
