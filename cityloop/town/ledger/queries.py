"""Reading and checking the ledger."""

import base64
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any

import msgspec
from django.db.models import QuerySet

from cityloop.town.ledger import chain, keys, merkle
from cityloop.town.ledger.models import Cursor, Key, Seal, Sequencer, Step
from cityloop.town.ledger.sealing import MOST, statement_of

# What comes of a row in which SQLite keeps a value of another kind than its column is meant for.
NONSENSE = (TypeError, ValueError, OverflowError, AttributeError)


class Finding(msgspec.Struct, frozen=True):
    """Something on the ledger that is not as it was written."""

    code: str
    where: str
    message: str


def steps(subject: str) -> QuerySet[Step]:
    """Give the steps of a subject in order."""
    return Step.objects.filter(subject=subject).order_by("seq")


def lacks_its_key() -> bool:
    """Whether this city has signed, and the private key is not here: another would be made, and published beside it."""
    return not keys.key_file().exists() and Key.objects.exists()


def latest(subjects: Iterable[str], most: int) -> list[Step]:
    """Give the last steps of some subjects, the newest first. One query."""
    return list(Step.objects.filter(subject__in=list(subjects)).order_by("-id")[:most])


def newest_steps(most: int) -> list[Step]:
    """Give the last steps of the whole ledger, the newest first, without what was written. One query."""
    return list(Step.objects.order_by("-id").defer("data", "inner", "salt", "prev", "hash")[:most])


def after_offset(offset: int, most: int = 1000) -> QuerySet[Step]:
    """Give sequenced steps after `offset`, in order: what outbox and live events read."""
    return Step.objects.filter(offset__gt=offset).order_by("offset")[:most]


def last_offset() -> int:
    """Give the highest offset given so far, -1 when there is none."""
    last = Step.objects.filter(offset__isnull=False).order_by("-offset").values_list("offset", flat=True).first()
    return -1 if last is None else last


def recorded_at(offset: int) -> int | None:
    """Give when the step of an offset was recorded, None where there is none. One indexed query."""
    return Step.objects.filter(offset=offset).values_list("recorded_at", flat=True).first()


def longest_unsequenced(at: int) -> int:
    """Give how old the oldest step without an offset is, 0 where all have one. One indexed query."""
    waiting = Step.objects.filter(offset__isnull=True).order_by("id").values_list("recorded_at", flat=True).first()
    return 0 if waiting is None else at - waiting


def longest_unsealed(at: int) -> int:
    """Give how old the oldest step with an offset is that no root holds, 0 where all are sealed. Two queries."""
    last = Seal.objects.order_by("-number").values_list("first", "size").first()
    recorded = recorded_at(last[0] + last[1] if last else 0)
    return 0 if recorded is None else at - recorded


def newest() -> int:
    """Give the id of the newest step, 0 when there is none: it changes with each step. One indexed query."""
    return Step.objects.order_by("-id").values_list("id", flat=True).first() or 0


def cursor(name: str) -> int:
    """Give the last offset a reader has dealt with, -1 before its first."""
    last = Cursor.objects.filter(name=name).values_list("offset", flat=True).first()
    return -1 if last is None else last


def has_begun(name: str) -> bool:
    """Tell whether a reader has a place on the ledger yet."""
    return Cursor.objects.filter(name=name).exists()


def offset_at(recorded: int) -> int:
    """Give the offset of the first step recorded at or after this real time, one beyond the last where there is none.

    Offsets have no gaps, so a search by halves finds it: one indexed query for each doubling of the ledger.
    """
    low, high = 0, last_offset() + 1
    while low < high:
        middle = (low + high) // 2
        found = Step.objects.filter(offset=middle).values_list("recorded_at", flat=True).first()
        low, high = (middle + 1, high) if found is not None and found < recorded else (low, middle)
    return low


def row_of(step: Step) -> chain.Row:
    """Give the chain's view of a stored step."""
    values = {name: getattr(step, name) for name in chain.COLUMNS}
    values.update(salt=bytes(step.salt), prev=bytes(step.prev), hash=bytes(step.hash))
    return chain.Row(**values)


def verify() -> Iterator[Finding]:
    """Recompute every chain and every sealed root, naming each row that is not as it was written."""
    yield from _verify_chains()
    yield from _verify_seals()


def _verify_chains() -> Iterator[Finding]:
    subject, seq, prev, at = "", 0, chain.GENESIS, 0
    for step in Step.objects.order_by("subject", "seq").iterator(chunk_size=5000):
        if step.subject != subject:
            subject, seq, prev, at = step.subject, 0, chain.GENESIS, step.at
        try:
            yield from list(_verify_step(step, seq, prev, at))
            seq, prev, at = step.seq, bytes(step.hash), step.at
        except NONSENSE:
            yield Finding("ledger.edited", f"{subject} step {step.seq}", "It holds what is no number or no bytes.")


def _verify_step(step: Step, seq: int, prev: bytes, at: int) -> Iterator[Finding]:
    where = f"{step.subject} step {step.seq}"
    if step.seq != seq + 1:
        yield Finding("ledger.gap", where, f"Steps {seq + 1} to {step.seq - 1} are missing before it.")
    elif bytes(step.prev) != prev:
        yield Finding("ledger.chain", where, "It does not follow from the step before it.")
    if not _intact(step):
        yield Finding("ledger.edited", where, "Its content does not give its hash.")
    if step.at < at:
        yield Finding("ledger.time", where, "Its time lies before that of the step before it.")


def _intact(step: Step) -> bool:
    try:
        return chain.checked(row_of(step)) == bytes(step.hash)
    except (ValueError, msgspec.MsgspecError):
        return False


def _verify_seals() -> Iterator[Finding]:
    known = {key.key_id: key for key in Key.objects.all()}
    expected, prev, number = 0, chain.GENESIS, 0
    for seal in Seal.objects.order_by("number"):
        where = f"seal {seal.number}"
        try:
            yield from list(_verify_place(seal, where, number, expected, prev))
            yield from list(_verify_seal(seal, where, known.get(seal.key_id)))
            expected, number = seal.first + seal.size, seal.number + 1
            prev = sha256(chain.canonical(statement_of(seal))).digest()
        except NONSENSE:
            yield Finding("seal.edited", where, "It holds what is no number or no bytes.")
    yield from _verify_offsets(expected)


def _verify_place(seal: Seal, where: str, number: int, expected: int, prev: bytes) -> Iterator[Finding]:
    if seal.number != number or seal.first != expected:
        yield Finding("seal.gap", where, f"It should be number {number} and begin at offset {expected}.")
    if _raw(seal.prev) != prev:
        yield Finding("seal.chain", where, "It does not follow from the seal before it.")


def _verify_seal(seal: Seal, where: str, key: Key | None) -> Iterator[Finding]:
    public = _raw(key.public) if key and key.algorithm == keys.ALGORITHM else b""
    if not public or keys.key_id(public) != seal.key_id:
        yield Finding("seal.key", where, "The key it was signed with is unknown or altered.")
    elif not keys.verify(public, _raw(seal.signature), chain.canonical(statement_of(seal))):
        yield Finding("seal.signature", where, "Its signature is wrong.")
    if not 0 < seal.size <= MOST:
        yield Finding("seal.size", where, f"It says that it covers {seal.size} steps; a seal covers 1 to {MOST}.")
        return
    wanted = range(seal.first, seal.first + seal.size)
    hashes = dict(
        Step.objects.filter(offset__gte=wanted.start, offset__lt=wanted.stop)
        .order_by("offset")
        .values_list("offset", "hash")
    )
    if list(hashes) != list(wanted):
        missing = _runs(offset for offset in wanted if offset not in hashes)
        yield Finding("seal.missing", where, f"Steps are gone, those with the offsets {missing or wanted.start}.")
    elif merkle.root([merkle.leaf(_raw(one)) for one in hashes.values()]) != _raw(seal.root):
        yield Finding("seal.root", where, "The steps under it do not give its root.")


def _runs(offsets: Iterable[int]) -> str:
    """Write numbers down, those in a row as from and to: `3, 5 to 9`."""
    runs: list[list[int]] = []
    for one in offsets:
        if runs and runs[-1][-1] == one - 1:
            runs[-1][1:] = [one]
        else:
            runs.append([one])
    return ", ".join(" to ".join(map(str, run)) for run in runs)


def _raw(value: Any) -> bytes:
    """Give bytes as they are kept; what is none (SQLite takes a text) is nothing, and matches nothing."""
    return bytes(value) if isinstance(value, bytes | memoryview) else b""


def _verify_offsets(start: int) -> Iterator[Finding]:
    given, last = Sequencer.objects.values_list("next_offset", flat=True).first() or 0, start - 1
    rows = Step.objects.filter(offset__gte=start).order_by("offset").values_list("offset", flat=True)
    for offset in rows.iterator(chunk_size=5000):
        if offset != last + 1:
            yield Finding("ledger.offset", f"offset {last + 1}", "The step with this offset is gone.")
        last = offset if isinstance(offset, int) else last + 1
    if last + 1 < given:
        gone = _runs(range(last + 1, given))
        yield Finding("ledger.offset", f"offset {last + 1}", f"The newest steps, {gone}, are gone.")


def size() -> tuple[int, int]:
    """Count steps and seals."""
    return Step.objects.count(), Seal.objects.count()


def unsealed() -> int:
    """Count the steps that no seal covers yet: a minute's where the city is served, all since then where it is not."""
    last = Seal.objects.order_by("-number").first()
    covered = last.first + last.size if last else 0
    return Step.objects.exclude(offset__lt=covered).count()


SHOWN = 100


def published(begin: int | None = None) -> dict[str, Any]:
    """Give what stands at /.well-known/cityloop-ledger: keys and roots, the latest or those from number `begin` on."""
    seals = (
        Seal.objects.order_by("-number") if begin is None else Seal.objects.filter(number__gte=begin).order_by("number")
    )
    return {
        "v": 1,
        "keys": [keys.described(bytes(k.public)) for k in Key.objects.order_by("created")],
        "seals": [_published_seal(s) for s in seals[:SHOWN]],
    }


def _published_seal(seal: Seal) -> dict[str, Any]:
    return {"statement": statement_of(seal), "signature": base64.b64encode(bytes(seal.signature)).decode()}
