"""Incidents: what is known, when it must be reported, and everything that happened."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dutycenter.accounts.models import Account
from dutycenter.calls.models import Call
from dutycenter.db.base import Base, text_enum
from dutycenter.db.grams import gram_index
from dutycenter.db.sequence import YearSequence
from dutycenter.directory.models import District
from dutycenter.vocabulary import IncidentClass, IncidentStatus, Level, SourceChannel

YEAR_DIGITS = 4
MOST_DIGITS = 9


class IncidentSequence(YearSequence, Base):
    __tablename__ = "incident_sequences"


class Intake(Base):
    """A form being filled in beside a call, kept as it is typed; no number yet."""

    __tablename__ = "intakes"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id"), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    fields: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    saved_at: Mapped[datetime]
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"))

    call: Mapped[Call | None] = relationship()


class Incident(Base):
    """An emergency (突发事件). Everything but number and creation may be unknown yet."""

    __tablename__ = "incidents"
    __table_args__ = (UniqueConstraint("year", "sequence"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int]
    sequence: Mapped[int]
    title: Mapped[str] = mapped_column(String(255), default="")
    incident_class: Mapped[IncidentClass | None] = mapped_column(text_enum(IncidentClass))
    subtype: Mapped[str] = mapped_column(String(16), default="")  # GB/T 35561 style code
    level: Mapped[Level | None] = mapped_column(text_enum(Level))
    status: Mapped[IncidentStatus] = mapped_column(text_enum(IncidentStatus), index=True)
    channel: Mapped[SourceChannel] = mapped_column(text_enum(SourceChannel))
    exercise: Mapped[bool] = mapped_column(default=False)
    occurred_at: Mapped[datetime | None]
    district_id: Mapped[int | None] = mapped_column(ForeignKey("districts.id"))
    place: Mapped[str] = mapped_column(String(255), default="")
    course: Mapped[str] = mapped_column(Text, default="")  # 经过
    cause: Mapped[str] = mapped_column(Text, default="")
    measures: Mapped[str] = mapped_column(Text, default="")
    trend: Mapped[str] = mapped_column(Text, default="")
    losses: Mapped[str] = mapped_column(Text, default="")
    already_told: Mapped[str] = mapped_column(Text, default="")
    request: Mapped[str] = mapped_column(Text, default="")  # 诉求
    scene_contact: Mapped[str] = mapped_column(String(128), default="")
    scene_number: Mapped[str] = mapped_column(String(32), default="")
    reporter_unit: Mapped[str] = mapped_column(String(128), default="")
    reporter_name: Mapped[str] = mapped_column(String(64), default="")
    reporter_post: Mapped[str] = mapped_column(String(64), default="")
    reporter_number: Mapped[str] = mapped_column(String(64), default="", index=True)
    dead: Mapped[int | None]
    injured: Mapped[int | None]
    missing: Mapped[int | None]
    trapped: Mapped[int | None]
    evacuated: Mapped[int | None]
    reported_at: Mapped[datetime] = mapped_column(index=True)  # when it reached the duty room
    created_at: Mapped[datetime] = mapped_column(index=True)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    created_by: Mapped[Account | None] = relationship()
    district: Mapped[District | None] = relationship()
    calls: Mapped[list[Call]] = relationship(secondary="incident_calls", order_by="Call.id")
    entries: Mapped[list[IncidentEntry]] = relationship(order_by="IncidentEntry.id", back_populates="incident")
    deadlines: Mapped[list[Deadline]] = relationship(order_by="Deadline.due_at", back_populates="incident")

    __mapper_args__ = {"version_id_col": version}

    @property
    def number(self) -> str:
        """The number as people say it: 2026-0001."""
        return f"{self.year}-{self.sequence:04d}"


class IncidentCall(Base):
    __tablename__ = "incident_calls"

    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"), primary_key=True, index=True)


class IncidentEntry(Base):
    """One line of the timeline; append-only, corrections are new lines."""

    __tablename__ = "incident_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(32))  # created, edited, note, call, broadcast, report, closed
    text: Mapped[str] = mapped_column(Text, default="")
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    actor: Mapped[str] = mapped_column(String(64))

    incident: Mapped[Incident] = relationship(back_populates="entries")


class DeadlineRule(Base):
    """A reporting deadline as a region's regulation sets it: editable sample data.

    A rule that clocks come from is never rewritten: a change makes a new row and retires this one.
    """

    __tablename__ = "deadline_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int | None] = mapped_column(ForeignKey("districts.id"))  # and all within it; None: anywhere
    incident_class: Mapped[IncidentClass | None] = mapped_column(text_enum(IncidentClass))  # None: any
    level: Mapped[Level | None] = mapped_column(text_enum(Level))  # None: any, or not graded yet
    channel: Mapped[SourceChannel | None] = mapped_column(text_enum(SourceChannel))  # how it came in; None: any
    report: Mapped[str] = mapped_column(String(32))  # phone, written, follow_up
    minutes: Mapped[int]  # after the report reached the duty room; 0 of a daily one
    daily: Mapped[str] = mapped_column(String(64), default="")  # hours of a follow-up: ``08:00,17:00``
    citation: Mapped[str] = mapped_column(String(255))
    enabled: Mapped[bool] = mapped_column(default=True)
    retired_at: Mapped[datetime | None]  # replaced by another, or taken away
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("deadline_rules.id"))

    district: Mapped[District | None] = relationship()


class Deadline(Base):
    __tablename__ = "deadlines"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), index=True)
    rule_id: Mapped[int | None] = mapped_column(ForeignKey("deadline_rules.id"))
    report: Mapped[str] = mapped_column(String(32))
    begins_at: Mapped[datetime | None]  # when its clock begins; None: when the report reached the duty room
    due_at: Mapped[datetime] = mapped_column(index=True)
    met_at: Mapped[datetime | None]
    met_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    citation: Mapped[str] = mapped_column(String(255), default="")
    warned_at: Mapped[datetime | None]  # said once that it is near
    missed_at: Mapped[datetime | None]  # said once that it is over
    rung_at: Mapped[datetime | None]  # somebody was rung about it, or that was tried
    ring_id: Mapped[int | None]  # the broadcast that rings; its room is above this one, so no foreign key
    ring_ended_at: Mapped[datetime | None]
    ring_taken_by: Mapped[str] = mapped_column(String(64), default="")  # who acknowledged by key
    ring_fault: Mapped[str] = mapped_column(String(255), default="")  # why nobody was told, in the room's language

    incident: Mapped[Incident] = relationship(back_populates="deadlines")


INCIDENT_TEXTS = (
    Incident.title, Incident.place, Incident.course, Incident.cause, Incident.measures, Incident.trend,
    Incident.losses, Incident.already_told, Incident.request,
)  # fmt: skip
INCIDENT_PEOPLE = (
    Incident.reporter_name, Incident.reporter_unit, Incident.reporter_post, Incident.reporter_number,
    Incident.scene_contact, Incident.scene_number,
)  # fmt: skip
ENTRY_TEXTS = (IncidentEntry.text,)
"""What is looked for in an incident by its words."""
gram_index("ix_incidents_texts", INCIDENT_TEXTS)
gram_index("ix_incidents_people", INCIDENT_PEOPLE)
gram_index("ix_incident_entries_texts", ENTRY_TEXTS)


def year_and_sequence(text: str) -> tuple[int, int] | None:
    """What an incident's number, ``2026-0003``, consists of; None when the text is none."""
    year, dash, sequence = text.strip().partition("-")
    if not (dash and year.isdecimal() and sequence.isdecimal() and len(year) == YEAR_DIGITS):
        return None
    return (int(year), int(sequence)) if len(sequence) <= MOST_DIGITS else None
