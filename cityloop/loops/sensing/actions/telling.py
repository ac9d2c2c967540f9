"""What the ledger is told of sensing: each entity set up, changed, taken down; of readings only whole files."""

from hashlib import sha256
from typing import Any

import msgspec
from django.forms.models import model_to_dict

from cityloop.ground.loop.actor import Actor
from cityloop.town.ledger.actions import record

KIND = "sensing"
_encode = msgspec.json.Encoder(order="sorted").encode


def tell(one: Any, what: str, *, by: Actor, at: int) -> None:
    """Write a step of an entity: its name, and a digest of all that is said of it."""
    said = model_to_dict(one, fields=[field.name for field in one._meta.concrete_fields])
    data = {"digest": sha256(_encode(said)).hexdigest(), "name": str(getattr(one, "name", ""))}
    record(subject=f"{one._meta.model_name}:{one.pk}", kind=KIND, what=what, by=by, at=at, data=data)
