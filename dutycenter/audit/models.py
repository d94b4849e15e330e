"""What the audit desk itself keeps: packages asked for, holds, and destructions that two persons agree on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dutycenter.accounts.models import Account
from dutycenter.calls.models import Recording
from dutycenter.db.base import Base, text_enum
from dutycenter.incidents.models import Incident
from dutycenter.vocabulary import ReportState


class EvidenceExport(Base):
    """An evidence package: asked for by a person, made by the clerk."""

    __tablename__ = "evidence_exports"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"), index=True)
    recordings: Mapped[list[Any]]  # ids
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[ReportState] = mapped_column(text_enum(ReportState), index=True)
    fault: Mapped[str] = mapped_column(Text, default="")
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    asked_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    file_name: Mapped[str] = mapped_column(String(128), default="")
    bytes: Mapped[int | None]
    sha256: Mapped[str] = mapped_column(String(64), default="")
    sm3: Mapped[str] = mapped_column(String(64), default="")

    asked_by: Mapped[Account] = relationship()
    incident: Mapped[Incident | None] = relationship()


class EvidenceHold(Base):
    """Nothing of this incident may be destroyed while its hold stands."""

    __tablename__ = "evidence_holds"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    set_by_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    set_at: Mapped[datetime]
    lifted_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    lifted_at: Mapped[datetime | None]
    lifted_why: Mapped[str] = mapped_column(Text, default="")

    incident: Mapped[Incident] = relationship()
    set_by: Mapped[Account] = relationship(foreign_keys=[set_by_id])


class Destruction(Base):
    """Recordings whose time is over: one person proposes, another confirms, the clerk removes."""

    __tablename__ = "destructions"

    id: Mapped[int] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    proposed_at: Mapped[datetime]
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    confirmed_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    proposed_by: Mapped[Account] = relationship(foreign_keys=[proposed_by_id])
    confirmed_by: Mapped[Account | None] = relationship(foreign_keys=[confirmed_by_id])
    items: Mapped[list[DestructionItem]] = relationship(back_populates="destruction")


class DestructionItem(Base):
    __tablename__ = "destruction_items"

    destruction_id: Mapped[int] = mapped_column(ForeignKey("destructions.id"), primary_key=True)
    recording_id: Mapped[int] = mapped_column(ForeignKey("recordings.id"), primary_key=True, index=True)

    destruction: Mapped[Destruction] = relationship(back_populates="items")
    recording: Mapped[Recording] = relationship()
