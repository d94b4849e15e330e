"""Who is where: seen now, of no interest afterwards, and so in no ledger."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from dutycenter.db.base import Base


class Presence(Base):
    """One browser tab at one place, such as ``intake:12``, and what it has under the cursor there."""

    __tablename__ = "presences"

    place: Mapped[str] = mapped_column(String(64), primary_key=True)
    tab: Mapped[str] = mapped_column(String(36), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    spot: Mapped[str] = mapped_column(String(32), default="")
    seen_at: Mapped[datetime] = mapped_column(index=True)
