"""Sealing: committed entries, in the order in which they settled, under a signed head.

The clerk calls ``seal`` every few seconds. Nothing is remembered between calls:
the last head holds all that the next needs. The head is copied to the anchor
file after its commit; a copy that was missed is made at the next call.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from dutycenter.interfaces import IClock
from dutycenter.ledger.anchors import anchor
from dutycenter.ledger.canonical import instant
from dutycenter.ledger.keys import (
    ROTATED,
    Chain,
    Rotation,
    chain_of,
    first_key,
    key_id,
    later_key,
    rotation_of,
    verifying_key,
)
from dutycenter.ledger.merkle import Complete, Frontier, sha256, sm3, unpack
from dutycenter.ledger.models import ENTRIES, SUBTREES, LedgerEntry, LedgerHead, LedgerLeaf
from dutycenter.ledger.rows import add_leaves, bytes_of, entry_columns, leaves_of
from dutycenter.ledger.services import entries_behind, order_of_entries, settled_entries
from dutycenter.work import Work

BATCH = 5000


def seal(work: Work) -> int:
    """Seal everything that settled since the last head; how many entries that were.

    Raises:
        KeyTrouble: the key that must sign is not there. Nothing is sealed; entries wait.
    """
    sealed = 0
    while True:
        with work.write() as request:
            batch = seal_batch(request.db, request.find_service(IClock), work.settings.ledger_key_file)
        sealed += batch
        if batch < BATCH:
            break
    anchor(work)
    return sealed


def head_bytes(size: int, at: datetime, root_sha256: bytes, root_sm3: bytes) -> bytes:
    """What a head's signature covers."""
    return json.dumps(
        {"at": instant(at), "sha256": root_sha256.hex(), "size": size, "sm3": root_sm3.hex()},
        separators=(",", ":"),
        sort_keys=True,
    ).encode()


def last_head(db: Session) -> LedgerHead | None:
    """The newest head."""
    return db.scalars(select(LedgerHead).order_by(LedgerHead.size.desc()).limit(1)).first()


def sealed_rotations(db: Session) -> list[Rotation]:
    """The entries that name a new key, as they stand in the tree."""
    rows = db.execute(
        select(LedgerLeaf.position, LedgerEntry.data)
        .join(LedgerEntry, LedgerEntry.id == LedgerLeaf.entry_id)
        .where(LedgerEntry.action == ROTATED)
        .order_by(LedgerLeaf.position)
    )
    return [rotation_of(position, data) for position, data in rows]


def seal_batch(db: Session, clock: IClock, key_file: Path) -> int:
    """Seal up to ``BATCH`` entries in the session's transaction; how many that were."""
    head = last_head(db)
    start = head.size if head else 0
    rows = db.execute(unsealed(db, head)).all()
    if not rows:
        return 0
    trees = _frontiers(head)
    hashes = [leaves_of(bytes_of(*row)) for row in rows]
    leaves = ([pair[0] for pair in hashes], [pair[1] for pair in hashes])
    completed = [tree.extend(own) for tree, own in zip(trees, leaves, strict=True)]
    add_leaves(db, [(start + n, row[0], *hashes[n]) for n, row in enumerate(rows)])
    _keep_subtrees(db, *completed)
    new = [rotation_of(start + n, row[5]) for n, row in enumerate(rows) if row[3] == ROTATED]
    db.add(_head(trees, clock.now(), signer_of(db, trees[0].size, key_file, new)))
    return len(rows)


def signer_of(db: Session, size: int, key_file: Path, new: Sequence[Rotation] = ()) -> Ed25519PrivateKey:
    """The private key that signs a head of ``size`` leaves.

    Args:
        new: rotations that are being sealed.

    Raises:
        KeyTrouble: it isn't there.
    """
    rotations = [*sealed_rotations(db), *new]
    if not rotations:
        return first_key(key_file)
    chain: Chain = chain_of(verifying_key(key_file), rotations)
    current = chain.key_for(size)
    return first_key(key_file) if current is chain.keys[0][1] else later_key(key_file, key_id(current))


def _head(trees: tuple[Frontier, Frontier], at: datetime, key: Ed25519PrivateKey) -> LedgerHead:
    roots = (trees[0].root(), trees[1].root())
    return LedgerHead(
        size=trees[0].size,
        at=at,
        sha256=roots[0],
        sm3=roots[1],
        frontier_sha256=trees[0].packed(),
        frontier_sm3=trees[1].packed(),
        key_id=key_id(key.public_key()),
        signature=key.sign(head_bytes(trees[0].size, at, *roots)),
    )


def _keep_subtrees(db: Session, by_sha256: Iterable[Complete], by_sm3: Iterable[Complete]) -> None:
    rows = [
        {"height": one.height, "position": one.position, "sha256": one.root, "sm3": other.root}
        for one, other in zip(by_sha256, by_sm3, strict=True)
    ]
    if rows:
        db.execute(insert(SUBTREES), rows)


def unsealed(db: Session, head: LedgerHead | None) -> Select[Any]:
    """The query for the next batch, behind this head."""
    query = select(*entry_columns(db)).where(settled_entries(db))
    if head is not None:
        query = query.where(entries_behind(db, *sealed_place(db, head.size)))
    return query.order_by(*order_of_entries(db)).limit(BATCH)


def sealed_place(db: Session, size: int) -> tuple[int, int]:
    """Where, in the order of settling, the last of the first ``size`` leaves stands: transaction and entry."""
    row = db.execute(
        select(ENTRIES.c.transaction_id, ENTRIES.c.id)
        .join(LedgerLeaf, LedgerLeaf.entry_id == ENTRIES.c.id)
        .where(LedgerLeaf.position == size - 1)
    ).one()
    return row[0], row[1]


def _frontiers(head: LedgerHead | None) -> tuple[Frontier, Frontier]:
    if head is None:
        return Frontier(sha256), Frontier(sm3)
    return (
        Frontier(sha256, head.size, unpack(head.frontier_sha256)),
        Frontier(sm3, head.size, unpack(head.frontier_sm3)),
    )
