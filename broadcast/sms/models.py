"""Text messages, each a row before it is sent, and the texts that come back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from broadcast.models import Recipient
from dutycenter.db.base import Base, text_enum
from dutycenter.vocabulary import SmsMeaning, SmsState

NOTICE = "notice"


class TextMessage(Base):
    """One text message to a recipient. Committed before the gateway is told; ``reference`` is its name there."""

    __tablename__ = "text_messages"
    __table_args__ = (
        UniqueConstraint("recipient_id", "occasion"),
        Index("ix_text_messages_state", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(36), unique=True)
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcasts.id"), index=True)
    recipient_id: Mapped[int] = mapped_column(ForeignKey("recipients.id"))
    occasion: Mapped[str] = mapped_column(String(32), default=NOTICE)  # a recipient gets one text for each
    number: Mapped[str] = mapped_column(String(32), index=True)
    text: Mapped[str] = mapped_column(Text)
    parts: Mapped[int]  # as they are billed
    state: Mapped[SmsState] = mapped_column(text_enum(SmsState), default=SmsState.WRITTEN)
    gateway: Mapped[str] = mapped_column(String(64), default="")
    refusals: Mapped[int] = mapped_column(default=0)  # times that a gateway surely did not take it
    detail: Mapped[str] = mapped_column(String(255), default="")  # the gateway's or the network's word
    written_at: Mapped[datetime]
    sending_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]

    recipient: Mapped[Recipient] = relationship()


class TextReply(Base):
    """A text that came in. ``gateway_id`` is the gateway's name for it: the same one twice is one."""

    __tablename__ = "text_replies"

    id: Mapped[int] = mapped_column(primary_key=True)
    gateway_id: Mapped[str] = mapped_column(String(64), unique=True)
    number: Mapped[str] = mapped_column(String(64), index=True)
    text: Mapped[str] = mapped_column(Text)
    meaning: Mapped[SmsMeaning] = mapped_column(text_enum(SmsMeaning))
    received_at: Mapped[datetime] = mapped_column(index=True)
    recipient_id: Mapped[int | None] = mapped_column(
        ForeignKey("recipients.id"), index=True
    )  # None: nobody we wrote to

    recipient: Mapped[Recipient | None] = relationship()
