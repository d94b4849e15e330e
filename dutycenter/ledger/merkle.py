"""The Merkle tree of RFC 6962 (section 2.1), for any hash.

A leaf is ``H(0x00 || entry)``, a node ``H(0x01 || left || right)``; the prefixes
keep a node from being passed off as an entry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

Hash = Callable[[bytes], bytes]
Subtree = Callable[[int, int], bytes]
"""The root over the leaves from ``start`` up to, not including, ``stop``."""

LEAF = b"\x00"
NODE = b"\x01"
WIDTH = 32  # bytes of one hash
STRIDE = 8  # of the interior nodes, those of every 8th height are kept

_SM3 = hashlib.new("sm3")


def sha256(data: bytes) -> bytes:
    """FIPS 180-4."""
    return hashlib.sha256(data).digest()


def sm3(data: bytes) -> bytes:
    """GB/T 32905-2016."""
    started = _SM3.copy()  # looking the algorithm up by name takes longer than the hash of an entry
    started.update(data)
    return started.digest()


def leaf_hash(hash: Hash, entry: bytes) -> bytes:
    """The hash of one entry as a leaf."""
    return hash(LEAF + entry)


class Complete(NamedTuple):
    """A subtree that will never change again: ``2 ** height`` leaves, the ``position``-th of its height."""

    height: int
    position: int
    root: bytes


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

    def copy(self) -> Frontier:
        """Another tree that begins as this one stands."""
        return Frontier(self.hash, self.size, self.roots)

    def extend(self, leaves: Sequence[bytes]) -> list[Complete]:
        """Add leaves' hashes; the subtrees of kept heights that they completed, lowest first.

        Works height by height, so that nearly all time is spent in the hash itself.
        """
        join, nodes, height = self.hash, list(leaves), 0
        edge: list[bytes] = []  # smallest first
        completed: list[Complete] = []
        while nodes or self.size >> height:
            if height and height % STRIDE == 0:
                first = self.size >> height
                completed += [Complete(height, first + n, node) for n, node in enumerate(nodes)]
            if self.size >> height & 1:
                nodes.insert(0, self.roots.pop())
            if len(nodes) & 1:
                edge.append(nodes[-1])
            nodes = [join(NODE + nodes[n] + nodes[n + 1]) for n in range(0, len(nodes) - 1, 2)]
            height += 1
        self.roots = edge[::-1]
        self.size += len(leaves)
        return completed

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
    split = split_of(len(leaves))
    return hash(NODE + root_of(hash, leaves[:split]) + root_of(hash, leaves[split:]))


def inclusion_proof(subtree: Subtree, position: int, size: int) -> list[bytes]:
    """The audit path of the leaf at ``position`` in a tree of ``size`` (RFC 6962, 2.1.1), from the leaf up.

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= position < size:
        raise IndexError(f"no leaf {position} among {size}")
    path, start, stop = [], 0, size
    while stop - start > 1:
        split = start + split_of(stop - start)
        if position < split:
            path.append(subtree(split, stop))
            stop = split
        else:
            path.append(subtree(start, split))
            start = split
    return path[::-1]


def consistency_proof(subtree: Subtree, first: int, second: int) -> list[bytes]:
    """That the tree of ``first`` leaves is the beginning of the tree of ``second`` (RFC 6962, 2.1.2).

    Raises:
        IndexError: ``first`` isn't between 1 and ``second``.
    """
    if not 0 < first <= second:
        raise IndexError(f"a tree of {first} cannot be the beginning of one of {second}")
    path, start, stop, whole = [], 0, second, True
    while first != stop:
        split = start + split_of(stop - start)
        if first <= split:
            path.append(subtree(split, stop))
            stop = split
        else:
            path.append(subtree(start, split))
            start, whole = split, False
    return ([] if whole else [subtree(start, stop)]) + path[::-1]


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


def roots_from_consistency(
    hash: Hash, first: int, second: int, first_root: bytes, proof: Sequence[bytes]
) -> tuple[bytes, bytes]:
    """The roots of both trees that the proof leads to (RFC 9162, 2.1.4.2); the first must equal ``first_root``.

    Raises:
        ValueError: the proof is too long or too short for these sizes.
    """
    if not 0 < first <= second:
        raise ValueError(f"a tree of {first} cannot be the beginning of one of {second}")
    steps = list(proof) if first & (first - 1) else [first_root, *proof]
    if first == second:
        if proof:
            raise ValueError("the proof is too long")
        return first_root, first_root
    if not steps:
        raise ValueError("the proof is too short")
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    older = newer = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise ValueError("the proof is too long")
        if node & 1 or node == last:
            older, newer = hash(NODE + step + older), hash(NODE + step + newer)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            newer = hash(NODE + newer + step)
        node, last = node >> 1, last >> 1
    if last:
        raise ValueError("the proof is too short")
    return older, newer


def split_of(size: int) -> int:
    """The largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1
