"""Proving the ledger: every entry hashed again, every head and its copy held against the tree.

Memory is bounded: entries and leaves stream by in order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dutycenter.ledger.keys import is_signed, key_id
from dutycenter.ledger.merkle import Frontier, sha256, sm3
from dutycenter.ledger.models import LedgerEntry, LedgerHead, LedgerLeaf
from dutycenter.ledger.sealer import entry_hashes, head_bytes

CHUNK = 2000


@dataclass(frozen=True)
class Fault:
    """One thing that is not as it was: what, and what is wrong with it."""

    subject: str
    what: str


@dataclass
class Proof:
    """What was checked, and what failed."""

    entries: int = 0
    heads: int = 0
    anchored: int = 0
    unsealed: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.faults

    def accuse(self, subject: str, what: str) -> None:
        self.faults.append(Fault(subject, what))


def prove(db: Session, key: Ed25519PublicKey, anchor_file: Path | None) -> Proof:
    """Check every entry, leaf and head, and the anchored copies of the heads.

    Args:
        db: a session that only reads.
        key: the public key that heads must be signed with.
        anchor_file: the copies that lie elsewhere; None when there are none to hold it against.
    """
    proof = Proof()
    anchored = _read_anchors(anchor_file, proof) if anchor_file else {}
    trees = (Frontier(sha256), Frontier(sm3))
    heads = iter(db.scalars(select(LedgerHead).order_by(LedgerHead.size).execution_options(yield_per=CHUNK)))
    head = next(heads, None)
    last_at = None
    for leaf, entry in _leaves(db):
        if leaf.position != proof.entries:
            proof.accuse(f"leaf:{proof.entries}", f"is missing; the next one is {leaf.position}")
            break
        _check_leaf(proof, leaf, entry)
        proof.entries += 1
        for tree, stored in zip(trees, (leaf.sha256, leaf.sm3), strict=True):
            tree.add(stored)
        while head is not None and head.size == proof.entries:
            _check_head(proof, head, trees, key, anchored.pop(head.size, None), bool(anchor_file))
            if last_at is not None and head.at < last_at:
                proof.accuse(f"head:{head.size}", "is older than the head before it: the clock went back")
            last_at = head.at
            head = next(heads, None)
    if head is not None:
        proof.accuse(f"head:{head.size}", f"covers {head.size} entries, but only {proof.entries} are there")
    for size in sorted(anchored):
        proof.accuse(f"head:{size}", "was anchored, but the ledger has no such head: its end was cut off or rewritten")
    _check_tail(db, proof)
    return proof


def _leaves(db: Session) -> Iterator[tuple[LedgerLeaf, LedgerEntry | None]]:
    query = (
        select(LedgerLeaf, LedgerEntry)
        .outerjoin(LedgerEntry, LedgerEntry.id == LedgerLeaf.entry_id)
        .order_by(LedgerLeaf.position)
        .execution_options(yield_per=CHUNK)
    )
    for row in db.execute(query):
        yield row[0], row[1]
        db.expunge(row[0])
        if row[1] is not None:
            db.expunge(row[1])


def _check_leaf(proof: Proof, leaf: LedgerLeaf, entry: LedgerEntry | None) -> None:
    if entry is None:
        proof.accuse(f"entry:{leaf.entry_id}", "was removed after it was sealed")
    elif entry_hashes(entry) != (leaf.sha256, leaf.sm3):
        proof.accuse(f"entry:{entry.id}", f"was changed after it was sealed ({entry.action} {entry.subject})")


def _check_head(
    proof: Proof,
    head: LedgerHead,
    trees: tuple[Frontier, Frontier],
    key: Ed25519PublicKey,
    copy: dict[str, object] | None,
    must_be_anchored: bool,
) -> None:
    subject = f"head:{head.size}"
    proof.heads += 1
    if (trees[0].root(), trees[1].root()) != (head.sha256, head.sm3):
        proof.accuse(subject, "doesn't fit the leaves below it: a leaf was changed, put in or taken out")
    if (trees[0].packed(), trees[1].packed()) != (head.frontier_sha256, head.frontier_sm3):
        proof.accuse(subject, "holds another frontier than its leaves make")
    if head.key_id != key_id(key):
        proof.accuse(subject, f"is signed with another key ({head.key_id})")
    elif not is_signed(key, head.signature, head_bytes(head.size, head.at, head.sha256, head.sm3)):
        proof.accuse(subject, "its signature is wrong")
    if copy is not None:
        proof.anchored += 1
        if (copy.get("sha256"), copy.get("sm3")) != (head.sha256.hex(), head.sm3.hex()):
            proof.accuse(subject, "differs from its anchored copy: the ledger was rewritten")
    elif must_be_anchored:
        proof.accuse(subject, "has no anchored copy")


def _read_anchors(place: Path, proof: Proof) -> dict[int, dict[str, object]]:
    if not place.exists():
        return {}
    copies: dict[int, dict[str, object]] = {}
    for number, line in enumerate(place.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            copy = json.loads(line)
            size = int(copy["size"])
        except (ValueError, KeyError, TypeError):
            proof.accuse(f"anchor line {number}", "cannot be read")
            continue
        if size in copies and copies[size] != copy:
            proof.accuse(f"anchor line {number}", f"contradicts an earlier copy of head:{size}")
        copies.setdefault(size, copy)
    return copies


def _check_tail(db: Session, proof: Proof) -> None:
    sealed = select(LedgerLeaf.entry_id)
    proof.unsealed = db.scalar(select(func.count()).where(LedgerEntry.id.not_in(sealed))) or 0
    # On SQLite ids settle in order; on PostgreSQL an entry of the last batch may have overtaken others.
    late = select(LedgerEntry.id, LedgerEntry.at, LedgerEntry.action).where(
        LedgerEntry.id.not_in(sealed), LedgerEntry.id < _last_sealed_id(db)
    )
    for entry_id, at, action in db.execute(late):
        proof.accuse(
            f"entry:{entry_id}", f"stands among sealed entries but was never sealed ({action}, {at.isoformat()})"
        )


def _last_sealed_id(db: Session) -> int:
    """The id below which every entry must be sealed: the smallest of the last head's own batch."""
    sizes = list(db.scalars(select(LedgerHead.size).order_by(LedgerHead.size.desc()).limit(2)))
    if not sizes:
        return 0
    start = sizes[1] if len(sizes) > 1 else 0
    first = db.scalar(select(func.min(LedgerLeaf.entry_id)).where(LedgerLeaf.position >= start))
    return first or 0
