"""Legs, calls, recordings. One leg is one channel; a call is the related legs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dutycenter.accounts.models import Account
from dutycenter.db.base import Base, text_enum
from dutycenter.db.grams import gram_index
from dutycenter.vocabulary import (
    CallerMark,
    CallResult,
    CallState,
    Direction,
    PartyPart,
    RecordingKind,
    RecordingState,
    Supervision,
)

UP = "ended_at IS NULL"
SETTLED = "settled_at IS NOT NULL"
"""Calls that are up, and those that somebody dealt with: few among millions, and asked for with every page."""
ODD = "CAST(findings AS TEXT) <> '{}'"
"""Recordings of which something is worth a word. Word for word in every search, or no index answers it."""


class Call(Base):
    """An inbound call. A row before any desk rings."""

    __tablename__ = "calls"
    __table_args__ = (
        Index("ix_calls_up", "arrived_at", postgresql_where=text(UP), sqlite_where=text(UP)),
        Index("ix_calls_settled", "settled_at", postgresql_where=text(SETTLED), sqlite_where=text(SETTLED)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel_uuid: Mapped[str] = mapped_column(String(36), unique=True)  # the caller's leg
    caller_number: Mapped[str] = mapped_column(String(64), default="", index=True)  # as received, cleaned for display
    called_number: Mapped[str] = mapped_column(String(64), default="")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)  # who it is, if known
    state: Mapped[CallState] = mapped_column(text_enum(CallState), index=True)
    result: Mapped[CallResult | None] = mapped_column(text_enum(CallResult))
    arrived_at: Mapped[datetime] = mapped_column(index=True)
    menu_at: Mapped[datetime | None]
    queued_at: Mapped[datetime | None]
    ringing_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]  # by a desk
    served_at: Mapped[datetime | None]  # the menu took what they called for
    callback_at: Mapped[datetime | None]  # asked to be called back
    callback_number: Mapped[str] = mapped_column(String(64), default="")  # where, if not at the number that called
    held_at: Mapped[datetime | None]  # hears music since
    ended_at: Mapped[datetime | None]
    desk: Mapped[str | None] = mapped_column(String(16))  # agent that rings or talks
    desk_channel_uuid: Mapped[str | None] = mapped_column(String(36))
    pulled_by: Mapped[str | None] = mapped_column(String(16))  # the desk that takes this caller next
    pulled_at: Mapped[datetime | None]
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    keys: Mapped[str] = mapped_column(String(64), default="")
    hangup_cause: Mapped[str] = mapped_column(String(64), default="")
    exercise: Mapped[bool] = mapped_column(default=False)
    open: Mapped[bool] = mapped_column(default=False, index=True)  # nobody took it: someone must deal with it
    taken_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    taken_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    settled_how: Mapped[str] = mapped_column(String(255), default="")

    answered_by: Mapped[Account | None] = relationship(foreign_keys=[answered_by_id])
    taken_by: Mapped[Account | None] = relationship(foreign_keys=[taken_by_id])
    recordings: Mapped[list[Recording]] = relationship(back_populates="call", order_by="Recording.id")
    parties: Mapped[list[CallParty]] = relationship(back_populates="call", order_by="CallParty.id")


CALLERS = (Call.caller_number,)
"""What a call is looked for by."""
gram_index("ix_calls_callers", CALLERS)


class CallParty(Base):
    """Somebody who was brought onto a call that a desk talks on. A row before their telephone rings."""

    __tablename__ = "call_parties"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"), index=True)
    channel_uuid: Mapped[str] = mapped_column(String(36), unique=True)  # of their leg
    part: Mapped[PartyPart] = mapped_column(text_enum(PartyPart))
    number: Mapped[str] = mapped_column(String(64), default="")  # what rings: a desk or an outside number
    name: Mapped[str] = mapped_column(String(64), default="")
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))  # who supervises
    supervision: Mapped[Supervision | None] = mapped_column(text_enum(Supervision))
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    joined_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    ended_because: Mapped[str] = mapped_column(String(64), default="")  # the switch's word

    call: Mapped[Call] = relationship(back_populates="parties")
    asked_by: Mapped[Account | None] = relationship(foreign_keys=[asked_by_id])


class MarkedCaller(Base):
    """What an officer noted of a number that calls. Taken back, never deleted."""

    __tablename__ = "marked_callers"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(64), index=True)  # as the directory would keep it
    mark: Mapped[CallerMark] = mapped_column(text_enum(CallerMark))
    note: Mapped[str] = mapped_column(String(255), default="")
    made_at: Mapped[datetime]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    removed_at: Mapped[datetime | None]
    removed_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))

    made_by: Mapped[Account | None] = relationship(foreign_keys=[made_by_id])


class Leg(Base):
    """Every leg that the switch made, in or out."""

    __tablename__ = "legs"

    channel_uuid: Mapped[str] = mapped_column(String(36), primary_key=True)
    direction: Mapped[Direction] = mapped_column(text_enum(Direction))
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id"), index=True)
    attempt_id: Mapped[str | None] = mapped_column(String(36), index=True)  # of a broadcast, an upper room
    rings_for: Mapped[str | None] = mapped_column(String(36), index=True)  # a desk telephone's: the broadcast's leg
    number: Mapped[str] = mapped_column(String(64), default="")
    gateway: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    hangup_cause: Mapped[str] = mapped_column(String(64), default="")


class Recording(Base):
    """A recording: what the switch wrote, and once taken in, what it is by content."""

    __tablename__ = "recordings"
    __table_args__ = (
        Index("ix_recordings_started", "started_at", "id"),
        Index("ix_recordings_seconds", "seconds"),
        *(
            Index(f"ix_recordings_{column}_started", column, "started_at", "id")
            for column in ("kind", "state", "result")
        ),
        Index("ix_recordings_undescribed", "state", "result"),
        Index("ix_recordings_odd", "started_at", "id", postgresql_where=text(ODD), sqlite_where=text(ODD)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel_uuid: Mapped[str] = mapped_column(String(36), index=True)
    file_name: Mapped[str] = mapped_column(String(255), unique=True)  # below recordings.dir
    kind: Mapped[RecordingKind] = mapped_column(text_enum(RecordingKind))
    state: Mapped[RecordingState] = mapped_column(text_enum(RecordingState))
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id"), index=True)
    attempt_id: Mapped[str | None] = mapped_column(String(36), index=True)
    foundling: Mapped[bool] = mapped_column(default=False)
    exercise: Mapped[bool] = mapped_column(default=False)
    started_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    seconds: Mapped[float | None]
    channels: Mapped[int | None]
    bytes: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    sm3: Mapped[str | None] = mapped_column(String(64))
    findings: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what was heard of it: truncated, silences …
    # What it is looked for by, filled in once it is known; the sources stay the truth.
    number: Mapped[str] = mapped_column(String(64), default="", index=True)
    number_reversed: Mapped[str] = mapped_column(String(64), default="", index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    result: Mapped[str] = mapped_column(String(32), default="")  # CallResult or Disposition
    broadcast_id: Mapped[int | None] = mapped_column(index=True)  # of an upper room

    call: Mapped[Call | None] = relationship(back_populates="recordings")


class Desk(Base):
    """A duty desk's telephone and whether the queue may ring it; no row: it may not."""

    __tablename__ = "desks"

    extension: Mapped[str] = mapped_column(String(16), primary_key=True)  # also the queue agent's name
    status: Mapped[str] = mapped_column(String(32))  # mod_callcenter's word, or ours for writing up a call: Wrap Up
    since: Mapped[datetime]
    until: Mapped[datetime | None]  # when writing up ends by itself
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))  # who set it


class Conference(Base):
    """A room that people join by key and desks by a click. Open until somebody ends it."""

    __tablename__ = "conferences"

    id: Mapped[int] = mapped_column(primary_key=True)
    room: Mapped[str] = mapped_column(String(36), unique=True)  # its name in the switch
    subject: Mapped[str] = mapped_column(String(64), index=True)  # what it is about: ``broadcast:12``
    title: Mapped[str] = mapped_column(String(255))
    exercise: Mapped[bool] = mapped_column(default=False)
    locked: Mapped[bool] = mapped_column(default=False)
    opened_at: Mapped[datetime]
    opened_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))

    opened_by: Mapped[Account | None] = relationship(foreign_keys=[opened_by_id])
    members: Mapped[list[ConferenceMember]] = relationship(
        back_populates="conference", order_by="ConferenceMember.created_at, ConferenceMember.id"
    )


class ConferenceMember(Base):
    """One leg that may be, is or was in a room. A row before the leg is sent there."""

    __tablename__ = "conference_members"
    __table_args__ = (UniqueConstraint("conference_id", "channel_uuid"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    conference_id: Mapped[int] = mapped_column(ForeignKey("conferences.id"))
    channel_uuid: Mapped[str] = mapped_column(String(36), index=True)
    name: Mapped[str] = mapped_column(String(64), default="")
    number: Mapped[str] = mapped_column(String(64), default="")
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))  # who sits at the desk
    muted: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    joined_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    dropped_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))

    conference: Mapped[Conference] = relationship(back_populates="members")
