"""Sealing: committed entries, in the order in which they settled, under a signed head.

The clerk calls ``seal`` every few seconds. Nothing is remembered between calls:
the last head holds all that the next needs. The head is copied to the anchor
file after its commit; a copy that was missed is made at the next call.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import literal, select, tuple_
from sqlalchemy.orm import Session

from dutycenter.interfaces import IClock
from dutycenter.ledger.canonical import entry_bytes, instant
from dutycenter.ledger.keys import key_id, signing_key
from dutycenter.ledger.merkle import Frontier, leaf_hash, sha256, sm3, unpack
from dutycenter.ledger.models import LedgerEntry, LedgerHead, LedgerLeaf
from dutycenter.ledger.services import settled_entries
from dutycenter.work import Work

log = logging.getLogger(__name__)

BATCH = 5000


def seal(work: Work) -> int:
    """Seal everything that settled since the last head; how many entries that were."""
    sealed = 0
    while True:
        with work.write() as request:
            batch = _seal_batch(request.db, request.find_service(IClock), work.settings.ledger_key_file)
        sealed += batch
        if batch < BATCH:
            break
    anchor(work)
    return sealed


def entry_hashes(entry: LedgerEntry) -> tuple[bytes, bytes]:
    """An entry's leaf under SHA-256 and SM3."""
    written = entry_bytes(entry.id, entry.at, entry.actor, entry.action, entry.subject, entry.data)
    return leaf_hash(sha256, written), leaf_hash(sm3, written)


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


def _seal_batch(db: Session, clock: IClock, key_file: Path) -> int:
    head = last_head(db)
    entries = _unsealed(db, head)
    if not entries:
        return 0
    trees = _frontiers(head)
    for position, entry in enumerate(entries, start=head.size if head else 0):
        hashes = entry_hashes(entry)
        db.add(LedgerLeaf(position=position, entry_id=entry.id, sha256=hashes[0], sm3=hashes[1]))
        for tree, leaf in zip(trees, hashes, strict=True):
            tree.add(leaf)
    key, now = signing_key(key_file), clock.now()
    roots = [tree.root() for tree in trees]
    db.add(
        LedgerHead(
            size=trees[0].size,
            at=now,
            sha256=roots[0],
            sm3=roots[1],
            frontier_sha256=trees[0].packed(),
            frontier_sm3=trees[1].packed(),
            key_id=key_id(key.public_key()),
            signature=key.sign(head_bytes(trees[0].size, now, *roots)),
        )
    )
    return len(entries)


def _unsealed(db: Session, head: LedgerHead | None) -> Sequence[LedgerEntry]:
    query = select(LedgerEntry).where(settled_entries(db))
    if head is not None:
        last = db.execute(
            select(LedgerEntry.transaction_id, LedgerEntry.id)
            .join(LedgerLeaf, LedgerLeaf.entry_id == LedgerEntry.id)
            .where(LedgerLeaf.position == head.size - 1)
        ).one()
        query = query.where(
            tuple_(LedgerEntry.transaction_id, LedgerEntry.id) > tuple_(literal(last[0]), literal(last[1]))
        )
    return db.scalars(query.order_by(LedgerEntry.transaction_id, LedgerEntry.id).limit(BATCH)).all()


def _frontiers(head: LedgerHead | None) -> tuple[Frontier, Frontier]:
    if head is None:
        return Frontier(sha256), Frontier(sm3)
    return (
        Frontier(sha256, head.size, unpack(head.frontier_sha256)),
        Frontier(sm3, head.size, unpack(head.frontier_sm3)),
    )


def anchor(work: Work) -> None:
    """Copy heads that the anchor file doesn't have yet to its end.

    A disk that refuses is logged and tried again: the record goes on without it.
    """
    place = work.settings.ledger_anchor_file
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        anchored = last_anchored(place)
        with work.read() as request:
            heads = request.db.scalars(
                select(LedgerHead).where(LedgerHead.size > anchored).order_by(LedgerHead.size)
            ).all()
        if not heads:
            return
        with place.open("a", encoding="utf-8") as file:
            if _broke_off(place):
                file.write("\n")
            for head in heads:
                file.write(anchor_line(head) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        log.error("The ledger's heads could not be copied to %s: %s. Trying again.", place, error)


def _broke_off(place: Path) -> bool:
    with place.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def anchor_line(head: LedgerHead) -> str:
    """A head as one line of the anchor file."""
    return json.dumps(
        {
            "at": instant(head.at),
            "key_id": head.key_id,
            "sha256": head.sha256.hex(),
            "signature": head.signature.hex(),
            "size": head.size,
            "sm3": head.sm3.hex(),
        },
        sort_keys=True,
    )


def last_anchored(place: Path) -> int:
    """The size of the last head in the anchor file; a line that broke off counts as none."""
    if not place.exists():
        return 0
    with place.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 4096))
        lines = file.read().splitlines()
    for line in reversed(lines):
        try:
            return int(json.loads(line)["size"])
        except (ValueError, KeyError):
            continue
    return 0
