"""Split, merge, renumber: units change, their past does not. Each is on the ledger, has lineage, gives an event."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from django.db import transaction
from shapely.geometry.base import BaseGeometry

from cityloop.ground.codes import CodeScheme, roots
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.town.columns import under
from cityloop.town.ledger.actions import record
from cityloop.town.units import peopling, queries, store
from cityloop.town.units.events import UnitsRenumbered
from cityloop.town.units.models import City, CodeHistory, Lineage, Unit
from cityloop.town.units.rules import mosaic
from cityloop.town.units.rules.shapes import Shapes, dissolve

MOST_UNCLAIMED = 0.01


@dataclass(frozen=True)
class Part:
    """What a unit is split into: names, and either a shape (of a leaf) or the codes of its children (inner)."""

    names: Mapping[str, str]
    shape: BaseGeometry | None = None
    children: tuple[str, ...] = ()


@transaction.atomic
def split(*, code: str, parts: Sequence[Part], by: Actor, at: int) -> UnitsRenumbered:
    """Divide a unit into two or more new ones under the same parent, with codes never used before.

    The shapes of a leaf's parts are cut to tile it exactly; less than 1 % of it may be claimed by none. The
    children of an inner unit are shared out among its parts, each to one.
    """
    city, unit = _city(), _normal(code)
    if len(parts) < 2:
        raise Refusal("units.split.parts", "Split a unit into at least two parts.", "parts")
    made = _leaf_parts(city, unit, parts, at) if unit.is_leaf else _inner_parts(city, unit, parts, at)
    new, mapping = made
    _lineage([unit], new, "split", at)
    peopling.shared(new, [unit])
    relocate = frozenset([code]) if unit.is_leaf else frozenset()
    became = {code: tuple(part.code for part in new)}
    return _told(city, "split", [code], UnitsRenumbered(mapping, at, relocate, became), by)


@transaction.atomic
def merge(*, codes: Sequence[str], names: Mapping[str, str], by: Actor, at: int) -> UnitsRenumbered:
    """Join units with one parent into a new one, with a code never used before."""
    city, cut = _city(), queries.scheme()
    units = [_normal(code) for code in sorted(set(codes))]
    if len(units) < 2 or len({unit.parent_id for unit in units}) != 1 or units[0].level == 0:
        raise Refusal("units.merge.siblings", "Merge two or more units that have the same parent.", "codes")
    old = [unit.code for unit in units]
    shape = dissolve(store.shapes_of(units))
    new = _new_unit(units[0], cut.numbered(_parent(units[0]).code, _free(cut, _parent(units[0]))), names, at)
    below = _children(units)
    rests = list(queries.valid().filter(parent__in=units, kind=Unit.REST))
    store.close([*units, *rests], at)
    _insert(cut, [new], _array([shape]), at)
    mapping = dict.fromkeys(old, new.code) | {rest.code: cut.rest_code(new.code) for rest in rests}
    mapping |= _moved(cut, below, new, at)
    _lineage(units, [new], "merge", at)
    peopling.shared([new], units)
    return _told(city, "merge", old, UnitsRenumbered(mapping, at, became=dict.fromkeys(old, (new.code,))), by)


@transaction.atomic
def renumber(*, codes: Mapping[str, str], by: Actor, at: int) -> UnitsRenumbered:
    """Give units new codes of the same level, old to new; all below them follow. Codes may be swapped.

    A code under another parent moves the unit there; the shapes of both parents follow.
    """
    city, cut = _city(), queries.scheme()
    if not codes or len(set(codes.values())) != len(codes) or roots(codes) != sorted(codes):
        raise Refusal("units.renumber.codes", "Name each unit once, each with a code of its own.", "codes")
    wanted: dict[int, str] = {}
    stale: list[Unit] = []
    for old, new in codes.items():
        unit = _normal(old)
        _check_code(cut, unit, new)
        if unit.level and cut.parent_of(new) != cut.parent_of(old):
            stale += _transferred(unit, _normal(cut.parent_of(new), "codes"))
        wanted |= {below.pk: new + below.code[len(old) :] for below in queries.tree(old)}
        Lineage.objects.create(from_unit=unit, to_unit=unit, kind="renumber", at=at)
    _check_free(wanted)
    mapping = store.recode(wanted, at)
    store.reshape_upwards(stale)
    became = {old: (new,) for old, new in codes.items()}
    return _told(city, "renumber", list(codes), UnitsRenumbered(mapping, at, became=became), by)


# --- splitting


def _leaf_parts(city: City, unit: Unit, parts: Sequence[Part], at: int) -> tuple[list[Unit], dict[str, str]]:
    cut, parent = city.scheme, _parent(unit)
    given = [part.shape for part in parts]
    if any(shape is None or not shape.is_valid or not shape.area for shape in given):
        raise Refusal("units.split.shape", "Each part of a leaf needs a valid polygon.", "parts")
    shapes, unclaimed = mosaic.cut(store.shapes_of([unit])[0], _array([shape for shape in given if shape is not None]))
    if unclaimed > MOST_UNCLAIMED or shapely.is_empty(shapes).any():
        raise Refusal(
            "units.split.cover",
            "The parts leave {share:.1%} of the unit to none, or one of them has nothing of it.",
            "parts",
            share=unclaimed,
        )
    first = _free(cut, parent)
    new = [_new_unit(unit, cut.numbered(parent.code, first + n), part.names, at) for n, part in enumerate(parts)]
    store.close([unit], at)
    _insert(cut, new, shapes, at)
    return new, {unit.code: cut.rest_code(parent.code)}


def _inner_parts(city: City, unit: Unit, parts: Sequence[Part], at: int) -> tuple[list[Unit], dict[str, str]]:
    cut, parent = city.scheme, _parent(unit)
    below = {child.code: child for child in _children([unit])}
    if sorted(code for part in parts for code in part.children) != sorted(below) or not all(p.children for p in parts):
        raise Refusal("units.split.children", "Share out all children of the unit, each to one part.", "parts")
    first = _free(cut, parent)
    rests = list(queries.valid().filter(parent=unit, kind=Unit.REST))
    store.close([unit, *rests], at)
    mapping = {rest.code: cut.rest_code(parent.code) for rest in rests}
    new = []
    for n, part in enumerate(parts):
        mine = [below[code] for code in part.children]
        made = _new_unit(unit, cut.numbered(parent.code, first + n), part.names, at)
        _insert(cut, [made], _array([dissolve(store.shapes_of(mine))]), at)
        mapping |= _moved(cut, mine, made, at)
        new.append(made)
    return new, mapping


# --- moving


def _moved(cut: CodeScheme, units: Sequence[Unit], to: Unit, at: int) -> dict[str, str]:
    """Put units under a new parent, keeping their segment where it is free; gives old code to new for all below."""
    taken: set[str] = set()
    wanted: dict[int, str] = {}
    highest = max((cut.number_of(unit.code) for unit in units), default=0)
    for unit in sorted(units, key=lambda found: found.code):
        new = to.code + cut.parse(unit.code)[-1]
        if new in taken:
            highest += 1
            new = cut.numbered(to.code, highest)
        taken.add(new)
        wanted |= {below.pk: new + below.code[len(unit.code) :] for below in _all_below(unit)}
    Unit.objects.filter(pk__in=[unit.pk for unit in units]).update(parent=to)
    return store.recode(wanted, at) if wanted else {}


def _transferred(unit: Unit, to: Unit) -> list[Unit]:
    if to.level != unit.level - 1:
        raise Refusal("units.renumber.parent", "The new parent {given} is not one level up.", "codes", given=to.code)
    before = _parent(unit)
    Unit.objects.filter(pk=unit.pk).update(parent=to)
    return [before, to]


def _all_below(unit: Unit) -> list[Unit]:
    return list(queries.valid().filter(under("code", unit.code)))


def _children(units: Iterable[Unit]) -> list[Unit]:
    return list(queries.valid().filter(parent__in=list(units), kind=Unit.NORMAL).order_by("code"))


# --- checks and small parts


def _city() -> City:
    """Take the city's row, so that two reforms follow one another."""
    found = City.objects.select_for_update().filter(pk=1).first()
    if found is None:
        raise Refusal("units.none", "No city has been loaded yet; load its units first.")
    return found


def _normal(code: str, field: str = "code") -> Unit:
    unit = queries.unit_of(code, field)
    if unit.kind != Unit.NORMAL:
        raise Refusal(
            "units.kind", "{given} is a {kind} unit; it follows its parent.", field, given=code, kind=unit.kind
        )
    return unit


def _parent(unit: Unit) -> Unit:
    if unit.parent is None:
        raise Refusal("units.root", "The city itself cannot be split, merged or moved.", "code")
    return unit.parent


def _check_code(cut: CodeScheme, unit: Unit, new: str) -> None:
    cut.validate(new, "codes")
    if cut.level_of(new) != unit.level or cut.is_rest(new) or cut.is_unplaced(new):
        raise Refusal("units.renumber.level", "{given} is not a code of the same level.", "codes", given=new)


def _check_free(wanted: Mapping[int, str]) -> None:
    taken = queries.valid().filter(code__in=list(wanted.values())).exclude(pk__in=list(wanted)).first()
    if taken is not None:
        raise Refusal("units.code.taken", "The code {given} belongs to another unit.", "codes", given=taken.code)


def _free(cut: CodeScheme, parent: Unit) -> int:
    """Give the first number under `parent` above all that were ever used there."""
    low, high = cut.children_range(parent.code)
    length = cut.lengths[parent.level + 1]
    used = CodeHistory.objects.filter(code__gte=low, code__lt=high).values_list("code", flat=True)
    mine = {code for code in used if len(code) == length and not cut.is_unplaced(code)}
    return max((cut.number_of(code) for code in mine), default=0) + 1


def _new_unit(like: Unit, code: str, names: Mapping[str, str], at: int) -> Unit:
    return Unit(code=code, level=like.level, names=dict(names), parent=like.parent, is_leaf=like.is_leaf, valid_from=at)


def _insert(cut: CodeScheme, units: list[Unit], shapes: Shapes, at: int) -> None:
    store.add_units(units, shapes)
    store.add_names((unit, store.normal_names(unit.names)) for unit in units)
    store.add_shapeless([store.rest_of(unit, cut, at) for unit in units if not unit.is_leaf])


def _array(shapes: Sequence[BaseGeometry]) -> Shapes:
    array = np.empty(len(shapes), object)
    array[:] = list(shapes)
    return array


def _lineage(before: Sequence[Unit], after: Sequence[Unit], kind: str, at: int) -> None:
    rows = [Lineage(from_unit=one, to_unit=two, kind=kind, at=at) for one in before for two in after]
    Lineage.objects.bulk_create(rows)


def _told(city: City, kind: str, codes: Sequence[str], event: UnitsRenumbered, by: Actor) -> UnitsRenumbered:
    peopling.sum_up()
    store.touch(city)
    data: dict[str, Any] = {
        "mapping": dict(event.mapping),
        "relocate": sorted(event.relocate),
        "became": {old: list(new) for old, new in event.became.items()},
    }
    record(subject="units:city", kind=kind, what=" ".join(codes)[:40], by=by, at=event.at, data=data)
    return event
