"""Names of units: what people call them, in each language. Codes and places stay as they are."""

from collections.abc import Mapping

from django.db import transaction

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean
from cityloop.ground.loop.actor import Actor
from cityloop.town.ledger.actions import record
from cityloop.town.units import queries, store
from cityloop.town.units.models import Unit

LONGEST = 120


@transaction.atomic
def rename(*, code: str, names: Mapping[str, str], by: Actor, at: int) -> Unit:
    """Give the unit other names; it is found by the new ones and by the old ones alike."""
    said = {lang: text for lang, given in names.items() if (text := clean(given).strip())}
    if not said:
        raise Refusal("units.names.missing", "Give the unit a name.", "names")
    if any(len(text) > LONGEST for text in said.values()):
        raise Refusal("units.names.long", "A name has at most {most} characters.", "names", most=LONGEST)
    unit = queries.unit_of(code)
    before, unit.names = unit.names, said
    unit.save(update_fields=["names"])
    known = set(unit.aliases.values_list("normal", flat=True))
    store.add_names([(unit, store.normal_names(said) - known)])
    data = {"names": said, "before": before, "code": code}
    record(subject=f"unit:{unit.pk}", kind="unit", what="renamed", by=by, at=at, data=data)
    store.touch(queries.city())
    return unit
