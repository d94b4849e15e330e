"""Files that came with a report: the row tells what a file is, the store keeps it by content."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dutycenter.accounts.models import Account
from dutycenter.db.base import Base

UNTRIED = "thumbnail IS NULL"


class Attachment(Base):
    """One file of a form, of an incident, or of both once the form is one. Removed ones stay, and say so."""

    __tablename__ = "attachments"
    __table_args__ = (
        Index("ix_attachments_untried", "id", postgresql_where=text(UNTRIED), sqlite_where=text(UNTRIED)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    intake_id: Mapped[int | None] = mapped_column(ForeignKey("intakes.id"), index=True)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"), index=True)
    name: Mapped[str] = mapped_column(String(255))  # as its sender called it: text, never a path
    kind: Mapped[str] = mapped_column(String(16))  # ``kinds.KINDS``, read from its content
    bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    sm3: Mapped[str] = mapped_column(String(64))
    added_at: Mapped[datetime]
    added_by_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    removed_at: Mapped[datetime | None]
    thumbnail: Mapped[bool | None]  # is there a small picture of it? None: nobody has tried to make one

    added_by: Mapped[Account] = relationship()
