"""Incidents that belong together without being one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from dutycenter.db.base import Base


class IncidentRelation(Base):
    """Two incidents that are linked; the earlier one first, so that a pair is there once."""

    __tablename__ = "incident_relations"
    __table_args__ = (CheckConstraint("incident_id < other_id", name="earlier_first"),)

    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), primary_key=True, index=True)
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
