"""Following a reform of units: each component's current unit is rewritten, its code stays as it was given.

Works through the components by their ids, a chunk a transaction; how far it came is noted in the same transaction,
so that a reform told twice, or broken off, rewrites each of them once (codes may have been swapped). The reform itself
is on the ledger; where a component stands has not changed, so it gets no step of its own.
"""

from functools import reduce
from operator import or_
from typing import Any

from django.db import transaction
from django.db.models import F

from cityloop.ground.codes import roots
from cityloop.ground.loop.actor import Actor
from cityloop.town.columns import under
from cityloop.town.components import queries
from cityloop.town.components.actions.counting import recount
from cityloop.town.components.actions.writing import standing
from cityloop.town.components.models import REGISTER, Component, Register
from cityloop.town.ledger.actions import move_cursor, record
from cityloop.town.ledger.queries import cursor
from cityloop.town.units import queries as units
from cityloop.town.units.events import UnitsRenumbered

CHUNK = 2_000
_FIELDS = ("id", "cell", "unit_code", "type", "state", "lon", "lat", "created")


def follow(event: UnitsRenumbered) -> int:
    """Rewrite the current unit of every component a reform touches; give how many were rewritten now.

    What is declared of the units' own six digits follows first: codes given from now on begin as they did.
    """
    units.forget()
    _divide(event)
    codes = [under("unit_code", code) for code in roots({*event.mapping, *event.relocate})]
    total = 0
    while codes:
        with transaction.atomic():
            rows = Component.objects.select_for_update().filter(reduce(or_, codes), pk__gt=cursor(_reader(event)))
            chunk = list(rows.order_by("pk").only(*_FIELDS)[:CHUNK])
            if not chunk:
                break
            total += _rewrite(event, chunk)
            move_cursor(_reader(event), chunk[-1].pk)
    return total


@transaction.atomic
def _divide(event: UnitsRenumbered) -> None:
    """Let the divisions that were declared follow the units they were declared of, once for each reform."""
    reader = f"components.divisions:{event.reform}"
    row = Register.objects.select_for_update().filter(id=1).first()
    if row is None or not row.divisions or cursor(reader) > 0:
        return
    followed: dict[str, str] = {}
    for code, digits in sorted(row.divisions.items()):
        for new in event.became.get(code) or (event.mapping.get(code, code),):
            followed.setdefault(new, digits)
    move_cursor(reader, 1)
    if followed != row.divisions:
        data = {"class_width": row.class_width, "divisions": followed, "subclass_width": row.subclass_width}
        Register.objects.filter(id=1).update(divisions=followed, revision=F("revision") + 1)
        by = Actor(kind="rule", role="rule", name="reform of units")
        record(subject=REGISTER, kind="component", what="codes", by=by, at=event.at, data=data)
        queries.forget()
        transaction.on_commit(queries.forget)


def _reader(event: UnitsRenumbered) -> str:
    return f"components.units:{event.reform}"


def _rewrite(event: UnitsRenumbered, chunk: list[Component]) -> int:
    """Rewrite one chunk: an update for each unit that they come to lie in."""
    old = [one for one in chunk if _is_old(event, one)]
    split = [one for one in old if one.unit_code in event.relocate]
    found: Any = units.locate_many([o.lon for o in split], [o.lat for o in split]) if split else []
    located = {one.pk: code for one, code in zip(split, found, strict=True) if code}
    moves: dict[str, list[Component]] = {}
    for one in old:
        code = located.get(one.pk) or event.mapping.get(str(one.unit_code), str(one.unit_code))
        if code != one.unit_code:
            moves.setdefault(code, []).append(one)
    for code, ones in sorted(moves.items()):
        Component.objects.filter(pk__in=[one.pk for one in ones]).update(unit_code=code)
    moved = [(one, code) for code, ones in moves.items() for one in ones]
    recount(
        (standing(one) for one, _code in moved),
        (standing(one)._replace(unit_code=code) for one, code in moved),
    )
    return len(moved)


def _is_old(event: UnitsRenumbered, one: Component) -> bool:
    """Tell whether a code is from before the reform; a component added since may bear a new one that reads alike."""
    if one.unit_code not in event.mapping and one.unit_code not in event.relocate:
        return False
    return one.created <= event.at or one.unit_code not in event.mapping.values()
