"""Promises and receipts: what a resident takes home and checks without us."""

import base64
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from cityloop.town.columns import real_now
from cityloop.town.ledger import chain, keys, merkle
from cityloop.town.ledger.models import Key, Seal, Step
from cityloop.town.ledger.queries import _published_seal, row_of, steps
from cityloop.town.ledger.sealing import statement_of


def promise(row: chain.Row, number: str) -> dict[str, Any]:
    """Sign at once that this step was taken into the book; the seal follows within a minute."""
    said = {"at": row.at, "hash": row.hash.hex(), "number": number, "seq": row.seq, "subject": row.subject, "v": 1}
    return _signed("promise", said)


def _signed(name: str, said: dict[str, Any]) -> dict[str, Any]:
    said = {**said, "key_id": keys.key_id(keys.public_bytes())}
    return {name: said, "signature": base64.b64encode(keys.sign(chain.canonical(said))).decode()}


def receipt(subject: str, number: str, note: str = "") -> dict[str, Any]:
    """Give every step of a subject with its place in the sealed trees, checkable without the database.

    Steps not sealed yet are left out and counted under `unsealed`. What is signed at issue, under `issued`, ties the
    number to the subject and says how many steps there were and which was the last: none can be cut off the end.
    Two queries, two for each seal that holds some of the steps, one more where steps wait for theirs.
    """
    rows = list(steps(subject))
    by_seal = _by_seal(rows)
    sealed = [proved for seal, own in by_seal for proved in _proved(seal, own)]
    said = {
        "at": real_now(),
        "head": rows[len(sealed) - 1].hash.hex() if sealed else "",
        "number": number,
        "steps": len(sealed),
        "subject": subject,
        "unsealed": len(rows) - len(sealed),
        "v": 1,
    }
    return {
        "v": 1,
        "kind": "cityloop-receipt",
        "issued": _signed("statement", said),
        "number": number,
        "subject": subject,
        "note": note,
        "steps": sealed,
        "unsealed": len(rows) - len(sealed),
        "seals": [_published_seal(seal) for seal, _ in by_seal],
        "keys": [
            keys.described(bytes(k.public)) for k in Key.objects.filter(key_id__in={s.key_id for s, _ in by_seal})
        ],
    }


def _by_seal(rows: Sequence[Step]) -> list[tuple[Seal, list[Step]]]:
    """Give the seals over these steps, each with its own; the first step that is not sealed yet ends the list."""
    found: list[tuple[Seal, list[Step]]] = []
    for step in rows:
        if step.offset is None:
            break
        seal = found[-1][0] if found else None
        if seal is None or step.offset >= seal.first + seal.size:
            seal = Seal.objects.filter(first__lte=step.offset).order_by("-first").first()
            if seal is None or step.offset >= seal.first + seal.size:
                break
            found.append((seal, []))
        found[-1][1].append(step)
    return found


def _proved(seal: Seal, own: Sequence[Step]) -> list[dict[str, Any]]:
    hashes = Step.objects.filter(offset__gte=seal.first, offset__lt=seal.first + seal.size).order_by("offset")
    leaves = [merkle.leaf(bytes(h)) for h in hashes.values_list("hash", flat=True)]
    indexes = [(step.offset or 0) - seal.first for step in own]
    return [
        {
            "body": chain.body(row_of(step)).decode(),
            "seal": seal.number,
            "index": index,
            "proof": [h.hex() for h in proof],
        }
        for step, index, proof in zip(own, indexes, merkle.paths(leaves, indexes), strict=True)
    ]


def signer(key_id: str) -> bytes | None:
    """Give the public key of this name, if it is one of this city's."""
    key = Key.objects.filter(key_id=key_id).first()
    return bytes(key.public) if key else None


def astray(given: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (where, what is wrong) for each step and seal of a receipt, or the step of a promise, that is no more here.

    Who rolls the ledger back, or writes it anew with the key in hand, cannot reach what was handed out.
    """
    promise = given.get("promise")
    subject = str((promise or given)["subject"])
    here = {step.seq: bytes(step.hash).hex() for step in steps(subject)}
    wanted = (
        {promise["seq"]: promise["hash"]}
        if promise
        else {n: sha256(step["body"].encode()).hexdigest() for n, step in enumerate(given["steps"], 1)}
    )
    for seq, digest in wanted.items():
        if here.get(seq) != digest:
            yield f"step {seq}", "this ledger has another" if seq in here else "this ledger does not have it"
    for entry in given.get("seals", []):
        said = entry["statement"]
        seal = Seal.objects.filter(number=said["number"]).first()
        if seal is None or statement_of(seal) != said:
            yield f"seal {said['number']}", "this ledger has another" if seal else "this ledger does not have it"
