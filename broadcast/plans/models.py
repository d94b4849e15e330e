"""Plans (预案) with their versions and checks; what followed when people were not reached."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from broadcast.models import Broadcast, Recipient
from dutycenter.accounts.models import Account
from dutycenter.db.base import Base, text_enum
from dutycenter.vocabulary import EscalationKind, KnockResult, PlanLight


class Plan(Base):
    """A plan under its name; what it says stands in its versions."""

    __tablename__ = "plans"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120))  # of the current version, for lists
    version: Mapped[int] = mapped_column(default=0)  # the current one
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    versions: Mapped[list[PlanVersion]] = relationship(back_populates="plan", order_by="PlanVersion.version.desc()")
    check: Mapped[PlanCheck | None] = relationship(back_populates="plan")


class PlanVersion(Base):
    """What a plan says; never changed. ``content`` is ``broadcast.plans.content.Content`` as JSON."""

    __tablename__ = "plan_versions"
    __table_args__ = (UniqueConstraint("plan_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"))
    version: Mapped[int]
    content: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(String(255), default="")  # why it was changed
    restores: Mapped[int | None]  # the version whose content this is again
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))

    plan: Mapped[Plan] = relationship(back_populates="versions")
    created_by: Mapped[Account | None] = relationship()


class PlanCheck(Base):
    """What the latest check of a plan found. ``asked_at`` later than ``checked_at``: a check is wanted now."""

    __tablename__ = "plan_checks"

    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"), primary_key=True)
    version: Mapped[int] = mapped_column(default=0)
    light: Mapped[PlanLight | None] = mapped_column(text_enum(PlanLight))
    findings: Mapped[list[Any]] = mapped_column(default=list)
    people: Mapped[int] = mapped_column(default=0)
    callable: Mapped[int] = mapped_column(default=0)
    asked_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]

    plan: Mapped[Plan] = relationship(back_populates="check")


class Escalation(Base):
    """A step was taken for one person: exactly once, however often it comes due."""

    __tablename__ = "escalations"
    __table_args__ = (UniqueConstraint("recipient_id", "step"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcasts.id"), index=True)
    recipient_id: Mapped[int] = mapped_column(ForeignKey("recipients.id"))
    step: Mapped[int]  # position in the broadcast's steps
    kind: Mapped[EscalationKind] = mapped_column(text_enum(EscalationKind))
    at: Mapped[datetime]
    stand_in_id: Mapped[int | None] = mapped_column(ForeignKey("recipients.id"))  # who is called for it
    ground: Mapped[str] = mapped_column(String(32), default="")  # why nobody could be


class KnockTask(Base):
    """Somebody goes to a person's door: one task for a person in a broadcast."""

    __tablename__ = "knock_tasks"
    __table_args__ = (Index("ix_knock_tasks_open", "broadcast_id", "done_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcasts.id"))
    recipient_id: Mapped[int] = mapped_column(ForeignKey("recipients.id"), unique=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id"))
    unit: Mapped[str] = mapped_column(String(128))  # as it was called then
    address: Mapped[str] = mapped_column(String(255), default="")
    created_at: Mapped[datetime]
    result: Mapped[KnockResult | None] = mapped_column(text_enum(KnockResult))
    note: Mapped[str] = mapped_column(Text, default="")
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    withdrawn_at: Mapped[datetime | None]  # the person was reached meanwhile

    broadcast: Mapped[Broadcast] = relationship()
    recipient: Mapped[Recipient] = relationship()
    done_by: Mapped[Account | None] = relationship()
