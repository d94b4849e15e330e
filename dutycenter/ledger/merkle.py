"""The Merkle tree of RFC 6962 (section 2.1), for any hash.

A leaf is ``H(0x00 || entry)``, a node ``H(0x01 || left || right)``; the prefixes
keep a node from being passed off as an entry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

Hash = Callable[[bytes], bytes]

LEAF = b"\x00"
NODE = b"\x01"
WIDTH = 32  # bytes of one hash


def sha256(data: bytes) -> bytes:
    """FIPS 180-4."""
    return hashlib.sha256(data).digest()


def sm3(data: bytes) -> bytes:
    """GB/T 32905-2016."""
    return hashlib.new("sm3", data).digest()


def leaf_hash(hash: Hash, entry: bytes) -> bytes:
    """The hash of one entry as a leaf."""
    return hash(LEAF + entry)


class Frontier:
    """The right edge of a growing tree: roots of its complete subtrees, largest first.

    Adding a leaf costs amortised two hashes, whatever the tree's size.

    Args:
        hash: the tree's hash.
        size: leaves so far.
        roots: of the complete subtrees, as many as ``size`` has one-bits.
    """

    def __init__(self, hash: Hash, size: int = 0, roots: Iterable[bytes] = ()) -> None:
        self.hash = hash
        self.size = size
        self.roots = list(roots)
        if len(self.roots) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} complete subtrees, not {len(self.roots)}")

    def add(self, leaf: bytes) -> None:
        """Add one leaf's hash."""
        self.roots.append(leaf)
        size = self.size
        while size & 1:
            right, left = self.roots.pop(), self.roots.pop()
            self.roots.append(self.hash(NODE + left + right))
            size >>= 1
        self.size += 1

    def root(self) -> bytes:
        """The tree head's hash; of nothing, the hash of no bytes."""
        if not self.roots:
            return self.hash(b"")
        root = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            root = self.hash(NODE + left + root)
        return root

    def packed(self) -> bytes:
        """The roots, one after another."""
        return b"".join(self.roots)


def unpack(packed: bytes) -> list[bytes]:
    """The hashes that stand one after another in ``packed``."""
    return [packed[at : at + WIDTH] for at in range(0, len(packed), WIDTH)]


def root_of(hash: Hash, leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes, straight from the RFC's definition."""
    if not leaves:
        return hash(b"")
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return hash(NODE + root_of(hash, leaves[:split]) + root_of(hash, leaves[split:]))


def inclusion_proof(hash: Hash, position: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The audit path of the leaf at ``position`` (RFC 6962, 2.1.1).

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= position < len(leaves):
        raise IndexError(f"no leaf {position} among {len(leaves)}")
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if position < split:
        return [*inclusion_proof(hash, position, leaves[:split]), root_of(hash, leaves[split:])]
    return [*inclusion_proof(hash, position - split, leaves[split:]), root_of(hash, leaves[:split])]


def root_from_inclusion(hash: Hash, leaf: bytes, position: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that the proof leads to (RFC 9162, 2.1.3.2).

    Raises:
        ValueError: the proof is too long or too short for this place.
    """
    if not 0 <= position < size:
        raise ValueError(f"no leaf {position} in a tree of {size}")
    node, last, root = position, size - 1, leaf
    for step in proof:
        if last == 0:
            raise ValueError("the proof is too long")
        if node & 1 or node == last:
            root = hash(NODE + step + root)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            root = hash(NODE + root + step)
        node, last = node >> 1, last >> 1
    if last:
        raise ValueError("the proof is too short")
    return root


def _split(size: int) -> int:
    """The largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1
