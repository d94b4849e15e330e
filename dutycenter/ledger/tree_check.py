"""Leaves held against their entries, and the tree against its heads.

Where a leaf and its entry disagree, the next head says which of them was
changed: two trees grow from there, one from the leaves, one from the entries,
and the head fits one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import and_, false, not_, or_, select, tuple_
from sqlalchemy.orm import Session

from dutycenter.ledger.faults import Proof
from dutycenter.ledger.merkle import STRIDE, Complete, Frontier, sha256, sm3
from dutycenter.ledger.models import LedgerSubtree

Pair = tuple[bytes, bytes]
SUBTREES_AT_ONCE = 200
EITHER = "was changed after it was sealed, or its leaf was"


@dataclass(frozen=True)
class Sealed:
    """One place of the tree: the leaf's hashes and the entry's own; either may be missing, not both."""

    entry_id: int
    leaf: Pair | None
    entry: Pair | None


@dataclass
class _Trees:
    """The tree under both hashes, and what it completed since the last head."""

    sha256: Frontier = field(default_factory=lambda: Frontier(sha256))
    sm3: Frontier = field(default_factory=lambda: Frontier(sm3))
    completed: list[tuple[Complete, Complete]] = field(default_factory=list)

    def extend(self, leaves: Sequence[Pair]) -> None:
        by_sha256 = self.sha256.extend([pair[0] for pair in leaves])
        by_sm3 = self.sm3.extend([pair[1] for pair in leaves])
        self.completed += zip(by_sha256, by_sm3, strict=True)

    def copy(self) -> _Trees:
        return _Trees(self.sha256.copy(), self.sm3.copy(), list(self.completed))

    def roots(self) -> Pair:
        return self.sha256.root(), self.sm3.root()

    def packed(self) -> Pair:
        return self.sha256.packed(), self.sm3.packed()


class TreeCheck:
    """Grows the tree again from what the store holds.

    Args:
        db: for the kept subtrees.
        proof: is told what was changed.
    """

    def __init__(self, db: Session, proof: Proof) -> None:
        self.db = db
        self.proof = proof
        self.size = 0
        self.broken = False  # a place was lost altogether: no root above it can be known
        self._trees = _Trees()
        self._other: _Trees | None = None  # from the entries, while it differs
        self._doubted: list[tuple[int, int]] = []  # position, entry's id
        self._guessed = False  # since the last head, an entry stands in for a removed leaf

    def agree(self, leaves: Sequence[Pair]) -> None:
        """The next places, whose leaves and entries agree."""
        self.size += len(leaves)
        if self.broken:
            return
        self._trees.extend(leaves)
        if self._other is not None:
            self._other.extend(leaves)
        elif len(self._trees.completed) >= SUBTREES_AT_ONCE:
            self._check_subtrees()

    def differ(self, place: Sealed) -> None:
        """The next place, where something is missing or the two disagree."""
        if place.leaf is None:
            self.proof.accuse(f"leaf:{self.size}", f"was removed; it sealed entry:{place.entry_id}")
            self._guessed = True
        if place.entry is None:
            self.proof.accuse(f"entry:{place.entry_id}", "was removed after it was sealed")
        one, other = place.leaf or place.entry, place.entry or place.leaf
        assert one is not None
        assert other is not None
        if one == other:
            self.agree([one])
            return
        if self.broken:
            self.proof.accuse(f"entry:{place.entry_id}", EITHER)
            self.size += 1
            return
        if self._other is None:
            self._other = self._trees.copy()
        self._doubted.append((self.size, place.entry_id))
        self._trees.extend([one])
        self._other.extend([other])
        self.size += 1

    def lost(self, positions: range) -> None:
        """Places of which neither leaf nor entry is there."""
        for position in positions:
            self.proof.accuse(f"leaf:{position}", "was removed, and its entry with it")
        self._blame(EITHER)
        self.size, self.broken = positions.stop, True

    def fits(self, head: Pair, frontier: Pair) -> str | None:
        """Hold a head against the tree that it covers; what is wrong with the head, if it is the head."""
        if self.broken:
            return None
        if self._other is not None and self._trees.roots() != head and self._other.roots() == head:
            for position, entry_id in self._doubted:
                self.proof.accuse(f"leaf:{position}", f"was changed; its entry:{entry_id} is as it was sealed")
            self._trees, self._other, self._doubted = self._other, None, []
        right, guessed, self._guessed = self._trees.roots() == head, self._guessed, False
        self._blame("was changed after it was sealed" if right else EITHER)
        if not right and guessed:
            self.broken = True  # the removed leaf's entry is gone too, and another one stood in for it
        self._check_subtrees()
        if self.broken:
            return None
        if not right:
            return "doesn't fit the leaves below it"
        return None if self._trees.packed() == frontier else "holds another frontier than its leaves make"

    def close(self) -> None:
        """Nothing follows: what is still in doubt is named."""
        self._blame(EITHER)
        self._check_subtrees()
        heights = range(STRIDE, max(self.size.bit_length(), STRIDE), STRIDE)
        made = or_(
            false(),
            *(
                and_(LedgerSubtree.height == h, LedgerSubtree.position.between(0, (self.size >> h) - 1))
                for h in heights
            ),
        )
        for height, position in self.db.execute(select(LedgerSubtree.height, LedgerSubtree.position).where(not_(made))):
            self.proof.accuse(f"subtree:{height}/{position}", "was put in")

    def _blame(self, what: str) -> None:
        for _, entry_id in self._doubted:
            self.proof.accuse(f"entry:{entry_id}", what)
        self._other, self._doubted = None, []

    def _check_subtrees(self) -> None:
        made, self._trees.completed = self._trees.completed, []
        if not made or self.broken:
            return
        place = tuple_(LedgerSubtree.height, LedgerSubtree.position)
        query = select(LedgerSubtree.height, LedgerSubtree.position, LedgerSubtree.sha256, LedgerSubtree.sm3)
        kept = {
            (row[0], row[1]): (row[2], row[3])
            for row in self.db.execute(query.where(place.in_([(one.height, one.position) for one, _ in made])))
        }
        for one, other in made:
            subject, found = f"subtree:{one.height}/{one.position}", kept.get((one.height, one.position))
            if found is None:
                self.proof.accuse(subject, "was removed")
            elif found != (one.root, other.root):
                self.proof.accuse(subject, "doesn't fit the leaves below it")
