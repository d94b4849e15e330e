"""Instructions of leaders on an incident (批示), and their following up (督办)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dutycenter.accounts.models import Account
from dutycenter.db.base import Base
from dutycenter.db.grams import gram_index
from dutycenter.incidents.models import Incident


class Instruction(Base):
    """A leader's order: who must do what, by when."""

    __tablename__ = "instructions"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), index=True)
    leader: Mapped[str] = mapped_column(String(64))  # who gave it
    text: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(String(128))  # who must act: a department or a person
    given_at: Mapped[datetime]
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))  # who took it down
    written_at: Mapped[datetime]
    warned_at: Mapped[datetime | None]  # said once that it is near
    overdue_at: Mapped[datetime | None]  # said once that it is over
    done_at: Mapped[datetime | None] = mapped_column(index=True)
    done_note: Mapped[str] = mapped_column(Text, default="")
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))

    incident: Mapped[Incident] = relationship()
    account: Mapped[Account] = relationship(foreign_keys=[account_id])
    done_by: Mapped[Account | None] = relationship(foreign_keys=[done_by_id])
    reminders: Mapped[list[InstructionReminder]] = relationship(order_by="InstructionReminder.id")


INSTRUCTION_TEXTS = (Instruction.text, Instruction.owner, Instruction.leader, Instruction.done_note)
"""What is looked for in it by its words."""
gram_index("ix_instructions_texts", INSTRUCTION_TEXTS)


class InstructionReminder(Base):
    """Whoever must act was reminded (催办), and what they said."""

    __tablename__ = "instruction_reminders"

    id: Mapped[int] = mapped_column(primary_key=True)
    instruction_id: Mapped[int] = mapped_column(ForeignKey("instructions.id"), index=True)
    at: Mapped[datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    text: Mapped[str] = mapped_column(Text)

    account: Mapped[Account] = relationship()
