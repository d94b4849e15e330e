"""Prompts that somebody spoke: uploads that take the voice's place."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from dutycenter.db.base import Base


class PromptUpload(Base):
    """An uploaded prompt. A newer one, or taking it back, ends it; rows and files stay."""

    __tablename__ = "prompt_uploads"
    __table_args__ = (Index("ix_prompt_uploads_prompt", "prompt", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    prompt: Mapped[str] = mapped_column(String(128))  # id in the catalogue
    language: Mapped[str] = mapped_column(String(8))
    sha256: Mapped[str] = mapped_column(String(64))  # of the file as it is played
    file_name: Mapped[str] = mapped_column(String(128))  # below uploads.dir
    seconds: Mapped[float]
    uploaded_at: Mapped[datetime]
    uploaded_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    ended_at: Mapped[datetime | None]
