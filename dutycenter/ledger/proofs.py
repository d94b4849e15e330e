"""Proof of one entry, small enough to travel: its place, the path to a signed head, and the head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from dutycenter.ledger.merkle import consistency_proof, inclusion_proof
from dutycenter.ledger.models import LedgerEntry, LedgerLeaf
from dutycenter.ledger.rows import bytes_of, entry_columns
from dutycenter.ledger.subtrees import Subtrees


@dataclass(frozen=True)
class EntryProof:
    """An entry and the paths that lead from it to the roots of a tree of ``size``."""

    position: int
    size: int
    entry: bytes
    sha256: Sequence[bytes]
    sm3: Sequence[bytes]


def prove_entry(db: Session, entry_id: int, size: int, tree: Subtrees | None = None) -> EntryProof:
    """The proof of an entry under the head of ``size``.

    Args:
        tree: shared between several proofs, so that neighbours are read once.

    Raises:
        LookupError: the entry isn't sealed under this head.
    """
    query = select(LedgerLeaf.position, *entry_columns(db)).join(LedgerEntry, LedgerEntry.id == LedgerLeaf.entry_id)
    row = db.execute(query.where(LedgerLeaf.entry_id == entry_id)).first()
    if row is None or row[0] >= size:
        raise LookupError(f"entry {entry_id} is not sealed yet")
    tree = tree or Subtrees(db)
    return EntryProof(
        position=row[0],
        size=size,
        entry=bytes_of(*row[1:]),
        sha256=inclusion_proof(tree.sha256, row[0], size),
        sm3=inclusion_proof(tree.sm3, row[0], size),
    )


def prove_growth(db: Session, first: int, second: int) -> tuple[list[bytes], list[bytes]]:
    """That the head of ``second`` leaves only added to the one of ``first``: under SHA-256, under SM3.

    Raises:
        IndexError: ``first`` isn't between 1 and ``second``.
    """
    tree = Subtrees(db)
    return consistency_proof(tree.sha256, first, second), consistency_proof(tree.sm3, first, second)
