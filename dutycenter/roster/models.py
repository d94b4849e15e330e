"""Who is on duty."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dutycenter.db.base import Base, text_enum
from dutycenter.directory.models import Person
from dutycenter.vocabulary import ShiftDuty


class Shift(Base):
    __tablename__ = "shifts"

    id: Mapped[int] = mapped_column(primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(String(32), default="")  # 白班, 夜班

    members: Mapped[list[ShiftMember]] = relationship(
        back_populates="shift", order_by="ShiftMember.id", cascade="all, delete-orphan"
    )


class ShiftMember(Base):
    __tablename__ = "shift_members"

    id: Mapped[int] = mapped_column(primary_key=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("shifts.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    duty: Mapped[ShiftDuty] = mapped_column(text_enum(ShiftDuty))

    shift: Mapped[Shift] = relationship(back_populates="members")
    person: Mapped[Person] = relationship()
