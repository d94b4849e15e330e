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


@dataclass(frozen=True)
class Growth:
    """That a tree of so many leaves began with the first ``size`` of them: their roots, and the paths from both."""

    size: int
    root_sha256: bytes
    root_sm3: bytes
    sha256: Sequence[bytes]
    sm3: Sequence[bytes]


def prove_growth(db: Session, first: int, second: int, tree: Subtrees | None = None) -> Growth:
    """That the head of ``second`` leaves only added to the one of ``first``.

    Args:
        tree: shared between several proofs, so that neighbours are read once.

    Raises:
        IndexError: ``first`` isn't between 1 and ``second``.
    """
    tree = tree or Subtrees(db)
    sha256, sm3 = tree.root(0, first)
    return Growth(
        first, sha256, sm3, consistency_proof(tree.sha256, first, second), consistency_proof(tree.sm3, first, second)
    )
