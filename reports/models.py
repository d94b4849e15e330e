"""The papers that were made, and the letters that carried them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dutycenter.db.base import Base, text_enum
from dutycenter.vocabulary import LetterState, ReportKind, ReportState


class Report(Base):
    """One paper about one thing in one language; the clerk makes what waits."""

    __tablename__ = "reports"
    __table_args__ = (UniqueConstraint("kind", "about", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ReportKind] = mapped_column(text_enum(ReportKind))
    about: Mapped[str] = mapped_column(String(64))  # a period (``reports.period``), a week's Monday, or an id
    language: Mapped[str] = mapped_column(String(8))
    state: Mapped[ReportState] = mapped_column(text_enum(ReportState))
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))  # None: the calendar
    asked_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]  # a clerk works on it since; after a while another may take over
    tries: Mapped[int] = mapped_column(default=0)
    stage: Mapped[str] = mapped_column(String(32), default="")  # of ``reports.progress.STAGES``: what is being done
    percent: Mapped[int] = mapped_column(default=0)  # how far it is
    made_at: Mapped[datetime | None]
    file_name: Mapped[str] = mapped_column(String(255), default="")
    bytes: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    sheet_name: Mapped[str] = mapped_column(String(255), default="")  # the same tables as a spreadsheet
    sheet_sha256: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str] = mapped_column(Text, default="")

    letters: Mapped[list[ReportLetter]] = relationship(back_populates="report", order_by="ReportLetter.id")


class ReportLetter(Base):
    """One paper to one address. Committed as ``sending`` before the relay hears of it."""

    __tablename__ = "report_letters"
    __table_args__ = (UniqueConstraint("report_id", "sha256", "address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64))  # of the paper that it carries
    file_name: Mapped[str] = mapped_column(String(255))
    address: Mapped[str] = mapped_column(String(255))
    state: Mapped[LetterState] = mapped_column(text_enum(LetterState), index=True)
    message_id: Mapped[str] = mapped_column(String(255))  # the same at every try: a repeat is recognisable
    tries: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    detail: Mapped[str] = mapped_column(Text, default="")  # the relay's word

    report: Mapped[Report] = relationship(back_populates="letters")
