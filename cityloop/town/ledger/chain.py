"""The hash chain: canonical bytes of a step and their SHA-256.

Canonical JSON after RFC 8785, restricted to strings, integers within ±(2^53 - 1), booleans, null, arrays
and objects with ASCII keys; there are no floats, so the same bytes come out on every database and in
every language. The body that is hashed holds the public facts and, for what is not public (who in person,
in which post, internal words), only `inner`: the digest of salt and canonical JSON.
"""

import os
from hashlib import sha256
from typing import Any

import msgspec

from cityloop.ground.loop.actor import Actor

GENESIS = bytes(32)
LIMIT = 2**53 - 1

_encoder = msgspec.json.Encoder(order="sorted")


class Row(msgspec.Struct):
    """A step ready to be written, in the order of `COLUMNS`."""

    subject: str
    seq: int
    kind: str
    origin: str
    v: int
    actor: str
    role: str
    name: str
    org: int
    what: str
    before: str
    after: str
    at: int
    recorded_at: int
    due: int | None
    data: str
    inner: str
    salt: bytes
    prev: bytes
    hash: bytes
    offset: int | None = None


COLUMNS = Row.__struct_fields__


def canonical(value: Any) -> bytes:
    """Write `value` as canonical JSON. Floats and integers beyond 2^53 - 1 raise ValueError."""
    if not _plain(value):
        raise ValueError("canonical JSON here knows no floats and no integers beyond 2^53 - 1")
    return _encoder.encode(value)


def _plain(value: Any) -> bool:
    if isinstance(value, str | bool | msgspec.Raw) or value is None:
        return True
    if isinstance(value, int):
        return -LIMIT <= value <= LIMIT
    if isinstance(value, dict):
        return all(map(_plain, value.values()))
    return isinstance(value, list | tuple) and all(map(_plain, value))


def inner_digest(salt: bytes, inner: bytes) -> str:
    """Give the digest that stands in the body for what is not public."""
    return sha256(salt + inner).hexdigest()


def body(row: Row) -> bytes:
    """Give the canonical bytes that are hashed for a step."""
    return canonical(facts(row))


def facts(row: Row) -> dict[str, Any]:
    """Give the public body of a step, as it is hashed and as a receipt shows it."""
    return {
        "actor": row.actor,
        "after": row.after,
        "at": row.at,
        "before": row.before,
        "data": msgspec.Raw(row.data.encode()),
        "due": row.due,
        "inner": inner_digest(row.salt, row.inner.encode()),
        "kind": row.kind,
        "name": row.name,
        "org": row.org,
        "origin": row.origin,
        "prev": row.prev.hex(),
        "recorded_at": row.recorded_at,
        "role": row.role,
        "seq": row.seq,
        "subject": row.subject,
        "v": row.v,
        "what": row.what,
    }


def write(
    *,
    subject: str,
    seq: int,
    prev: bytes,
    kind: str,
    what: str,
    by: Actor,
    at: int,
    recorded_at: int,
    data: dict[str, Any],
    inner: dict[str, Any] | None = None,
    origin: str = "live",
    before: str = "",
    after: str = "",
    due: int | None = None,
    v: int = 1,
) -> Row:
    """Build the next step of a chain; `prev` is the hash of the step before it (`GENESIS` for the first)."""
    private = {"person": by.person, "post": by.post, **(inner or {})}
    row = Row(
        subject=subject,
        seq=seq,
        kind=kind,
        origin=origin,
        v=v,
        actor=by.kind,
        role=by.role,
        name=by.name,
        org=by.org,
        what=what,
        before=before,
        after=after,
        at=at,
        recorded_at=recorded_at,
        due=due if due is not None and due >= 0 else None,
        data=canonical(data).decode(),
        inner=canonical(private).decode(),
        salt=os.urandom(16),
        prev=prev,
        hash=b"",
    )
    row.hash = sha256(body(row)).digest()
    return row


def checked(row: Row) -> bytes:
    """Recompute the hash of a stored row from its columns."""
    return sha256(body(row)).digest()
