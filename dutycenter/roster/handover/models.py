"""Handovers and their items, as they were when they were signed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dutycenter.accounts.models import Account
from dutycenter.db.base import Base
from dutycenter.kept_words import read


class Handover(Base):
    """From one officer to the next; written when the first one signs."""

    __tablename__ = "handovers"

    id: Mapped[int] = mapped_column(primary_key=True)
    from_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    to_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    offered_at: Mapped[datetime] = mapped_column(index=True)  # the first signature
    accepted_at: Mapped[datetime | None]  # the second
    withdrawn_at: Mapped[datetime | None]

    giver: Mapped[Account] = relationship(foreign_keys=from_id)
    taker: Mapped[Account] = relationship(foreign_keys=to_id)
    items: Mapped[list[HandoverItem]] = relationship(back_populates="handover", order_by="HandoverItem.id")

    @property
    def is_open(self) -> bool:
        """Does it wait for the second signature?"""
        return self.accepted_at is None and self.withdrawn_at is None


class HandoverItem(Base):
    __tablename__ = "handover_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    handover_id: Mapped[int] = mapped_column(ForeignKey("handovers.id"), index=True)
    subject: Mapped[str] = mapped_column(String(64), default="")
    text: Mapped[str] = mapped_column(Text)  # as it was signed
    words: Mapped[list[Any] | None]  # what the text is a translation of; None where a person wrote it
    path: Mapped[str] = mapped_column(String(255), default="")
    taken_at: Mapped[datetime | None]  # the next officer has read it and takes it on
    remark: Mapped[str] = mapped_column(Text, default="")

    handover: Mapped[Handover] = relationship(back_populates="items")

    def said(self, translate: Callable[..., str], language: str) -> str:
        """What is open, in its reader's language."""
        return read(self.words, self.text, translate, language)
