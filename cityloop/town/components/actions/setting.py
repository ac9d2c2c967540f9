"""Setting up the register: how codes are written, and which types there are."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import F

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.things import ComponentType
from cityloop.ground.loop.actor import Actor
from cityloop.town.components import queries
from cityloop.town.components.models import REGISTER, Component, Register, Type
from cityloop.town.components.rules.identity import DIVISION, Identity, is_digits
from cityloop.town.components.rules.kinds import in_two_plates
from cityloop.town.ledger.actions import record
from cityloop.town.units import queries as units


@transaction.atomic
def write_codes(*, class_width: int, subclass_width: int, divisions: Mapping[str, str], by: Actor, at: int) -> Identity:
    """Say how identity codes are written, before the first is; divisions may be said at any time."""
    identity, row = Identity(class_width, subclass_width), _register()
    if (row.class_width, row.subclass_width) != (class_width, subclass_width) and Component.objects.exists():
        raise Refusal(
            "components.widths.used", "Components have codes already; their widths stay as they are.", "class_width"
        )
    for unit, digits in divisions.items():
        units.unit_of(unit, "divisions")
        if not (is_digits(digits) and len(digits) == DIVISION):
            raise Refusal(
                "components.division", "A division has {width} digits; {given!r} has not.", "divisions",
                width=DIVISION, given=digits,
            )  # fmt: skip
    data = {"class_width": class_width, "divisions": dict(divisions), "subclass_width": subclass_width}
    Register.objects.filter(id=1).update(**data, revision=F("revision") + 1)
    record(subject=REGISTER, kind="component", what="codes", by=by, at=at, data=data)
    _forget()
    return identity


@transaction.atomic
def establish(*, types: Iterable[tuple[str, ComponentType]], by: Actor, at: int) -> None:
    """Publish the types of plates, as (plate, type). A type whose plate no longer names it stays: things have it."""
    given: dict[str, tuple[str, ComponentType]] = {}
    for plate, one in types:
        other, _one = given.setdefault(one.code, (plate, one))
        if other != plate:
            raise in_two_plates(one.code, other, plate)
    if not given:
        return
    _register()
    known = {row.code: row for row in Type.objects.select_for_update().filter(code__in=given)}
    changed = []
    for code, (plate, one) in sorted(given.items()):
        row = known.get(code)
        if row is not None and row.plate != plate:
            raise in_two_plates(code, row.plate, plate)
        declared = one.model_dump(mode="json", by_alias=True)
        if row is None or (row.declared, row.level) != (declared, one.level):
            _put(row, code, plate, one, declared)
            changed.append(code)
    if changed:
        Register.objects.filter(id=1).update(revision=F("revision") + 1)
        record(subject=REGISTER, kind="component", what="types", by=by, at=at, data={"types": changed})
        _forget()


def _put(row: Type | None, code: str, plate: str, one: ComponentType, declared: dict[str, Any]) -> None:
    if row is not None and row.level != one.level:
        Component.objects.filter(type=code).update(level=one.level)
    Type.objects.update_or_create(code=code, defaults={"plate": plate, "level": one.level, "declared": declared})


def _register() -> Register:
    """Give the one row, locked until the transaction ends."""
    Register.objects.get_or_create(id=1)
    return Register.objects.select_for_update().get(id=1)


def _forget() -> None:
    queries.forget()
    transaction.on_commit(queries.forget)
