"""Who is on duty."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dutycenter.accounts.models import Account
from dutycenter.db.base import Base, text_enum
from dutycenter.directory.models import Person
from dutycenter.vocabulary import DayKind, DutyChangeKind, DutyChangeState, ShiftDuty


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
    on_call: Mapped[bool] = mapped_column(default=False)  # 备班: at the telephone, not in the duty room

    shift: Mapped[Shift] = relationship(back_populates="members")
    person: Mapped[Person] = relationship()


class CalendarDay(Base):
    """A day that an administrator entered: it goes before what the published calendar says."""

    __tablename__ = "calendar_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[DayKind] = mapped_column(text_enum(DayKind))
    name: Mapped[str] = mapped_column(String(32), default="")  # 春节


class SensitivePeriod(Base):
    """Days on which more people serve (敏感时期、重要节点); whole days of the duty room's zone, both included."""

    __tablename__ = "sensitive_periods"

    id: Mapped[int] = mapped_column(primary_key=True)
    first: Mapped[date] = mapped_column(index=True)
    last: Mapped[date] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(String(64))
    leaders: Mapped[int] = mapped_column(default=1)  # in the duty room, at every moment
    chiefs: Mapped[int] = mapped_column(default=0)
    officers: Mapped[int] = mapped_column(default=2)


class Rotation(Base):
    """A rotation template; ``pattern`` is ``rotation.Pattern`` as JSON (``pattern.py``)."""

    __tablename__ = "rotations"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    pattern: Mapped[dict[str, Any]]
    removed_at: Mapped[datetime | None]


class RotationRun(Base):
    """A rotation as it was applied to a range of days, with every shift before and after, so that it can be undone."""

    __tablename__ = "rotation_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    rotation_id: Mapped[int] = mapped_column(ForeignKey("rotations.id"), index=True)
    first: Mapped[date]
    last: Mapped[date]
    then: Mapped[list[Any]]  # whose turn it is in each wheel on the day after
    steps: Mapped[list[Any]]
    applied_at: Mapped[datetime] = mapped_column(index=True)
    applied_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    undone_at: Mapped[datetime | None]

    rotation: Mapped[Rotation] = relationship()
    applied_by: Mapped[Account | None] = relationship()


class DutyChange(Base):
    """A request that somebody else serves, and what was said to it."""

    __tablename__ = "duty_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[DutyChangeKind] = mapped_column(text_enum(DutyChangeKind))
    state: Mapped[DutyChangeState] = mapped_column(text_enum(DutyChangeState), index=True)
    shift_id: Mapped[int | None] = mapped_column(ForeignKey("shifts.id"), index=True)  # None: the shift is gone
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)  # who gives it away
    other_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)  # who takes it
    other_shift_id: Mapped[int | None] = mapped_column(ForeignKey("shifts.id"), index=True)  # of a swap
    shift_told: Mapped[str] = mapped_column(String(96))  # as it was when it was asked for
    other_told: Mapped[str] = mapped_column(String(96), default="")
    until: Mapped[datetime]  # the first of the shifts begins
    reason: Mapped[str] = mapped_column(String(200), default="")
    asked_at: Mapped[datetime] = mapped_column(index=True)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    answer_note: Mapped[str] = mapped_column(String(200), default="")  # how somebody said it who was not at a screen
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))

    shift: Mapped[Shift | None] = relationship(foreign_keys=[shift_id])
    other_shift: Mapped[Shift | None] = relationship(foreign_keys=[other_shift_id])
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    other: Mapped[Person] = relationship(foreign_keys=[other_id])
    asked_by: Mapped[Account | None] = relationship(foreign_keys=[asked_by_id])
    answered_by: Mapped[Account | None] = relationship(foreign_keys=[answered_by_id])
    settled_by: Mapped[Account | None] = relationship(foreign_keys=[settled_by_id])
