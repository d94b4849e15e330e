"""One message to many, and proof of it: broadcasts, recipients, attempts, receipts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from broadcast.lines import Hindrance
from dutycenter.db.base import Base, text_enum
from dutycenter.vocabulary import (
    AttemptKind,
    BroadcastState,
    Disposition,
    NumberKind,
    Outcome,
    ReachedRule,
    RecipientRole,
    SmsWhen,
)

UNCOUNTED = "NOT counted AND disposition IS NOT NULL"
"""Attempts that history has still to count: as few as were settled in the last seconds."""

EVERYBODY, SUPERIORS, TOLD = "all", "superior", "told"
"""Who hears a message: superiors are told that people in their charge are not reached, and
those who were told already that it was corrected."""


class Broadcast(Base):
    """One message to many people."""

    __tablename__ = "broadcasts"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"), index=True)
    title: Mapped[str] = mapped_column(String(255))
    message: Mapped[str] = mapped_column(Text)
    prompt_path: Mapped[str] = mapped_column(String(512), default="")  # made before launch
    prompt_seconds: Mapped[float] = mapped_column(default=0.0)
    exercise: Mapped[bool] = mapped_column(default=False)
    rehearsed: Mapped[bool] = mapped_column(default=True)  # over the simulated switch: never teaches about real numbers
    state: Mapped[BroadcastState] = mapped_column(text_enum(BroadcastState), index=True)
    channels: Mapped[int] = mapped_column(default=20)  # at most, over all gateways
    rounds: Mapped[int] = mapped_column(default=3)  # tries of each number at most
    pause: Mapped[int] = mapped_column(default=60)  # seconds before the same number is tried again
    ring_timeout: Mapped[int] = mapped_column(default=30)  # seconds
    likeliest_first: Mapped[bool] = mapped_column(default=False)  # instead of each person's own order of numbers
    reached_rule: Mapped[ReachedRule] = mapped_column(text_enum(ReachedRule), default=ReachedRule.KEY)
    sms_when: Mapped[SmsWhen] = mapped_column(text_enum(SmsWhen), default=SmsWhen.NEVER)
    goal: Mapped[str] = mapped_column(Text, default="")  # as broadcast.kernel.goal reads it; empty: everybody
    goal_seconds: Mapped[int | None]  # after launch: by when the goal is to be met
    ask_arrival: Mapped[bool] = mapped_column(default=False)  # it calls people to a place, and asks when they arrive
    report_within: Mapped[int] = mapped_column(default=60)  # minutes until who named no time should have reported
    message_version: Mapped[int] = mapped_column(default=1)  # grows with each correction
    plan_version_id: Mapped[int | None] = mapped_column(ForeignKey("plan_versions.id"))  # the plan as it was then
    steps: Mapped[list[Any]] = mapped_column(default=list)  # what follows if people are not reached
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("broadcasts.id"))  # it tells of that one's correction
    goal_met_at: Mapped[datetime | None]  # set once
    corrects_version: Mapped[int | None]
    seed: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    launched_at: Mapped[datetime | None]
    calls_from: Mapped[datetime | None]  # not before, because texts go first; None: at once
    finished_at: Mapped[datetime | None]
    lease_owner: Mapped[str] = mapped_column(String(64), default="")  # which dialer works on it
    lease_fence: Mapped[int] = mapped_column(default=0)  # grows with each new owner; an old owner's writes are refused
    lease_until: Mapped[datetime | None]
    waits_for: Mapped[str] = mapped_column(String(32), default="")  # Hindrance: why nobody is called at the moment
    form_token: Mapped[str | None] = mapped_column(String(64), unique=True)  # the same form sent twice launches once

    recipients: Mapped[list[Recipient]] = relationship(back_populates="broadcast", order_by="Recipient.id")

    @property
    def texts_alone(self) -> bool:
        """Does it send texts and call nobody, but for whom somebody asks to have called by hand?"""
        return self.sms_when is SmsWhen.ALONE

    @property
    def stands_still(self) -> bool:
        """Does it run, and can call nobody?"""
        return self.state is BroadcastState.RUNNING and self.waits_for in (Hindrance.SWITCH, Hindrance.LINES)


class BroadcastMessage(Base):
    """One version of what is said; its prompt was made before anybody can hear it."""

    __tablename__ = "broadcast_messages"
    __table_args__ = (UniqueConstraint("broadcast_id", "audience", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcasts.id"))
    audience: Mapped[str] = mapped_column(String(16), default=EVERYBODY)
    version: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    prompt_path: Mapped[str] = mapped_column(String(512))
    prompt_seconds: Mapped[float]
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))


class Recipient(Base):
    """A person in one broadcast, with name and department as they were at launch."""

    __tablename__ = "recipients"

    id: Mapped[int] = mapped_column(primary_key=True)
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcasts.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    name: Mapped[str] = mapped_column(String(64))
    department: Mapped[str] = mapped_column(String(128), default="")
    department_short: Mapped[str] = mapped_column(String(32), default="")
    post: Mapped[str] = mapped_column(String(64), default="")
    groups: Mapped[list[Any]] = mapped_column(default=list)  # names of those they were in at launch
    weight: Mapped[int] = mapped_column(default=1)
    outcome: Mapped[Outcome | None] = mapped_column(text_enum(Outcome), index=True)
    outcome_at: Mapped[datetime | None]
    outcome_ground: Mapped[str] = mapped_column(String(255), default="")
    acknowledged_at: Mapped[datetime | None]  # final at its commit
    reached_at: Mapped[datetime | None]  # pressed a key or heard the message to its end
    arrives_in_minutes: Mapped[int | None]  # as they said last
    arrives_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]  # reported at the place
    reminded: Mapped[int] = mapped_column(default=0)  # reminders that were written
    again_at: Mapped[datetime | None]  # somebody asked for one more call now; the dialer clears it
    tier: Mapped[int] = mapped_column(default=0)  # 0 is called before 1, whatever the weights
    legs: Mapped[int] = mapped_column(default=1)  # numbers that may ring at once
    since: Mapped[int] = mapped_column(default=0)  # seconds after launch: when the person's wave begins
    role: Mapped[RecipientRole] = mapped_column(text_enum(RecipientRole), default=RecipientRole.LISTED)
    stands_for_id: Mapped[int | None] = mapped_column(ForeignKey("recipients.id"))
    audience: Mapped[str] = mapped_column(String(16), default=EVERYBODY)  # which of the broadcast's messages they hear
    joined_at: Mapped[datetime | None]  # None: at the launch
    dropped_at: Mapped[datetime | None]  # called no more; the outcome follows at the end
    dropped_ground: Mapped[str] = mapped_column(String(32), default="")
    told_version: Mapped[int | None]  # which version of the message they heard
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("recipients.id"), index=True)  # of the corrected one

    broadcast: Mapped[Broadcast] = relationship(back_populates="recipients")
    numbers: Mapped[list[RecipientNumber]] = relationship(
        back_populates="recipient", order_by="RecipientNumber.position"
    )
    attempts: Mapped[list[Attempt]] = relationship(
        back_populates="recipient", order_by="Attempt.created_at, Attempt.id"
    )


class RecipientNumber(Base):
    __tablename__ = "recipient_numbers"

    id: Mapped[int] = mapped_column(primary_key=True)
    recipient_id: Mapped[int] = mapped_column(ForeignKey("recipients.id"), index=True)
    number: Mapped[str] = mapped_column(String(32), index=True)
    kind: Mapped[NumberKind] = mapped_column(text_enum(NumberKind))
    position: Mapped[int] = mapped_column(default=0)

    recipient: Mapped[Recipient] = relationship(back_populates="numbers")


class Attempt(Base):
    """One try to reach a recipient on one number. Committed before the switch is told;
    ``id`` is the leg's ``origination_uuid``."""

    __tablename__ = "attempts"
    __table_args__ = (
        Index("ix_attempts_open", "broadcast_id", "disposition"),
        Index("ix_attempts_kind_disposition", "kind", "disposition"),
        Index("ix_attempts_uncounted", "id", postgresql_where=text(UNCOUNTED), sqlite_where=text(UNCOUNTED)),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcasts.id"))
    recipient_id: Mapped[int] = mapped_column(ForeignKey("recipients.id"), index=True)
    number_id: Mapped[int] = mapped_column(ForeignKey("recipient_numbers.id"), index=True)
    gateway: Mapped[str] = mapped_column(String(64))
    kind: Mapped[AttemptKind] = mapped_column(text_enum(AttemptKind), default=AttemptKind.NOTICE)
    created_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    dropped_at: Mapped[datetime | None]  # we asked the switch to take the leg down
    hangup_cause: Mapped[str] = mapped_column(String(64), default="")
    disposition: Mapped[Disposition | None] = mapped_column(text_enum(Disposition))
    key: Mapped[str] = mapped_column(String(1), default="")
    wrong_keys: Mapped[str] = mapped_column(String(16), default="")
    heard_seconds: Mapped[float | None]
    heard_to_end: Mapped[bool] = mapped_column(default=False)  # by a person, as far as can be told
    machine_percent: Mapped[int | None]  # how likely a machine took the call
    machine_ground: Mapped[str] = mapped_column(String(160), default="")  # as ``calls.hearing`` writes it
    desk_asked_at: Mapped[datetime | None]  # waits for the duty desk since; None again when nobody came
    desk_talked_at: Mapped[datetime | None]  # the duty desk took the leg
    message_version: Mapped[int] = mapped_column(default=1)  # what is said on this leg
    counted: Mapped[bool] = mapped_column(default=False)  # in the history of its number

    recipient: Mapped[Recipient] = relationship(back_populates="attempts")
    number: Mapped[RecipientNumber] = relationship()


class Receipt(Base):
    """What a person did, by whatever means: an acknowledgement is one kind."""

    __tablename__ = "receipts"

    id: Mapped[int] = mapped_column(primary_key=True)
    recipient_id: Mapped[int] = mapped_column(ForeignKey("recipients.id"), index=True)
    attempt_id: Mapped[str | None] = mapped_column(ForeignKey("attempts.id"))
    kind: Mapped[str] = mapped_column(String(32))  # acknowledged, declined, heard, arrives, arrived
    means: Mapped[str] = mapped_column(String(32))  # of vocabulary.Means
    key: Mapped[str] = mapped_column(String(1), default="")
    minutes: Mapped[int | None]  # of ``arrives``: until they are there
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))  # who took it for them
    at: Mapped[datetime]
