"""Recordings, the ledger, and how far back the record goes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from broadcast.models import Broadcast
from dutycenter.calls.models import Call, Recording
from dutycenter.incidents.models import Incident
from dutycenter.ledger.models import LedgerEntry, LedgerHead, LedgerLeaf
from reports.facts import Head, LedgerFacts, RecordingFacts
from reports.period import Span
from reports.queries.base import inside


def recordings(db: Session, span: Span) -> list[RecordingFacts]:
    """Recordings by kind and state; in earnest, in exercises, and foundlings apart."""
    keys = (Recording.kind, Recording.state, Recording.foundling, Recording.exercise)
    query = (
        select(
            *keys,
            func.count(),
            func.coalesce(func.sum(Recording.seconds), 0),
            func.coalesce(func.sum(Recording.bytes), 0),
        )
        .where(inside(Recording.started_at, span))
        .group_by(*keys)
        .order_by(*keys)
    )
    return [
        RecordingFacts(kind, state, foundling, exercise, int(count), float(seconds or 0), int(size or 0))
        for kind, state, foundling, exercise, count, seconds, size in db.execute(query)
    ]


def _own(action: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Entries that reports leave themselves: counted, they would change the next report."""
    return action.startswith("report.")


def last_entry_at(db: Session, span: Span) -> datetime | None:
    """When the ledger last told of something in the month, the reports' own entries left out."""
    query = select(func.max(LedgerEntry.at)).where(inside(LedgerEntry.at, span), ~_own(LedgerEntry.action))
    return db.scalar(query)


def data_end(db: Session, span: Span, now: datetime) -> datetime:
    """Up to when data of the span is told: its end, or its last ledger entry while it runs."""
    return span.end if now >= span.end else last_entry_at(db, span) or span.start


def ledger(db: Session, span: Span) -> LedgerFacts:
    """The month's entries, and the first signed head that covers them all, or else the last there is."""
    wanted = and_(inside(LedgerEntry.at, span), ~_own(LedgerEntry.action))
    entries = db.scalar(select(func.count()).select_from(LedgerEntry).where(wanted)) or 0
    leaf = select(LedgerLeaf.position).join(LedgerEntry, LedgerLeaf.entry_id == LedgerEntry.id).where(wanted)
    positions = leaf.subquery()
    in_tree, last = db.execute(select(func.count(), func.max(positions.c.position)).select_from(positions)).one()
    head = _covering(db, last) if in_tree == entries and last is not None else None
    if head is None:
        known = select(LedgerHead).order_by(LedgerHead.size.desc()).limit(1)
        head = db.scalars(known if entries else known.where(LedgerHead.at < span.end)).first()
    covered = leaf.where(LedgerLeaf.position < (head.size if head else 0)).subquery()
    replay = and_(inside(LedgerEntry.at, span), LedgerEntry.action == "recording.replayed")
    counts = select(
        func.count(), func.count(LedgerEntry.subject.distinct()), func.count(LedgerEntry.actor.distinct())
    ).where(replay)
    replays, replayed, listeners = db.execute(counts).one()
    return LedgerFacts(
        entries=entries,
        sealed=db.scalar(select(func.count()).select_from(covered)) or 0,
        head=_head(head),
        replays=replays,
        replayed=replayed,
        listeners=listeners,
    )


def covering_head(db: Session, entries: Sequence[int]) -> Head | None:
    """The first signed head that covers all of these entries; None while one of them is not sealed."""
    positions: list[int] = []
    for start in range(0, len(entries), 500):
        part = LedgerLeaf.entry_id.in_(entries[start : start + 500])
        positions += db.scalars(select(LedgerLeaf.position).where(part))
    if not positions or len(positions) < len(entries):
        return None
    return _head(_covering(db, max(positions)))


def _covering(db: Session, position: int) -> LedgerHead | None:
    return db.scalars(select(LedgerHead).where(LedgerHead.size > position).order_by(LedgerHead.size).limit(1)).first()


def _head(head: LedgerHead | None) -> Head | None:
    if head is None:
        return None
    return Head(head.size, head.at, head.sha256.hex(), head.sm3.hex(), head.key_id)


def began_at(db: Session) -> datetime | None:
    """The first call, incident or broadcast that the record knows: before it, zero means nothing."""
    firsts = (func.min(Call.arrived_at), func.min(Incident.reported_at), func.min(Broadcast.launched_at))
    known: list[datetime] = [moment for first in firsts if (moment := db.scalar(select(first))) is not None]
    return min(known, default=None)
