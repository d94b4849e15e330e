"""Leases: one process at a time does a thing, and an old one cannot come back unnoticed.

``fence`` grows with every new owner; a write that carries an older fence is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import String, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from dutycenter.db.base import Base


class LeaseRow(Base):
    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str] = mapped_column(String(128))
    fence: Mapped[int] = mapped_column(default=1)
    until: Mapped[datetime]


@dataclass(frozen=True)
class Lease:
    name: str
    owner: str
    fence: int


def hold(db: Session, name: str, owner: str, length: timedelta) -> Lease | None:
    """Take or keep a lease, on the wall clock; None while somebody else holds it."""
    now = datetime.now(UTC)
    mine_or_free = or_(LeaseRow.owner == owner, LeaseRow.until < now)
    row = db.scalars(select(LeaseRow).where(LeaseRow.name == name).with_for_update()).first()
    if row is None:
        try:
            with db.begin_nested():
                db.execute(insert(LeaseRow).values(name=name, owner=owner, fence=1, until=now + length))
        except IntegrityError:
            return None
        return Lease(name, owner, 1)
    fence = row.fence if row.owner == owner else row.fence + 1
    taken = db.execute(
        update(LeaseRow)
        .where(LeaseRow.name == name, mine_or_free)
        .values(owner=owner, fence=fence, until=now + length)
        .execution_options(synchronize_session=False)
    )
    return Lease(name, owner, fence) if taken.rowcount == 1 else None  # type: ignore[attr-defined]


def release(db: Session, name: str, owner: str) -> None:
    """Give a lease back, so that the next owner need not wait for its end."""
    db.execute(
        update(LeaseRow)
        .where(LeaseRow.name == name, LeaseRow.owner == owner)
        .values(until=datetime.now(UTC))
        .execution_options(synchronize_session=False)
    )
