"""Roots over parts of the sealed tree, from the kept subtrees: a proof reads some thousand hashes at the most."""

from __future__ import annotations

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from dutycenter.ledger.merkle import NODE, STRIDE, sha256, sm3, split_of
from dutycenter.ledger.models import SUBTREES, LedgerLeaf, LedgerSubtree

BLOCK = 1 << STRIDE
Pair = tuple[bytes, bytes]


class Subtrees:
    """The sealed tree of a store, under both hashes at once.

    Rows are read a block of 256 neighbours at a time and remembered as long as
    this object lives: neighbours are what the next step of a path needs.
    """

    def __init__(self, db: Session) -> None:
        self.db = db
        self._blocks: dict[tuple[int, int], list[Pair]] = {}

    def root(self, start: int, stop: int) -> Pair:
        """The roots over the leaves from ``start`` up to ``stop``, which lie as RFC 6962 splits a tree.

        Raises:
            LookupError: leaves or kept subtrees are missing.
        """
        size = stop - start
        if size & (size - 1) == 0:
            return self._complete(start, size)
        split = start + split_of(size)
        return _node(self.root(start, split), self.root(split, stop))

    def sha256(self, start: int, stop: int) -> bytes:
        """``root`` under SHA-256 alone."""
        return self.root(start, stop)[0]

    def sm3(self, start: int, stop: int) -> bytes:
        """``root`` under SM3 alone."""
        return self.root(start, stop)[1]

    def _complete(self, start: int, size: int) -> Pair:
        height, above = divmod(size.bit_length() - 1, STRIDE)
        height *= STRIDE
        first = start >> height
        block = self._block(height, first // BLOCK)
        nodes = block[first % BLOCK : first % BLOCK + (1 << above)]
        if len(nodes) < 1 << above:
            raise LookupError(f"the subtrees of height {height} from {first} on are not there")
        return _fold(nodes)

    def _block(self, height: int, number: int) -> list[Pair]:
        known = self._blocks.get((height, number))
        if known is None:
            known = self._blocks[height, number] = _read(self.db, height, number)
        return known


def keep_all(db: Session, size: int) -> None:
    """Keep every subtree of the first ``size`` leaves: for a ledger from before they were kept."""
    height = STRIDE
    while size >> height:
        for position in range(size >> height):
            root = _fold(_read(db, height - STRIDE, position))
            db.execute(
                insert(SUBTREES),
                {"height": height, "position": position, "sha256": root[0], "sm3": root[1]},
            )
        height += STRIDE


def _read(db: Session, height: int, number: int) -> list[Pair]:
    """A block of 256 neighbours; fewer at the tree's end."""
    kept: type[LedgerLeaf] | type[LedgerSubtree] = LedgerSubtree if height else LedgerLeaf
    first = number * BLOCK
    query = select(kept.sha256, kept.sm3).where(kept.position >= first, kept.position < first + BLOCK)
    if height:
        query = query.where(LedgerSubtree.height == height)
    return [(row[0], row[1]) for row in db.execute(query.order_by(kept.position))]


def _fold(nodes: list[Pair]) -> Pair:
    while len(nodes) > 1:
        nodes = [_node(nodes[n], nodes[n + 1]) for n in range(0, len(nodes), 2)]
    return nodes[0]


def _node(left: Pair, right: Pair) -> Pair:
    return sha256(NODE + left[0] + right[0]), sm3(NODE + left[1] + right[1])
