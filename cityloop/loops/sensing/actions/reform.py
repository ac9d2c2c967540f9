"""Following a reform of units: what stands somewhere counts for the unit that its point lies in now.

Finding it anew by its point changes nothing the second time, so that a reform may be told twice or break off. Alarms of
a whole unit have no point: they follow the reform's table, once.
"""

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

from django.db import transaction
from django.db.models import Q

from cityloop.ground.codes import roots
from cityloop.loops.sensing import instruments
from cityloop.loops.sensing.loop import LOOP
from cityloop.loops.sensing.models import Alarm, Camera, Position, Stand, Thing
from cityloop.town.columns import under
from cityloop.town.ledger.actions import move_cursor
from cityloop.town.ledger.queries import cursor
from cityloop.town.units import queries as units
from cityloop.town.units.events import UnitsRenumbered
from cityloop.town.worklist import actions as worklist

CHUNK = 2_000
Place = tuple[int, str, float, float]


def follow(event: UnitsRenumbered) -> int:
    """Rewrite the current unit of things, cameras and alarms that a reform touches; give how many were rewritten."""
    units.forget()
    codes = [under("unit_code", code) for code in roots({*event.mapping, *event.relocate})]
    if not codes:
        return 0
    touched = reduce(or_, codes)
    return _things(touched) + _points(Camera, touched) + _points(Position, touched) + _alarms(event, touched)


def _things(touched: Q) -> int:
    rows = list(Thing.objects.filter(touched).values_list("pk", "unit_code"))
    places = instruments.places(pk for pk, _code in rows)
    moved = _moved((pk, code, *places[pk]) for pk, code in rows if pk in places)
    for code, ids in moved.items():
        for start in range(0, len(ids), CHUNK):
            some = ids[start : start + CHUNK]
            with transaction.atomic():
                Thing.objects.filter(pk__in=some).update(unit_code=code)
                Stand.objects.filter(datastream__thing__in=some).update(unit_code=code)
    return sum(map(len, moved.values()))


def _points(table: Any, touched: Q) -> int:
    moved = _moved(table.objects.filter(touched).values_list("pk", "unit_code", "lon", "lat"))
    for code, ids in moved.items():
        table.objects.filter(pk__in=ids).update(unit_code=code)
    return sum(map(len, moved.values()))


def _moved(rows: Iterable[Place]) -> dict[str, list[int]]:
    """Give by their new unit those that count for another one."""
    known = list(rows)
    found: Any = units.locate_many([r[2] for r in known], [r[3] for r in known]) if known else []
    moved: dict[str, list[int]] = {}
    for (pk, code, _lon, _lat), now in zip(known, found, strict=True):
        if (now or "") != code:
            moved.setdefault(now or "", []).append(pk)
    return moved


@transaction.atomic
def _alarms(event: UnitsRenumbered, touched: Q) -> int:
    reader = f"sensing.units:{event.reform}"
    rows = list(Alarm.objects.select_for_update().filter(touched).only("unit_code", "about", "lon", "lat"))
    placed = [row for row in rows if row.lon is not None and row.lat is not None]
    moved = _moved((row.pk, row.unit_code, row.lon or 0.0, row.lat or 0.0) for row in placed)
    codes = {pk: code for code, ids in moved.items() for pk in ids}
    if cursor(reader) < 1:
        whole = [row for row in rows if row.lon is None and row.unit_code in event.mapping]
        codes |= {row.pk: event.mapping[row.unit_code] for row in whole}
        move_cursor(reader, 1)
    changed = [row for row in rows if row.pk in codes]
    for row in changed:
        if row.about == f"unit:{row.unit_code}":
            row.about = f"unit:{codes[row.pk]}"
        row.unit_code = codes[row.pk]
    Alarm.objects.bulk_update(changed, ["unit_code", "about"], batch_size=200)
    worklist.move_units(LOOP, codes)
    return len(changed)
