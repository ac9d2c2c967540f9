"""Sealing: every minute or 10,000 steps a Merkle tree is closed and its root signed."""

import time
from hashlib import sha256
from typing import Any

from django.db import transaction

from cityloop.town.columns import real_now
from cityloop.town.ledger import chain, keys, merkle
from cityloop.town.ledger.actions import locked_sequencer
from cityloop.town.ledger.models import Key, Seal, Step

MOST = 10_000
PERIOD = 60.0
_last = 0.0


def statement(
    *, number: int, first: int, size: int, root: bytes, prev: bytes, sealed_at: int, key_id: str
) -> dict[str, Any]:
    """Give what is signed for a seal, as JSON-ready data."""
    return {
        "algorithm": keys.ALGORITHM,
        "first": first,
        "key_id": key_id,
        "number": number,
        "prev": prev.hex(),
        "root": root.hex(),
        "sealed_at": sealed_at,
        "size": size,
        "v": 1,
    }


def statement_of(seal: Seal) -> dict[str, Any]:
    """Give the signed statement of a stored seal."""
    return statement(
        number=seal.number,
        first=seal.first,
        size=seal.size,
        root=bytes(seal.root),
        prev=bytes(seal.prev),
        sealed_at=seal.sealed_at,
        key_id=seal.key_id,
    )


def seal_due() -> int:
    """Seal when a minute has passed or a full tree waits; give the number of steps sealed."""
    global _last
    waiting = _sequenced() - _sealed()
    if waiting <= 0 or (waiting < MOST and time.monotonic() - _last < PERIOD):
        return 0
    _last = time.monotonic()
    return seal_all()


def seal_all() -> int:
    """Seal every step that has an offset, in trees of at most 10,000; give how many."""
    total = 0
    while count := _seal_next():
        total += count
    return total


def _sequenced() -> int:
    last = Step.objects.filter(offset__isnull=False).order_by("-offset").values_list("offset", flat=True).first()
    return 0 if last is None else last + 1


def _sealed() -> int:
    last = Seal.objects.order_by("-number").first()
    return last.first + last.size if last else 0


def _seal_next() -> int:
    with transaction.atomic():
        locked_sequencer()
        last = Seal.objects.order_by("-number").first()
        first = last.first + last.size if last else 0
        hashes = list(
            Step.objects.filter(offset__gte=first, offset__lt=first + MOST)
            .order_by("offset")
            .values_list("hash", flat=True)
        )
        if not hashes:
            return 0
        _write_seal(last, first, [bytes(h) for h in hashes])
        return len(hashes)


def _write_seal(last: Seal | None, first: int, hashes: list[bytes]) -> None:
    key = present_key()
    prev = sha256(chain.canonical(statement_of(last))).digest() if last else chain.GENESIS
    seal = Seal(
        number=last.number + 1 if last else 0,
        first=first,
        size=len(hashes),
        root=merkle.root([merkle.leaf(h) for h in hashes]),
        prev=prev,
        sealed_at=real_now(),
        key=key,
    )
    seal.signature = keys.sign(chain.canonical(statement_of(seal)))
    seal.save(force_insert=True)


def present_key() -> Key:
    """Give the database's row of the key that signs now, written at its first use."""
    public = keys.public_bytes()
    key, _ = Key.objects.get_or_create(
        key_id=keys.key_id(public), defaults={"public": public, "created": real_now(), "algorithm": keys.ALGORITHM}
    )
    return key
