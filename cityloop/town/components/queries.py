"""Reads of components. They never write."""

from collections.abc import Mapping
from hashlib import sha256
from importlib import import_module
from json import dumps
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Substr

from cityloop.ground.codes.cells import covering
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.remembered import Remembered
from cityloop.town.columns import under
from cityloop.town.components.models import REGISTER, Component, Register, Serial, Tally, Type
from cityloop.town.components.ports import Organisations
from cityloop.town.components.rights import READERS
from cityloop.town.components.rules.identity import DIVISION, Identity, check
from cityloop.town.components.rules.kinds import Kind, kind_of
from cityloop.town.ledger.models import Step
from cityloop.town.units import queries as units

TAGGED = ("code", "name", "state", "responsible", "owner", "maintainer", "accuracy", "lon", "lat", "installed")
Box = tuple[float, float, float, float]


class Known(NamedTuple):
    """How codes are written, and the types there are."""

    identity: Identity
    divisions: dict[str, str]
    kinds: dict[str, Kind]


def known() -> Known:
    """Give the register and the types, kept per process until one of them changes."""
    return _known()


def kinds() -> dict[str, Kind]:
    """Give the types by code."""
    return _known().kinds


def kind(code: str, field: str = "type") -> Kind:
    """Give a type; refuse one that no plate in force declares."""
    found = _known().kinds.get(code)
    if found is None:
        raise Refusal(
            "components.type.unknown", "There is no type of component with the code {given!r}.", field, given=code[:60]
        )
    return found


def confidential(ceiling: int = 0) -> list[str]:
    """Give the types that who may see up to this level may not see."""
    return [one.code for one in _known().kinds.values() if one.level > ceiling]


def forget() -> None:
    """Ask the database again at the next question."""
    _known.forget()


def organisations() -> Mapping[str, int]:
    """Give the ids of organisations by what files call them; asked of a room above."""
    ask: Organisations = import_module(settings.WIRING).PORTS[Organisations]
    return ask()


class Divisions:
    """The six digits with which the codes of a unit's components begin.

    What the city declares of the unit, or of the nearest one above it; else the code of the finest unit around it
    whose code is not longer than that, filled up with zeros.
    """

    def __init__(self, known: Known) -> None:
        self.declared = known.divisions
        fits = [length for length in units.scheme().lengths if length <= DIVISION]
        self.length = fits[-1] if fits else DIVISION

    def of(self, unit_code: str) -> str:
        """Give those of a unit."""
        for end in range(len(unit_code), -1, -1):
            if unit_code[:end] in self.declared:
                return self.declared[unit_code[:end]]
        return unit_code[: self.length].ljust(DIVISION, "0")


def division_of(unit_code: str) -> str:
    """Give the division of a unit."""
    return Divisions(_known()).of(unit_code)


# --- one


def by_code(code: str, seen: Q | None = None) -> Component:
    """Give the component of an identity code, to who may see it; to others it does not exist. One query."""
    found = Component.objects.filter(code=code).filter(Q(level=0) if seen is None else seen).first()
    if found is None:
        raise Refusal("components.unknown", "There is no such component.", "code")
    return found


def tag(one: Component) -> str:
    """Name the state that a component is in, as it can be changed: another state has another tag."""
    said = [str(getattr(one, name)) for name in TAGGED]
    return sha256("\n".join([*said, dumps(one.attributes, sort_keys=True)]).encode()).hexdigest()[:20]


def reportable(code: str) -> Component:
    """Give the component that a report is about: a public one that is still there. One query."""
    found = Component.objects.filter(code=check(code, "component"), level=0).first()
    if found is None:
        raise Refusal("components.report.unknown", "There is no such component.", "component")
    if found.state == "discarded":
        raise Refusal("components.discarded", "This component has been taken away.", "component")
    return found


def history(component: Component) -> list[Step]:
    """Give the steps of a component, the newest first, and last the one that brought it. One query."""
    own = Q(subject=component.subject)
    brought = Q(subject=f"{REGISTER}:{component.source}", seq=component.batch) if component.batch else Q()
    return sorted(
        Step.objects.filter(own | brought), key=lambda step: (step.subject == component.subject, step.seq), reverse=True
    )


# --- several


def seen_by(scope: Any) -> Q:
    """Give which components a scope may see: the public ones, and more in the areas its posts see or look after."""
    found = Q(level=0)
    for area in scope.area_ranges(*READERS):
        if area.level:
            found |= Q(unit_code__gte=area.low, unit_code__lt=area.high, level__lte=area.level)
    return found


def ceiling(scope: Any) -> int:
    """Give up to which confidentiality a scope may see the whole city."""
    return max((area.level for area in scope.area_ranges(*READERS) if not area.low), default=0)


class Wanted(NamedTuple):
    """What is asked for; an empty value asks for all. `box` is (west, south, east, north)."""

    type: str = ""
    state: str = ""
    unit: str = ""
    box: Box | None = None


class Place(NamedTuple):
    """Where a list ended: the cell of the last one where it goes by place, and its code."""

    cell: int
    code: str


def listed(wanted: Wanted, *, seen: Q, after: Place | None, most: int) -> list[Component]:
    """Give components in the order of their codes; within a box in that of their places. One query."""
    rows = _narrowed(wanted, seen)
    if wanted.box is not None:
        return list(_boxed(rows, wanted, after)[:most])
    rows = rows.filter(code__gt=after.code) if after else rows
    return list(rows.order_by("code")[:most])


def how_many(wanted: Wanted, seen: Q) -> int:
    """Count the components of a list. It reads as many as it counts: for what was cut, and for no page."""
    rows = _narrowed(wanted, seen)
    return (_boxed(rows, wanted, None) if wanted.box is not None else rows).count()


def _narrowed(wanted: Wanted, seen: Q) -> "QuerySet[Component]":
    rows = Component.objects.filter(seen)
    rows = rows.filter(state=wanted.state) if wanted.state else rows
    rows = rows.filter(under("unit_code", wanted.unit)) if wanted.unit else rows
    if wanted.type and wanted.box is None:
        rows = rows.filter(_numbered(wanted.type), type=wanted.type)
    return rows


def coded(begins: str) -> Q:
    """Narrow a list to the codes that begin so; to none where nothing is given."""
    return under("code", begins) if begins else Q(pk__in=[])


def _boxed(rows: "QuerySet[Component]", wanted: Wanted, after: Place | None) -> "QuerySet[Component]":
    west, south, east, north = wanted.box or (0, 0, 0, 0)
    inside = Q()
    for low, high in covering((west, south, east, north)):
        if after is None or high > after.cell:
            inside |= Q(cell__gte=max(low, after.cell) if after else low, cell__lt=high)
    if not inside:
        return rows.none()
    rows = rows.filter(inside, lon__gte=west, lon__lte=east, lat__gte=south, lat__lte=north)
    rows = rows.filter(type=wanted.type) if wanted.type else rows
    if after is not None:
        rows = rows.filter(Q(cell__gt=after.cell) | Q(code__gt=after.code))
    return rows.order_by("cell", "code")


def _numbered(type_: str) -> Q:
    """Narrow a list to the codes that a type's begin with: ranges of the index by code. One query."""
    known_, one = _known(), _known().kinds.get(type_)
    if one is None:
        return Q(pk__in=[])
    digits = known_.identity.numbers(one.class_, one.subclass)
    prefixes = [p for p in Serial.objects.values_list("prefix", flat=True) if p[DIVISION:] == digits]
    found = Q(pk__in=[])
    for prefix in sorted(prefixes):
        found |= under("code", prefix)
    return found


GROUPS = ("type", "state", "unit")


def count(groups: list[str], *, level: int | str | None = None, under_code: str = "") -> list[dict[str, Any]]:
    """Count components by type, state or unit (cut to a level), the most first. One query, of what is kept counted."""
    for name in groups:
        if name not in GROUPS:
            raise Refusal("components.count.by", "Components are counted by {names}.", "by", names=", ".join(GROUPS))
    rows = Tally.objects.filter(under("unit_code", under_code), number__gt=0)
    cut = units.scheme()
    width = cut.lengths[cut.depth if level is None else cut.level_told(str(level))]
    if not groups:
        return [{"components": rows.aggregate(n=Sum("number"))["n"] or 0}]
    found = rows.annotate(unit=Substr("unit_code", 1, width)).values(*groups).annotate(components=Sum("number"))
    return sorted(found, key=lambda row: (-row["components"], *(str(row[name]) for name in groups)))


def standing_by_type(under_code: str, ceiling: int = 0) -> dict[str, int]:
    """Count what stands in a part of the city, discarded ones aside, by type. One query, of what is kept counted."""
    rows = Tally.objects.filter(under("unit_code", under_code), number__gt=0).exclude(state="discarded")
    hidden = confidential(ceiling)
    rows = rows.exclude(type__in=hidden) if hidden else rows
    return dict(rows.values_list("type").annotate(n=Sum("number")).order_by("type"))


# --- kept per process


def _load() -> Known:
    row = Register.objects.filter(id=1).first() or Register()
    types = {t.code: kind_of(t.plate, t.declared) for t in Type.objects.order_by("code")}
    return Known(Identity(row.class_width, row.subclass_width), row.divisions, types)


def _revision() -> int | None:
    return Register.objects.filter(id=1).values_list("revision", flat=True).first()


_known = Remembered(_load, _revision, units.cache_seconds)
