"""The ledger's tables. Rows are never updated or deleted: triggers refuse it."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Table, Text
from sqlalchemy.orm import Mapped, mapped_column

from dutycenter.db.base import Base
from dutycenter.db.guards import guard

BigId = BigInteger().with_variant(Integer, "sqlite")


class LedgerEntry(Base):
    """What happened. ``transaction_id`` lets readers leave out what may still be uncommitted."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        Index("ix_ledger_entries_order", "transaction_id", "id"),
        Index("ix_ledger_entries_subject", "subject", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    transaction_id: Mapped[int] = mapped_column(BigInteger)  # PostgreSQL's; 0 in SQLite
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64), index=True)
    subject: Mapped[str] = mapped_column(String(96))
    data: Mapped[str] = mapped_column(Text)  # canonical JSON


class LedgerLeaf(Base):
    """A sealed entry's place in the Merkle tree."""

    __tablename__ = "ledger_leaves"

    position: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(ForeignKey("ledger_entries.id"), unique=True)
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    sm3: Mapped[bytes] = mapped_column(LargeBinary(32))


class LedgerHead(Base):
    """A signed tree head: from now on the first ``size`` leaves cannot change unnoticed.

    ``frontier_*`` are the roots of the complete subtrees on the right edge, one
    after another: what the next seal starts from, whatever the ledger's size.
    """

    __tablename__ = "ledger_heads"

    size: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    sm3: Mapped[bytes] = mapped_column(LargeBinary(32))
    frontier_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    frontier_sm3: Mapped[bytes] = mapped_column(LargeBinary)
    key_id: Mapped[str] = mapped_column(String(64))
    signature: Mapped[bytes] = mapped_column(LargeBinary(64))


class LedgerSubtree(Base):
    """The root over ``2 ** height`` leaves that will never change again: what makes a proof short work.

    Kept for every 8th height, so one row in 256 leaves.
    """

    __tablename__ = "ledger_subtrees"

    height: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    sm3: Mapped[bytes] = mapped_column(LargeBinary(32))


class LedgerTimestamp(Base):
    """An authority's time stamp (RFC 3161) on a head: it existed no later than then."""

    __tablename__ = "ledger_timestamps"

    id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(ForeignKey("ledger_heads.size"), index=True)
    at: Mapped[datetime]  # the authority's time
    authority: Mapped[str] = mapped_column(String(255))  # its address
    reply: Mapped[bytes] = mapped_column(LargeBinary)  # DER, as received


ENTRIES = cast("Table", LedgerEntry.__table__)
LEAVES = cast("Table", LedgerLeaf.__table__)
SUBTREES = cast("Table", LedgerSubtree.__table__)
GUARDED = (LedgerEntry, LedgerLeaf, LedgerHead, LedgerSubtree, LedgerTimestamp)

for _model in GUARDED:
    guard(_model.__table__)
