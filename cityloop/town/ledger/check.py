"""Checking a receipt or a promise with nothing but it and what the city publishes: no database, no Django models."""

import base64
import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from cityloop.town.ledger import keys, merkle


def check_receipt(
    receipt: dict[str, Any], public: bytes, published: Sequence[dict[str, Any]] = ()
) -> Iterator[tuple[str, str]]:
    """Yield (where, what is wrong) for each fault; nothing when the receipt holds.

    `public` is the city's public key as 32 raw bytes, had from the city and not from the receipt. `published` are seals
    the city publishes now: where one has the number of the receipt's and says something else, the city went back.
    """
    seals = {}
    now = {entry["statement"]["number"]: entry["statement"] for entry in published}
    for entry in receipt["seals"]:
        said = entry["statement"]
        if said.get("key_id") != keys.key_id(public):
            yield f"seal {said.get('number')}", "it was signed with another key"
        elif not keys.verify(public, base64.b64decode(entry["signature"]), _canonical(said)):
            yield f"seal {said.get('number')}", "its signature is wrong"
        if now.get(said["number"], said) != said:
            yield f"seal {said['number']}", "the city publishes another one under this number now"
        seals[said["number"]] = said
    prev, seq = "00" * 32, 0
    if not receipt["steps"]:
        yield "receipt", "it holds no sealed step"
    for step in receipt["steps"]:
        yield from _check_step(step, seals, receipt["subject"], prev, seq)
        prev, seq = sha256(step["body"].encode()).hexdigest(), seq + 1
    yield from _check_issued(receipt, public, prev, seq)


def check_promise(given: dict[str, Any], public: bytes) -> Iterator[tuple[str, str]]:
    """Yield (where, what is wrong) of a promise, likewise; whether it was kept a receipt tells."""
    said = given["promise"]
    if said["key_id"] != keys.key_id(public):
        yield "promise", "it was signed with another key"
    elif not keys.verify(public, base64.b64decode(given["signature"]), _canonical(said)):
        yield "promise", "its signature is wrong"


def _check_issued(receipt: dict[str, Any], public: bytes, head: str, steps: int) -> Iterator[tuple[str, str]]:
    """Hold the receipt against what the city signed when it gave it out: which case, how many steps, the last one."""
    issued = receipt.get("issued") or {}
    said = issued.get("statement") or {}
    if not keys.verify(public, base64.b64decode(issued.get("signature", "")), _canonical(said)):
        yield "receipt", "what was signed at its issue does not hold"
    elif (said["number"], said["subject"]) != (receipt["number"], receipt["subject"]):
        yield "receipt", "it was given out for another case"
    elif (said["steps"], said["head"]) != (steps, head if steps else ""):
        yield "receipt", "steps were cut off its end"


def _check_step(
    step: dict[str, Any], seals: dict[int, Any], subject: str, prev: str, seq: int
) -> Iterator[tuple[str, str]]:
    body, where = json.loads(step["body"]), f"step {seq + 1}"
    if body["subject"] != subject or body["seq"] != seq + 1:
        yield where, "it is not the next step of this subject"
    if body["prev"] != prev:
        yield where, "it does not follow from the step before it"
    said = seals.get(step["seal"])
    if said is None:
        yield where, "its seal is missing"
        return
    leaf = merkle.leaf(sha256(step["body"].encode()).digest())
    try:
        head = merkle.root_from(leaf, step["index"], said["size"], [bytes.fromhex(h) for h in step["proof"]])
    except ValueError as error:
        yield where, str(error)
        return
    if head.hex() != said["root"]:
        yield where, "it is not under the sealed root"


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def read_seals(text: str) -> list[dict[str, Any]]:
    """Read the seals published beside a key; none where it is the key alone."""
    stripped = text.strip()
    return list(json.loads(stripped).get("seals", [])) if stripped.startswith("{") else []


def read_public(text: str) -> bytes:
    """Read a public key: JSON as published at the well-known address, or base64 of the raw 32 bytes."""
    stripped = text.strip()
    if stripped.startswith("{"):
        said = json.loads(stripped)
        stripped = said["public"] if "public" in said else said["keys"][-1]["public"]
    raw = base64.b64decode(stripped, validate=True)
    if len(raw) != 32:
        raise ValueError("an Ed25519 public key has 32 bytes")
    return raw
