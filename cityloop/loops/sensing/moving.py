"""Things that move: where each is now, and in which unit, from the positions it sends."""

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.sensing.actions.arriving import Waiting
from cityloop.loops.sensing.history.columns import Readings
from cityloop.loops.sensing.models import Position, Thing
from cityloop.loops.sensing.rules.shapes import GEOJSON, point_of
from cityloop.loops.sensing.watches import Bound
from cityloop.town.tabular.keyed import rows_of
from cityloop.town.units import queries as units

Point = tuple[float, float]


def position(more: Any) -> Point | None:
    """Read a position out of what is kept beside a reading: a GeoJSON point or its coordinates; None where none is."""
    value = (msgspec.json.decode(more) if isinstance(more, str) else more or {}).get("value")
    if isinstance(value, list):
        value = {"type": "Point", "coordinates": value}
    if not isinstance(value, dict) or value.get("type") not in ("Point", "Feature"):
        return None
    try:
        return point_of(value, GEOJSON[0], "result")
    except Refusal:
        return None


def newest(waiting: Waiting) -> dict[int, tuple[int, Point]]:
    """Give the newest position of each datastream that has sent some: when, and where. One query, or none."""
    rows = np.flatnonzero(np.isnan(waiting.result))
    last = {int(waiting.datastream[row]): int(waiting.time[row]) for row in rows}  # they stand in order of time
    if not last:
        return {}
    pairs = sorted(last.items())
    found = rows_of(
        "sensing_observation", ("d", "t"), pairs,
        give="o.datastream_id, o.more", where="o.datastream_id = k.d AND o.time = k.t",
        order="o.datastream_id, o.lasts",
    )  # fmt: skip
    said = {pk: position(more) for pk, more in found}
    return {pk: (last[pk], point) for pk, point in said.items() if point is not None}


def tracks(spans: Mapping[int, tuple[int, int]]) -> dict[int, dict[int, Point]]:
    """Give the positions of datastreams from an instant to another, by their times. One query, or none.

    Of the database alone: who judges asks for what has just come.
    """
    found: dict[int, dict[int, Point]] = {pk: {} for pk in spans}
    rows = rows_of(
        "sensing_observation", ("d", "a", "b"), [(pk, *span) for pk, span in sorted(spans.items())],
        give="o.datastream_id, o.time, o.more",
        where="o.datastream_id = k.d AND o.time BETWEEN k.a AND k.b AND o.more IS NOT NULL",
    )  # fmt: skip
    for pk, time, more in rows:
        if (point := position(more)) is not None:
            found[pk][time] = point
    return found


def tracks_of(readings: Readings) -> dict[int, dict[int, Point]]:
    """Give the positions that readings tell, by datastream and time."""
    found: dict[int, dict[int, Point]] = {}
    for pk, time, more in zip(readings.datastream.tolist(), readings.time.tolist(), readings.more, strict=True):
        if more is not None and (point := position(more)) is not None:
            found.setdefault(pk, {})[time] = point
    return found


def follow(found: Mapping[int, tuple[int, Point]], bound: Mapping[int, Bound]) -> None:
    """Let things be where they say they are now, inside the caller's transaction; what is late moves nothing back.

    Three statements, or none; one more where a thing came into another unit.
    """
    by_thing: dict[int, tuple[int, Point]] = {}
    for pk, (time, point) in found.items():
        if pk in bound and time > by_thing.get(bound[pk].thing, (-1, point))[0]:
            by_thing[bound[pk].thing] = time, point
    known = dict(Position.objects.filter(pk__in=by_thing).values_list("pk", "time"))
    moved = {thing: one for thing, one in by_thing.items() if one[0] > known.get(thing, -1)}
    if not moved:
        return
    codes = units.locate_many([p[0] for _t, p in moved.values()], [p[1] for _t, p in moved.values()])
    rows = [
        Position(thing_id=thing, time=time, lon=lon, lat=lat, unit_code=code or "")
        for (thing, (time, (lon, lat))), code in zip(moved.items(), codes, strict=True)
    ]
    Position.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["thing"], update_fields=["time", "lon", "lat", "unit_code"]
    )
    _into(rows)


def _into(rows: list[Position]) -> None:
    """Let things count for the unit they are in."""
    codes = {row.pk: row.unit_code for row in rows}
    changed = [one for one in Thing.objects.filter(pk__in=codes) if one.unit_code != codes[one.pk]]
    for one in changed:
        one.unit_code = codes[one.pk]
    Thing.objects.bulk_update(changed, ["unit_code"])
