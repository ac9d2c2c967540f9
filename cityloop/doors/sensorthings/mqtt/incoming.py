"""Messages of devices, read as posts are. What cannot be read goes to the quarantine: nobody waits for an answer."""

import re
from base64 import b64encode
from collections.abc import Callable

from django.db import transaction

from cityloop.doors.sensorthings import arrays, writing
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.loops.sensing.actions import describing, ingesting
from cityloop.loops.sensing.actions.batches import Batch
from cityloop.loops.sensing.rules import reasons, said

_TOPIC = re.compile(r"v1\.1/(?:(CreateObservations)|(?:Datastreams\((\d{1,18})\)/)?Observations)", re.ASCII)


def reader(topic: str, payload: bytes, by: Actor) -> Callable[[int], Batch]:
    """Give what reads a message; it is called inside the transaction that takes it in."""

    def read(at: int) -> Batch:
        try:
            return _read(topic, payload, by, at)
        except Refusal as refusal:
            return unreadable(topic, payload, str(refusal), at)

    return read


def _read(topic: str, payload: bytes, by: Actor, at: int) -> Batch:
    found = _TOPIC.fullmatch(topic)
    if found is None:
        raise Refusal("sensing.nothing", "There is nothing at this address.")
    if found[1]:
        return arrays.batch_of(payload, at)
    told = said.read(said.ObservationSaid, payload)
    if found[2]:
        told.datastream = said.DatastreamSaid(id=int(found[2]))
    if not writing.names_all(told):
        with transaction.atomic():
            describing.make_described(told, by=by, at=at)
    return ingesting.batch_of([told], at)


def unreadable(topic: str, payload: bytes, why: str, at: int) -> Batch:
    """Give a message as a reading that is not believed: the whole of it, in base64 where it is no text."""
    try:
        message = {"message": payload.decode()}
    except UnicodeDecodeError:
        message = {"base64": b64encode(payload).decode()}
    batch = Batch(lambda _row: {"topic": topic[:500], **message, "why": why[:500]})
    batch.add(0, at, None)
    batch.faults[0] = reasons.SHAPE
    return batch
