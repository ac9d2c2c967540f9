"""Addresses: from the root by entity sets, keys, links and properties to what is meant."""

import re
from dataclasses import dataclass
from typing import Any

from cityloop.doors.sensorthings import past
from cityloop.doors.sensorthings.entities import ENTITIES, Entity, selecting
from cityloop.doors.sensorthings.errors import nothing
from cityloop.doors.sensorthings.reading import Asked
from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.sensing import queries

_SEGMENT = re.compile(r"(\$?[A-Za-z]+)(?:\(([^()]{1,80})\))?")
DEEPEST = 12


@dataclass
class Meant:
    """What an address means: a set or (`single`) one of it, and what of it."""

    asked: Asked
    single: bool
    key: dict[str, Any] | None = None
    parent: Entity | None = None  # through whose link it was reached
    parent_key: int | None = None
    link: str = ""
    field: str = ""
    raw: bool = False  # `$value`
    ref: bool = False  # `$ref`


def meant(path: str) -> Meant:
    """Find what an address means; refuse one that means nothing. A query for each link that is followed."""
    parts = path.strip("/").split("/")
    segments = [found for part in parts if (found := _SEGMENT.fullmatch(part))]
    if len(segments) != len(parts) or len(segments) > DEEPEST or segments[0][1] not in ENTITIES:
        raise nothing()
    entity = ENTITIES[segments[0][1]]
    whole: dict[str, Any] | None = {} if entity.name == "Observations" else None
    here = Meant(Asked(entity, queries.table(entity.name), whole), single=False)
    _keyed(here, segments[0][2])
    for at, segment in enumerate(segments[1:], 2):
        last = at == len(segments)
        if segment[1] == "$ref" and last and not here.field:
            here.ref = True
        elif segment[1] == "$value" and last and here.field:
            here.raw = True
        elif here.single and not here.field and segment[1] in here.asked.entity.fields and not segment[2]:
            here.field = segment[1]
        elif here.single and not here.field and segment[1] in here.asked.entity.links:
            here = _followed(here, segment[1])
            _keyed(here, segment[2])
        else:
            raise nothing()
    return here


def _keyed(here: Meant, key: str | None) -> None:
    if key is None:
        return
    where = None if here.single else selecting(here.asked.entity, key)
    if where is None:
        raise nothing()
    rows = here.asked.rows.filter(**where)
    if len(here.asked.entity.key) > 1:
        rows = past.One(rows, where)
    here.asked, here.single, here.key = Asked(here.asked.entity, rows), True, where


def _followed(here: Meant, name: str) -> Meant:
    entity, link = here.asked.entity, here.asked.entity.links[name]
    target = ENTITIES[link.to]
    if not link.many:
        pk = here.asked.rows.values_list(f"{link.path}_id", flat=True).first()
        if pk is None:
            raise nothing()
        rows = queries.table(target.name).filter(pk=pk)
        return Meant(Asked(target, rows), single=True, key={"pk": pk}, parent=entity, link=name)
    found = here.asked.rows.values_list("pk", flat=True).first()
    if found is None:
        raise nothing()
    rows = queries.table(target.name).filter(**{link.back: found})
    kept, streams = None, None
    if link.back == "datastream":
        kept, streams = {"datastream": found}, [found]
    elif link.back == "feature":  # its datastreams are known: their readings are found by the key
        streams = queries.streams_about([found])[found]
        rows = rows.filter(datastream__in=streams)
    return Meant(Asked(target, rows, kept, streams), single=False, parent=entity, parent_key=found, link=name)


def writable(here: Meant) -> None:
    """Refuse to write what is no entity."""
    if here.field or here.raw or here.ref:
        raise Refusal("sensing.method", "This address can be read only.", allow="GET, HEAD, OPTIONS")
