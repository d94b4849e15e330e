"""The papers that were made."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dutycenter.db.base import Base, text_enum
from dutycenter.vocabulary import ReportKind, ReportState


class Report(Base):
    """One paper for one period; the clerk makes what waits."""

    __tablename__ = "reports"
    __table_args__ = (UniqueConstraint("kind", "period"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ReportKind] = mapped_column(text_enum(ReportKind))
    period: Mapped[date] = mapped_column(Date)  # its first day, in the duty room's zone
    state: Mapped[ReportState] = mapped_column(text_enum(ReportState))
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    asked_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]  # a clerk works on it since; after a while another may take over
    tries: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime | None]
    file_name: Mapped[str] = mapped_column(String(255), default="")
    bytes: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str] = mapped_column(Text, default="")
