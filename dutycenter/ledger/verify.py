"""Proving the ledger: every entry hashed again, every head and its copy held against the tree.

Memory is bounded: entries, leaves, heads and copies stream by in order. What
was changed is named, and nothing else: a leaf is not blamed for its entry, nor
a head for what lies below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Row, literal, select, tuple_
from sqlalchemy.orm import Session

from dutycenter.ledger.anchors import length_of
from dutycenter.ledger.faults import Fault, Proof
from dutycenter.ledger.head_check import HeadCheck
from dutycenter.ledger.keys import Chain, chain_of, key_id
from dutycenter.ledger.models import ENTRIES, LEAVES, LedgerEntry, LedgerHead, LedgerLeaf
from dutycenter.ledger.order_check import check_clock, check_order
from dutycenter.ledger.rows import bytes_of, entry_columns, leaf_columns, leaves_of
from dutycenter.ledger.sealer import sealed_rotations
from dutycenter.ledger.tree_check import Pair, Sealed, TreeCheck

__all__ = ["Fault", "Proof", "prove"]

CHUNK = 2000
SLACK = timedelta(seconds=5)  # hosts' clocks differ so much, and a row is written so long after its moment was taken
LONGEST_GAP = 10_000  # missing leaves that are filled in from their entries; a longer gap is one fault
LEAF = slice(2, 4)
ENTRY = slice(4, None)


class Stamps(Protocol):
    """Checks time stamps on heads."""

    def check(self, db: Session, proof: Proof) -> None: ...


def prove(
    db: Session,
    key: Ed25519PublicKey,
    anchor_file: Path | None,
    *,
    slack: timedelta = SLACK,
    stamps: Stamps | None = None,
) -> Proof:
    """Check every entry, leaf, subtree and head, the anchored copies, the time stamps and the clock.

    Args:
        db: a session that only reads, and sees one moment of the store.
        key: the first public key; later ones must be vouched for.
        anchor_file: the copies that lie elsewhere; None when there are none to hold it against.
        slack: how far an entry's time may lie before that of the entry before it.
        stamps: checks time stamps; None leaves them out.
    """
    proof, anchored = Proof(), length_of(anchor_file)  # before the store is looked at: it has all that was copied
    chain = _trusted(db, chain_of(key, sealed_rotations(db)), proof)
    walk = _Walk(db, proof, HeadCheck(proof, chain, anchor_file, anchored))
    query = (
        select(*leaf_columns(), *entry_columns(db))
        .select_from(LEAVES.outerjoin(ENTRIES, ENTRIES.c.id == LEAVES.c.entry_id))
        .order_by(LEAVES.c.position)
    )
    for rows in db.execute(query.execution_options(yield_per=CHUNK)).partitions():
        walk.take(rows)
    proof.entries = walk.close()
    _judge_rotations(db, chain, proof)
    check_order(db, proof)
    check_clock(db, slack, proof)
    if stamps is not None:
        stamps.check(db, proof)
    return proof


def _trusted(db: Session, chain: Chain, proof: Proof) -> Chain | None:
    """The chain, unless its keys signed nothing: then the key was exchanged, and the heads aren't to blame."""
    ids = set(db.scalars(select(LedgerHead.key_id).distinct()))
    if ids and not ids & {key_id(known) for _, known in chain.keys}:
        proof.accuse("key", f"the public key {key_id(chain.keys[0][1])} is not the one that signed the ledger's heads")
        return None
    return chain


def _judge_rotations(db: Session, chain: Chain | None, proof: Proof) -> None:
    """Name rotations that prove nothing, unless it is known already that their entry was changed."""
    accused = proof.accused
    for position, what in chain.faults if chain else ():
        entry = db.scalar(select(LedgerLeaf.entry_id).where(LedgerLeaf.position == position))
        if not accused & {f"entry:{entry}", f"leaf:{position}"}:
            proof.accuse(f"leaf:{position}", what)


class _Walk:
    """Leaves and heads side by side, in the order of the tree."""

    def __init__(self, db: Session, proof: Proof, check: HeadCheck) -> None:
        self.db = db
        self.proof = proof
        self.tree = TreeCheck(db, proof)
        self.check = check
        columns = LedgerHead.__table__.c
        query = select(*columns).order_by(columns.size).execution_options(yield_per=CHUNK)
        self.heads = iter(db.execute(query))
        self.head: Row[*tuple[Any, ...]] | None = next(self.heads, None)
        self.last = 0

    def take(self, rows: Sequence[Row[*tuple[Any, ...]]]) -> None:
        """The next leaves with their entries: position, entry's id, two hashes, and what ``bytes_of`` takes."""
        leaves: list[Pair] = [tuple(row[LEAF]) for row in rows]
        entries = [None if row[4] is None else leaves_of(bytes_of(*row[ENTRY])) for row in rows]
        if rows[0][0] == self.tree.size and rows[-1][0] == self.tree.size + len(rows) - 1 and leaves == entries:
            self._agree(leaves)
            return
        for row, leaf, entry in zip(rows, leaves, entries, strict=True):
            if row[0] < self.tree.size:
                self.proof.accuse(f"leaf:{row[0]}", "was put in")
                continue
            if row[0] > self.tree.size:
                self._fill(row[0], row[1])
            if leaf == entry:
                self._agree([leaf])
            else:
                self._differ(row[1], leaf, entry)

    def close(self) -> int:
        """After the last leaf: how many places the tree has."""
        while self.head is not None:
            if self.check.signature_fault(self.head):
                self.check.check(self.head, "covers more than is there")
                self.head = next(self.heads, None)
            else:
                self._fill(self.head.size, None)
        self.tree.close()
        self.check.close(self.tree.size, self.last)
        return self.tree.size

    def _agree(self, leaves: list[Pair]) -> None:
        while leaves:
            self._pass_heads()
            part = leaves if self.head is None else leaves[: self.head.size - self.tree.size]
            self.tree.agree(part)
            leaves = leaves[len(part) :]
            self._pass_heads()

    def _differ(self, entry_id: int, leaf: Pair, entry: Pair | None) -> None:
        for orphan, hashes in self._orphans(1):
            if hashes == leaf:
                self.proof.accuse(
                    f"leaf:{self.tree.size}", f"was made to name entry:{entry_id} instead of entry:{orphan}"
                )
                self.proof.explained.add(orphan)
                self._agree([leaf])
                return
        self.tree.differ(Sealed(entry_id, leaf, entry))
        self._pass_heads()

    def _pass_heads(self) -> None:
        while self.head is not None and self.head.size <= self.tree.size:
            head = self.head
            if head.size == self.tree.size and head.size > 0:
                misfit = self.tree.fits((head.sha256, head.sm3), (head.frontier_sha256, head.frontier_sm3))
                self.last = head.size
            else:
                misfit = "covers nothing"
            self.check.check(head, misfit)
            self.head = next(self.heads, None)

    def _fill(self, stop: int, next_entry: int | None) -> None:
        """Leaves are missing up to ``stop``: their entries, if they are there, show what the leaves were."""
        if stop - self.tree.size <= LONGEST_GAP:
            for orphan, hashes in self._orphans(stop - self.tree.size, next_entry):
                self.proof.explained.add(orphan)
                self.tree.differ(Sealed(orphan, None, hashes))
                self._pass_heads()
        if self.tree.size < stop:
            self.tree.lost(range(self.tree.size, stop))
            self._pass_heads()

    def _orphans(self, limit: int, before: int | None = None) -> list[tuple[int, Pair]]:
        """Entries that come after the last place and have no leaf, in order; up to the entry ``before``."""
        place = tuple_(LedgerEntry.transaction_id, LedgerEntry.id)
        query = (
            select(*entry_columns(self.db))
            .outerjoin(LedgerLeaf, LedgerLeaf.entry_id == LedgerEntry.id)
            .where(LedgerLeaf.position.is_(None))
        )
        last = self._place(LedgerLeaf.position < self.tree.size, descending=True)
        if last is not None:
            query = query.where(place > tuple_(literal(last[0]), literal(last[1])))
        end = None if before is None else self._place(LedgerLeaf.entry_id == before, descending=False)
        if end is not None:
            query = query.where(place < tuple_(literal(end[0]), literal(end[1])))
        rows = self.db.execute(query.order_by(LedgerEntry.transaction_id, LedgerEntry.id).limit(limit)).all()
        return [(row[0], leaves_of(bytes_of(*row))) for row in rows]

    def _place(self, where: Any, *, descending: bool) -> Row[*tuple[Any, ...]] | None:
        position = LedgerLeaf.position.desc() if descending else LedgerLeaf.position
        return self.db.execute(
            select(LedgerEntry.transaction_id, LedgerEntry.id)
            .join(LedgerLeaf, LedgerLeaf.entry_id == LedgerEntry.id)
            .where(where)
            .order_by(position)
            .limit(1)
        ).first()
