"""The fields of an offer as JSON Schema (2020-12), so that a client needs to know nothing of the loop."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cityloop.doors.api.shown import ROOT, key_of
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.definition import Definition, either_of
from cityloop.ground.loop.offers import Offer
from cityloop.ground.loop.snapshot import Snapshot
from cityloop.loops.cases import choices
from cityloop.loops.cases.actions.prepare import routed
from cityloop.loops.cases.telling import REASONS, RESOLUTIONS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]
KNOWN = {**REASONS, **RESOLUTIONS}
LIMIT = r"^[0-9]{1,9} ?(um|uh|wh|wd|d)$"


@dataclass(frozen=True, slots=True)
class About:
    """What a schema is made for: the case's loop state, the offer, the unit and the time."""

    definition: Definition
    snapshot: Snapshot
    offer: Offer
    unit: str
    now: int


def body(about: About, seq: int) -> Schema:
    """Give the schema of the body that takes an offer. One query for each field that names a person."""
    offer = about.offer
    fields = {name: field(about, name, spec) for name, spec in offer.fields.items()}
    needed = [name for name, spec in offer.fields.items() if spec.get("required") and not _proposed(about, spec)]
    if offer.request:
        fields["request"] = {"const": offer.request}
        needed = [*(name for name in needed if name != "request"), "request"]
    data: Schema = {"type": "object", "properties": fields, "required": needed, "additionalProperties": False}
    if either := either_of(about.definition, about.snapshot.state, about.offer.action):
        data["anyOf"] = [{"required": [name]} for name in either]
    whole: Schema = {
        "$schema": DIALECT,
        "type": "object",
        "properties": {"data": data, "expected": {"const": seq}, "post": {"const": offer.actor.post}},
        "required": ["data"] if needed or either else [],
        "additionalProperties": False,
    }
    return whole


def _proposed(about: About, spec: dict[str, Any]) -> bool:
    """Whether a field may be left out because the catalogue says who answers for the case."""
    if spec["type"] != "parts":
        return False
    with contextlib.suppress(Refusal):
        return bool(routed(about.snapshot.matter, about.snapshot.unit, about.snapshot.catalogue))
    return False


def field(about: About, name: str, spec: dict[str, Any]) -> Schema:
    """Give the schema of one field."""
    made = MAKE.get(spec["type"], _text)(about, name, spec)
    if spec.get("names"):
        made = {"title": spec["names"].get("en", name), "x-names": spec["names"], **made}
    return made


def _one_of(pairs: list[tuple[Any, dict[str, str] | str]]) -> Schema:
    """Give a choice of values, each with its words."""
    said = []
    for value, names in pairs:
        words = names if isinstance(names, str) else names.get("en", str(value))
        said.append({"const": value, "title": words} | ({} if isinstance(names, str) else {"x-names": names}))
    return {"oneOf": said} if said else {"not": {}}


def _linked(place: str, value: str) -> Schema:
    """Give a text that is one of a list kept elsewhere: too long, or too much in motion, to be repeated here."""
    return {"type": "string", "minLength": 1, "x-choices": {"href": f"{ROOT}/{place}", "value": value}}


def _begun(made: Schema, value: str) -> Schema:
    """Add what the field begins with, where there is something."""
    return {**made, "default": value} if value else made


def _matter(about: About, name: str, spec: dict[str, Any]) -> Schema:
    return _begun(_linked("matters", "code"), about.snapshot.matter)


def _unit(about: About, name: str, spec: dict[str, Any]) -> Schema:
    return _begun(_linked("units", "code"), about.snapshot.unit or about.unit)


def _text(about: About, name: str, spec: dict[str, Any]) -> Schema:
    return {"type": "string", "maxLength": 200}


def _words(about: About, name: str, spec: dict[str, Any]) -> Schema:
    return {"type": "string", "maxLength": 5000, **({"minLength": 1} if spec.get("required") else {})}


def _choice(about: About, name: str, spec: dict[str, Any]) -> Schema:
    made = _one_of([(c, KNOWN.get(c, c.replace("_", " "))) for c in spec.get("choices", [])])
    return _begun(made, about.snapshot.proposed if name == "resolution" else "")


def _part(about: About, name: str, spec: dict[str, Any]) -> Schema:
    found = choices.parts(about.snapshot, about.offer.actor, about.offer.action)
    return _one_of([(part.id, f"{key_of(part.org)}: {part.task}".rstrip(": ")) for part in found])


def _part_list(about: About, name: str, spec: dict[str, Any]) -> Schema:
    done = [(part.id, key_of(part.org)) for part in choices.done_parts(about.snapshot)]
    return {"type": "array", "items": _one_of(list(done)), "uniqueItems": True}


def _person(about: About, name: str, spec: dict[str, Any]) -> Schema:
    found = choices.people(about.definition, about.snapshot, about.offer.actor, name, about.unit, about.now)
    return _one_of([(one.person, one.username) for one in found])


def _milestone(about: About, name: str, spec: dict[str, Any]) -> Schema:
    return _one_of([(key, key) for key in choices.milestones(about.snapshot)])


def _parts(about: About, name: str, spec: dict[str, Any]) -> Schema:
    organisation = _linked("organisations", "key")
    table = {
        "type": "object",
        "properties": {
            "organisation": organisation,
            "role": {"enum": ["lead", "assisting"]},
            "order": {"type": "integer", "minimum": 1, "maximum": 99},
            "task": {"type": "string", "maxLength": 200},
            "limit": {"type": "string", "pattern": LIMIT},
        },
        "required": ["organisation"],
        "additionalProperties": False,
    }
    words = "The lead first" + ("; left out: as the catalogue routes it." if _proposed(about, spec) else ".")
    return {"type": "array", "items": {"anyOf": [organisation, table]}, "maxItems": 30, "description": words}


def _children(about: About, name: str, spec: dict[str, Any]) -> Schema:
    child = {
        "type": "object",
        "properties": {"matter": _linked("matters", "code"), "unit": _linked("units", "code")},
        "required": ["matter"],
        "additionalProperties": False,
    }
    return {"type": "array", "items": child, "minItems": 2, "maxItems": 20}


def _place(about: About, name: str, spec: dict[str, Any]) -> Schema:
    degrees = {
        "lon": {"type": "number", "minimum": -180, "maximum": 180},
        "lat": {"type": "number", "minimum": -90, "maximum": 90},
    }
    return {"type": "object", "properties": degrees, "required": ["lon", "lat"], "additionalProperties": False}


def _photos(about: About, name: str, spec: dict[str, Any]) -> Schema:
    keys = {"type": "string", "format": "uuid"}
    return {"type": "array", "items": keys, "maxItems": 10, "x-upload": {"href": f"{ROOT}/photos", "value": "key"}}


MAKE: dict[str, Callable[[About, str, dict[str, Any]], Schema]] = {
    "words": _words,
    "choice": _choice,
    "matter": _matter,
    "unit": _unit,
    "organisation": lambda a, n, s: _linked("organisations", "key"),
    "case": lambda a, n, s: _linked("cases", "number"),
    "parts": _parts,
    "part": _part,
    "part_list": _part_list,
    "person": _person,
    "instant": lambda a, n, s: {"type": "integer", "minimum": a.now, "description": "Microseconds since 1970, UTC."},
    "limit": lambda a, n, s: {"type": "string", "pattern": LIMIT},
    "milestone": _milestone,
    "children": _children,
    "place": _place,
    "photos": _photos,
    "request": lambda a, n, s: {"type": "integer"},
}
