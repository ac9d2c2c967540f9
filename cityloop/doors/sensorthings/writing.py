"""Adding, changing and removing: bodies read as the standard writes them, handed to the room's actions."""

import json
from typing import Any

import jsonpatch
import msgspec
from django.db import transaction
from msgspec import UNSET

from cityloop.doors.sensorthings import arrays
from cityloop.doors.sensorthings.entities import ENTITIES, Entity, address
from cityloop.doors.sensorthings.errors import nothing
from cityloop.doors.sensorthings.options import Options
from cityloop.doors.sensorthings.paths import Meant
from cityloop.doors.sensorthings.reading import Reader
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.loops.sensing.actions import describing, ingesting, removing
from cityloop.loops.sensing.rules import keys, said


def add(here: Meant, body: bytes, *, source: str, by: Actor, at: int) -> tuple[str, bool]:
    """Add what a body says to a set; give its address below the root, and whether it is new."""
    entity = here.asked.entity
    told = said.read(entity.shape, body)
    if here.parent is not None and here.link:
        _hang(told, here)
    if isinstance(told, said.ObservationSaid):
        return _observed(told, source=source, by=by, at=at)
    return address(entity, describing.add(said=told, by=by, at=at)), True


def _hang(told: said.Said, here: Meant) -> None:
    """Hang what is added under the entity through whose link it is added."""
    parent = here.parent
    link = parent.links[here.link] if parent else None
    if parent is None or link is None or not link.inverse or here.parent_key is None:
        raise Refusal("sensing.method", "Nothing is added at this address.", allow="GET, HEAD, OPTIONS")
    above: Any = parent.shape(id=here.parent_key)
    back = ENTITIES[link.to].shape.__struct_fields__
    many = next(one for one in ENTITIES[link.to].links.values() if one.path == link.back).many
    if link.inverse in back:
        setattr(told, link.inverse, [above] if many else above)


def names_all(told: said.ObservationSaid) -> bool:
    """Tell whether a reading names what it is of, and describes nothing that is to be made with it."""
    return all(one is UNSET or one.refers for one in (told.datastream, told.feature))


def _observed(told: said.ObservationSaid, *, source: str, by: Actor, at: int) -> tuple[str, bool]:
    with transaction.atomic():
        describing.make_described(told, by=by, at=at)
        taken = ingesting.take([told], source=source, by=by, at=at)
    return became(taken, told)


def became(taken: ingesting.Taken, told: said.ObservationSaid) -> tuple[str, bool]:
    """Give the address of a single reading below the root, and whether it is new; refuse it as it was judged."""
    if taken.reasons:
        raise ingesting.refusal(taken.reasons[0], told)
    return f"Observations('{taken.ids[0]}')", bool(taken.tally.accepted)


def add_tables(body: bytes, root: str, *, source: str, by: Actor, at: int) -> list[str]:
    """Take data arrays in; give for each reading its address, or why it is not believed."""
    taken = ingesting.ingest(batch=arrays.batch_of(body, at), source=source, by=by, at=at)
    return arrays.told(taken.columns, taken.reasons, root)


# --- changing and removing ------------------------------------------------------------------------


def change(here: Meant, body: bytes, kind: str, reader: Reader, *, whole: bool, by: Actor, at: int) -> None:
    """Change one entity: by what is new, by a JSON Patch (RFC 6902), or (`whole`) by all that is to be said of it."""
    entity = here.asked.entity
    if kind.partition(";")[0].strip() == "application/json-patch+json":
        body = _patched(here, body, reader)
    told = said.read(entity.shape, body)
    if whole and isinstance(told, said.Said) and told.properties is UNSET and entity.name != "Observations":
        told.properties = {}
    pk = _pk(here)
    if isinstance(told, said.ObservationSaid):
        _correct(here, told, by=by, at=at)
    else:
        describing.change(pk=pk, said=told, by=by, at=at)


def _patched(here: Meant, body: bytes, reader: Reader) -> bytes:
    before = reader.one(here.asked, Options(select=list(here.asked.entity.fields)))
    if before is None:
        raise nothing()
    if "properties" in here.asked.entity.fields:
        before.setdefault("properties", {})
    try:
        after = jsonpatch.JsonPatch(json.loads(body)).apply(json.loads(msgspec.json.encode(before)))
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, ValueError, TypeError, RecursionError) as e:
        raise Refusal("sensing.patch", "This patch does not fit.", "body") from e
    if not isinstance(after, dict):
        raise Refusal("sensing.patch", "This patch does not fit.", "body")
    new = {name: value for name, value in after.items() if name not in before or before[name] != value}
    gone: dict[str, Any] = {"properties": {}, "description": ""}
    new |= {name: gone.get(name) for name in before if name not in after}
    return msgspec.json.encode(new)


def _correct(here: Meant, told: said.ObservationSaid, *, by: Actor, at: int) -> None:
    key = keys.Key(*(here.key or {}).values())
    removing.correct_observation(key=key, said=told, by=by, at=at)


def _pk(here: Meant) -> int:
    found = here.asked.rows.values_list("pk", flat=True).first()
    if found is None:
        raise nothing()
    return found if isinstance(found, int) else 0


def remove(here: Meant, *, by: Actor, at: int) -> None:
    """Remove one entity."""
    entity: Entity = here.asked.entity
    pk = _pk(here)
    if entity.name == "Observations":
        removing.remove_observation(key=keys.Key(*(here.key or {}).values()), by=by, at=at)
    else:
        removing.remove(shape=entity.shape, pk=pk, by=by, at=at)
