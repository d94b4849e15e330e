"""What is kept of earlier calls. Everything here can be counted again from the attempts.

Sums are weighted by age: a call of day d counts 2^((d − EPOCH) / half-life), so
that adding is all that ever happens to them, in any order, and a reader divides by
the weight of its own day (see ``counting``). ``rehearsed`` keeps apart what the
simulated switch showed: it never teaches the real one.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dutycenter.db.base import Base, text_enum
from dutycenter.vocabulary import Disposition, NumberKind


class NumberHistory(Base):
    """One number in one hour band."""

    __tablename__ = "number_histories"
    __table_args__ = (
        UniqueConstraint("rehearsed", "number", "band"),
        Index("ix_number_histories_counted_at", "counted_at"),
        Index("ix_number_histories_number", "number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    rehearsed: Mapped[bool]
    number: Mapped[str] = mapped_column(String(32))
    band: Mapped[int]  # of the hour in the duty room, see posterior.BANDS
    kind: Mapped[NumberKind] = mapped_column(text_enum(NumberKind))  # as it was called last
    calls: Mapped[int] = mapped_column(default=0)  # that say something, plain
    acknowledged: Mapped[int] = mapped_column(default=0)  # of them, plain
    trials: Mapped[float] = mapped_column(default=0.0)  # weighted; a repeat counts less than one
    successes: Mapped[float] = mapped_column(default=0.0)  # weighted
    counted_at: Mapped[datetime]


class KindHistory(Base):
    """How calls to one kind of line end, and how long they hold a channel. Sums are weighted."""

    __tablename__ = "kind_histories"
    __table_args__ = (UniqueConstraint("rehearsed", "kind", "disposition"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    rehearsed: Mapped[bool]
    kind: Mapped[NumberKind] = mapped_column(text_enum(NumberKind))
    disposition: Mapped[Disposition] = mapped_column(text_enum(Disposition))
    calls: Mapped[float] = mapped_column(default=0.0)
    held: Mapped[float] = mapped_column(default=0.0)  # seconds of the channel
    rang: Mapped[float] = mapped_column(default=0.0)  # seconds until the answer
    beyond: Mapped[float] = mapped_column(default=0.0)  # seconds from answer to key, less the length of the message
    after: Mapped[float] = mapped_column(default=0.0, server_default="0")  # seconds that the line was held then


class Prior(Base):
    """What is believed of a number never called: Beta(a, b) by kind of line and hour band."""

    __tablename__ = "history_priors"
    __table_args__ = (UniqueConstraint("rehearsed", "kind", "band"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    rehearsed: Mapped[bool]
    kind: Mapped[str] = mapped_column(String(32))  # empty: every kind
    band: Mapped[int]  # ALL_DAY: every hour
    a: Mapped[float]
    b: Mapped[float]
    fitted_at: Mapped[datetime]


ALL_DAY = -1
EVERY_KIND = ""
