"""Merkle trees after RFC 9162, section 2.1: domain-separated leaves and nodes, SHA-256."""

from collections.abc import Sequence
from hashlib import sha256


def leaf(data: bytes) -> bytes:
    """Hash a leaf: SHA-256(0x00 ‖ data)."""
    return sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Hash an inner node: SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Give the tree head over leaf hashes; SHA-256 of nothing for an empty tree."""
    if not leaves:
        return sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        level = _up(level)
    return level[0]


def _up(level: list[bytes]) -> list[bytes]:
    pairs = [node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return pairs + level[-1:] if len(level) % 2 else pairs


def path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Give the inclusion proof of the leaf at `index`, from the leaf upwards (RFC 9162, 2.1.3.1)."""
    return paths(leaves, [index])[0]


def paths(leaves: Sequence[bytes], indexes: Sequence[int]) -> list[list[bytes]]:
    """Give the inclusion proofs of several leaves, with the tree built once."""
    if not all(0 <= index < len(leaves) for index in indexes):
        raise IndexError(indexes)
    found: list[list[bytes]] = [[] for _ in indexes]
    level, at = list(leaves), list(indexes)
    while len(level) > 1:
        for proof, index in zip(found, at, strict=True):
            if index ^ 1 < len(level):
                proof.append(level[index ^ 1])
        level, at = _up(level), [index // 2 for index in at]
    return found


def root_from(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """Compute the head from a leaf and its inclusion proof (RFC 9162, 2.1.3.2).

    Raises ValueError when the proof does not fit the index and the size of the tree.
    """
    if not 0 <= index < size:
        raise ValueError("index outside the tree")
    fn, sn, head = index, size - 1, leaf_hash
    for sibling in proof:
        if sn == 0:
            raise ValueError("proof too long")
        if fn & 1 or fn == sn:
            head = node(sibling, head)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            head = node(head, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise ValueError("proof too short")
    return head
