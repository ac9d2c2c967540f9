"""The hash chain: canonical bytes of a step and their SHA-256.

Canonical JSON after RFC 8785, restricted to strings, integers within ±(2^53 - 1), booleans, null, arrays
and objects with ASCII keys; there are no floats, so the same bytes come out on every database and in
every language. The body that is hashed holds the public facts and, for what is not public (who in person,
in which post, internal words), only `inner`: the digest of salt and canonical JSON.
"""

import os
from collections import deque
from functools import lru_cache
from hashlib import sha256
from typing import Any

import msgspec

from cityloop.ground.loop.actor import Actor

GENESIS = bytes(32)
LIMIT = 2**53 - 1

_encoder = msgspec.json.Encoder(order="sorted")
_encode = msgspec.json.Encoder().encode
_EMPTY = b"{}"
_SIMPLE = frozenset({str, bool, type(None), msgspec.Raw})


class Row(msgspec.Struct, gc=False):
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
    kind = type(value)
    if kind in _SIMPLE:
        return True
    if kind is int:
        return -LIMIT <= value <= LIMIT
    if kind is dict:
        value = value.values()
    elif kind is not list and kind is not tuple:
        return _plain_kind(value)
    for inside in value:  # texts and numbers are judged here, without a call for each: the hottest check there is
        kind = type(inside)
        if kind in _SIMPLE or (kind is int and -LIMIT <= inside <= LIMIT):
            continue
        if kind is int or not _plain(inside):
            return False
    return True


def _plain_kind(value: Any) -> bool:
    """Judge subclasses, such as enumerations and safe strings, by what they derive from."""
    for kind in (str, int, dict, list, tuple):
        if isinstance(value, kind):
            return _plain(kind(value))  # type: ignore[arg-type]
    return False


def inner_digest(salt: bytes, inner: bytes) -> str:
    """Give the digest that stands in the body for what is not public."""
    return sha256(salt + inner).hexdigest()


class _Body(msgspec.Struct, gc=False):
    """The public body of a step. The fields stand in the order of their names: that is what canonical JSON wants."""

    actor: str
    after: str
    at: int
    before: str
    data: msgspec.Raw
    due: int | None
    inner: str
    kind: str
    name: str
    org: int
    origin: str
    prev: str
    recorded_at: int
    role: str
    seq: int
    subject: str
    v: int
    what: str


def body(row: Row) -> bytes:
    """Give the canonical bytes that are hashed for a step."""
    _small(row.at, row.recorded_at, row.due or 0, row.org, row.seq, row.v)
    return _encode(
        _Body(
            row.actor,
            row.after,
            row.at,
            row.before,
            msgspec.Raw(row.data.encode()),
            row.due,
            inner_digest(row.salt, row.inner.encode()),
            row.kind,
            row.name,
            row.org,
            row.origin,
            row.prev.hex(),
            row.recorded_at,
            row.role,
            row.seq,
            row.subject,
            row.v,
            row.what,
        )
    )


def _small(*numbers: int) -> None:
    if not all(-LIMIT <= number <= LIMIT for number in numbers):
        raise ValueError("canonical JSON here knows no integers beyond 2^53 - 1")


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
    public = canonical(data) if data else _EMPTY
    private = _private(by.org_path, by.person, by.post, inner) if inner else _post(by.org_path, by.person, by.post)
    if due is not None and due < 0:
        due = None
    if (at | recorded_at | (due or 0) | by.org | seq | v) >> 53:  # all of them at once: hardly ever is one so large
        _small(at, recorded_at, due or 0, by.org, seq, v)
    salt = fresh_salt()
    hashed = _Body(
        by.kind,
        after,
        at,
        before,
        msgspec.Raw(public),
        due,
        inner_digest(salt, private.encode()),
        kind,
        by.name,
        by.org,
        origin,
        prev.hex(),
        recorded_at,
        by.role,
        seq,
        subject,
        v,
        what,
    )
    return Row(
        subject,
        seq,
        kind,
        origin,
        v,
        by.kind,
        by.role,
        by.name,
        by.org,
        what,
        before,
        after,
        at,
        recorded_at,
        due,
        public.decode(),
        private,
        salt,
        prev,
        sha256(_encode(hashed)).digest(),
    )


_salts: deque[bytes] = deque()
os.register_at_fork(after_in_child=_salts.clear)


def fresh_salt() -> bytes:
    """Give 16 random bytes, fetched from the system many at a time; a forked process fetches its own."""
    try:
        return _salts.pop()
    except IndexError:
        drawn = os.urandom(4096)
        _salts.extend(drawn[at : at + 16] for at in range(0, len(drawn), 16))
        return os.urandom(16)


def _private(path: str, person: int, post: int, inner: dict[str, Any]) -> str:
    return canonical({"path": path, "person": person, "post": post, **inner}).decode()


@lru_cache(maxsize=4096)
def _post(path: str, person: int, post: int) -> str:
    """Give what most steps keep in private: it is the same for all steps of one person in one post."""
    return canonical({"path": path, "person": person, "post": post}).decode()


def checked(row: Row) -> bytes:
    """Recompute the hash of a stored row from its columns."""
    return sha256(body(row)).digest()
