"""Entries that nobody sealed where everything must be sealed, and moments that run backwards."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, literal, select, tuple_
from sqlalchemy.orm import Session, aliased

from dutycenter.ledger.faults import Proof
from dutycenter.ledger.models import LedgerEntry, LedgerLeaf
from dutycenter.ledger.steps import SET_BACK


def check_order(db: Session, proof: Proof) -> None:
    """Count what waits for the next seal; name what stands among sealed entries without a leaf."""
    place = tuple_(LedgerEntry.transaction_id, LedgerEntry.id)
    last = db.execute(
        select(LedgerEntry.transaction_id, LedgerEntry.id)
        .join(LedgerLeaf, LedgerLeaf.entry_id == LedgerEntry.id)
        .order_by(LedgerLeaf.position.desc())
        .limit(1)
    ).first()
    count = select(func.count()).select_from(LedgerEntry)
    if last is None:
        proof.unsealed = db.scalar(count) or 0
        return
    if db.get_bind().dialect.name == "sqlite":
        # There the ids alone are the order; with another number a row would leave its place in it.
        for misplaced in db.scalars(select(LedgerEntry.id).where(LedgerEntry.transaction_id != 0)):
            proof.accuse(f"entry:{misplaced}", "was given another place in the order")
    behind = place > tuple_(literal(last[0]), literal(last[1]))
    proof.unsealed = db.scalar(count.where(behind)) or 0
    sealed = db.scalar(select(func.count()).select_from(LedgerLeaf).join(LedgerEntry)) or 0
    if (db.scalar(count) or 0) == proof.unsealed + sealed:
        return
    put_in = (
        select(LedgerEntry.id, LedgerEntry.action)
        .outerjoin(LedgerLeaf, LedgerLeaf.entry_id == LedgerEntry.id)
        .where(~behind, LedgerLeaf.position.is_(None))
        .order_by(LedgerEntry.id)
    )
    for entry_id, action in db.execute(put_in):
        if entry_id not in proof.explained:
            proof.accuse(f"entry:{entry_id}", f"stands among sealed entries but was never sealed ({action})")


def check_clock(db: Session, slack: timedelta, proof: Proof) -> None:
    """Name entries before which the clock was set back: by their own moments, or because the product says so.

    Ids are given as rows are written. Within a transaction moments never run back; in SQLite, which lets one writer in
    at a time, not between transactions either. Between those of PostgreSQL they may run back by as much as ``slack``,
    whatever the order of commits.
    """
    if db.get_bind().dialect.name == "sqlite":
        _check_moments(db, timedelta(), proof)
    else:
        _check_moments(db, timedelta(), proof, within_transactions=True)
        _check_moments(db, slack, proof)
    accused = proof.accused
    told = select(LedgerEntry.id, LedgerEntry.data).where(LedgerEntry.action == SET_BACK).order_by(LedgerEntry.id)
    for entry_id, data in db.execute(told):
        if f"entry:{entry_id}" not in accused:
            proof.accuse(f"entry:{entry_id}", f"tells that the system's clock was set back just before it: {data}")


def _check_moments(db: Session, slack: timedelta, proof: Proof, *, within_transactions: bool = False) -> None:
    earlier = aliased(LedgerEntry)
    before = earlier.id < LedgerEntry.id
    if within_transactions:
        before &= earlier.transaction_id == LedgerEntry.transaction_id
    # One step in an index for each entry: a window over them all takes four times as long.
    last_at = select(earlier.at).where(before).order_by(earlier.id.desc()).limit(1).scalar_subquery()
    last_id = select(earlier.id).where(before).order_by(earlier.id.desc()).limit(1).scalar_subquery()
    back = select(LedgerEntry.id, LedgerEntry.at, last_id, last_at).where(LedgerEntry.at < last_at)
    accused = proof.accused
    for entry_id, at, earlier_id, earlier_at in db.execute(back.order_by(LedgerEntry.id)):
        # A moment that somebody rewrote is named already, and its neighbours are not to blame.
        if earlier_at - at > slack and not accused & {f"entry:{entry_id}", f"entry:{earlier_id}"}:
            proof.accuse(
                f"entry:{entry_id}", f"is {earlier_at - at} older than the entry before it: the clock was set back"
            )
