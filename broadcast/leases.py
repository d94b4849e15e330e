"""Which dialer works on a broadcast: leases with a fencing number, that end when their owner does.

Each function works in the transaction of the caller.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from broadcast.models import Broadcast
from broadcast.store import LAUNCHED

LEASE = 15.0  # real seconds without a turn after which another dialer may take over


class LeaseLost(Exception):
    """Another dialer works on this broadcast now: write nothing."""


def own_name() -> str:
    """What this process is called in leases."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}"


def gone(owners: list[str]) -> list[str]:
    """Those of the owners that were processes of this host and are no more."""
    host = socket.gethostname()[:40]
    dead = []
    for owner in owners:
        name, _colon, pid = owner.rpartition(":")
        if name == host and pid.isdigit():
            try:
                os.kill(int(pid), 0)
            except ProcessLookupError:
                dead.append(owner)
            except PermissionError:
                continue
    return dead


def take(
    db: Session, owner: str, now: datetime, until: datetime, gone: Collection[str] = (), held: Collection[int] = ()
) -> list[tuple[int, int]]:
    """Take every broadcast under way that nobody holds; ids with their fencing numbers.

    Args:
        gone: owners that are known to have died; theirs are free at once.
        held: broadcasts that this owner works on; others of its own it has lost hold of.
    """
    rows = db.scalars(
        select(Broadcast).where(*_free(owner, now, gone, held)).order_by(Broadcast.id).with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.lease_owner, row.lease_until = owner, until
        row.lease_fence += 1
    return [(row.id, row.lease_fence) for row in rows]


def held_by_others(db: Session, owner: str) -> list[str]:
    """Owners of leases on broadcasts that are under way."""
    return list(
        db.scalars(
            select(Broadcast.lease_owner)
            .where(Broadcast.state.in_(LAUNCHED), Broadcast.finished_at.is_(None), Broadcast.lease_owner != owner)
            .distinct()
        )
    )


def waiting(db: Session, owner: str, now: datetime, gone: Collection[str] = (), held: Collection[int] = ()) -> bool:
    """Is there a broadcast under way that ``take`` would take?"""
    return db.scalar(select(Broadcast.id).where(*_free(owner, now, gone, held)).limit(1)) is not None


def _free(owner: str, now: datetime, gone: Collection[str], held: Collection[int]) -> list[ColumnElement[bool]]:
    lost_hold = and_(Broadcast.lease_owner == owner, Broadcast.id.not_in(held))
    lapsed = or_(Broadcast.lease_until.is_(None), Broadcast.lease_until < now)
    free = or_(lapsed, Broadcast.lease_owner.in_(gone), lost_hold)
    return [Broadcast.state.in_(LAUNCHED), Broadcast.finished_at.is_(None), free]


def hold(db: Session, broadcast_id: int, fence: int, until: datetime) -> Broadcast:
    """The broadcast, locked, its lease renewed.

    Raises:
        LeaseLost: the fencing number is no longer ours.
    """
    broadcast = db.scalar(
        select(Broadcast)
        .where(Broadcast.id == broadcast_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if broadcast is None or broadcast.lease_fence != fence or broadcast.finished_at is not None:
        raise LeaseLost(f"broadcast {broadcast_id} is no longer ours")
    broadcast.lease_until = until
    return broadcast


def release(db: Session, broadcast_id: int, fence: int, now: datetime) -> None:
    """Give the lease back, so that another dialer need not wait for its end."""
    broadcast = db.get(Broadcast, broadcast_id, with_for_update=True)
    if broadcast is not None and broadcast.lease_fence == fence:
        broadcast.lease_until = now
