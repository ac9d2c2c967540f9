"""Another master key: whatever was sealed under an older one is wrapped anew, in whichever table it lies.

Knows no other room by name, as a backup does: sealed columns are found where Django knows them, and no text changes.
"""

import logging
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.apps import apps
from django.db import transaction
from django.db.models import Model, Q

from cityloop.town.persons import keys, sealing
from cityloop.town.persons.events import KeysRenewed
from cityloop.town.persons.fields import EncryptedField, Sealed
from cityloop.town.persons.models import Person, Words
from cityloop.town.publishing import publish

BATCH = 500
MARKED = (Person, Words)  # their rows say under which key they are
_INDEXED = ("phone", "email")

log = logging.getLogger("cityloop.persons")


class Renewed(NamedTuple):
    """How many rows were sealed anew, and how many do not open with the keys that are here and were left."""

    sealed: int
    left: int


def renew_keys(*, batch: int = BATCH) -> Renewed:
    """Seal everything under the current master key, one transaction a batch; then an older key may be dropped.

    All processes must know the current key by then. What is made of the key in other rooms is told to them.
    """
    sealed = left = 0
    for model, fields in _sealed_columns():
        last: Any = None
        while rows := _next(model, fields, last, batch):
            done = _renew(model, fields, rows)
            sealed, left, last = sealed + done, left + len(rows) - done, rows[-1]
    publish(KeysRenewed())
    return Renewed(sealed, left)


def _sealed_columns() -> Iterator[tuple[type[Model], list[EncryptedField]]]:
    for model in apps.get_models():
        fields = [field for field in model._meta.local_concrete_fields if isinstance(field, EncryptedField)]
        if fields and not model._meta.proxy:
            yield model, fields


def _next(model: type[Model], fields: Sequence[EncryptedField], last: Any, batch: int) -> list[Any]:
    """Give the keys of the next rows that are not wholly under the current key. Each table is gone through once."""
    rows = model._default_manager.filter(_older(model, fields))
    rows = rows if last is None else rows.filter(pk__gt=last)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:batch])


def _older(model: type[Model], fields: Sequence[EncryptedField]) -> Q:
    current = keys.current().id
    older = ~Q(key_id=current) if model in MARKED else Q()
    for field in fields:
        older |= Q(**{f"{field.name}__gt": ""}) & ~Q(**{f"{field.name}__startswith": sealing.beginning(current)})
    return older


@transaction.atomic
def _renew(model: type[Model], fields: Sequence[EncryptedField], ids: Sequence[Any]) -> int:
    """Seal these rows anew, as they are by now; say how many there were that open."""
    rows = list(model._default_manager.select_for_update().filter(pk__in=ids).order_by("pk"))
    done = [row for row in rows if _rewrapped(row, fields)]
    columns = [field.name for field in fields]
    columns += ["key_id"] if model in MARKED else []
    columns += [f"{name}_index" for name in _INDEXED] if model is Person else []
    model._default_manager.bulk_update(done, columns)
    return len(done) + len(ids) - len(rows)  # what was taken away meanwhile holds up nobody


def _rewrapped(row: Any, fields: Sequence[EncryptedField]) -> bool:
    """Seal the fields of a row anew; False where one does not open."""
    try:
        for field in fields:
            kept = getattr(row, field.name)
            if isinstance(kept, Sealed):
                setattr(row, field.name, Sealed(sealing.rewrap(kept.token), kept.label))
        if isinstance(row, Person):
            _index(row)
    except sealing.CannotOpen as error:
        log.error("%s %s is not sealed anew: %s", row._meta.label, row.pk, error)
        return False
    if isinstance(row, MARKED):
        row.key_id = keys.current().id
    return True


def _index(person: Person) -> None:
    for name in _INDEXED:
        kept: Any = getattr(person, name)
        setattr(person, f"{name}_index", sealing.blind(name, kept.open()) if kept else "")
