"""Entries of the duty log; both databases refuse to change or remove one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dutycenter.accounts.models import Account
from dutycenter.db.base import Base
from dutycenter.db.guards import guard
from dutycenter.db.sequence import YearSequence


class DutyLogSequence(YearSequence, Base):
    __tablename__ = "duty_log_sequences"


class DutyLogEntry(Base):
    """One entry. What was wrong in it is put right by a later entry that names it."""

    __tablename__ = "duty_log_entries"
    __table_args__ = (UniqueConstraint("year", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int]
    number: Mapped[int]
    at: Mapped[datetime] = mapped_column(index=True)  # when it happened, to the minute
    written_at: Mapped[datetime]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))  # None: the system itself
    author_name: Mapped[str] = mapped_column(String(64))  # as it was then
    text: Mapped[str] = mapped_column(Text)
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("duty_log_entries.id"), index=True)

    author: Mapped[Account | None] = relationship()
    corrects: Mapped[DutyLogEntry | None] = relationship(remote_side="DutyLogEntry.id")


guard(DutyLogEntry.__table__)
