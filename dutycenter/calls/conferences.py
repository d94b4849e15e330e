"""Rooms that people join by key and desks by a click: who is in, and what the officer does about it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from dutycenter.calls.models import Conference


def open_room(db: Session, subject: str) -> Conference | None:
    """The room that is open for this subject (``broadcast:12``)."""
    return db.scalars(
        select(Conference)
        .where(Conference.subject == subject, Conference.closed_at.is_(None))
        .order_by(Conference.id.desc())
        .limit(1)
    ).first()
