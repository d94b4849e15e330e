"""Written reports of an incident, their versions, and to whom they went."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dutycenter.accounts.models import Account
from dutycenter.db.base import Base, text_enum
from dutycenter.db.grams import gram_index
from dutycenter.incidents.models import Incident
from dutycenter.vocabulary import SendingMeans, SituationKind


class SituationReport(Base):
    """A 专报. Once sent it is frozen: what has to be said differently is said by the next."""

    __tablename__ = "situation_reports"
    __table_args__ = (UniqueConstraint("incident_id", "kind", "ordinal"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), index=True)
    kind: Mapped[SituationKind] = mapped_column(text_enum(SituationKind))
    ordinal: Mapped[int | None]  # of its kind in its incident, from 1; None once thrown away
    language: Mapped[str] = mapped_column(String(8))
    title: Mapped[str] = mapped_column(String(255))
    addressee: Mapped[str] = mapped_column(String(255), default="")  # 主送
    body: Mapped[str] = mapped_column(Text)
    signer: Mapped[str] = mapped_column(String(64), default="")  # 签发
    contact: Mapped[str] = mapped_column(String(128), default="")  # 联系人, with the number
    version: Mapped[int] = mapped_column(default=1)  # grows with each change, typed or kept
    created_at: Mapped[datetime]
    created_by_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    edited_at: Mapped[datetime]
    edited_by_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    sent_at: Mapped[datetime | None]  # the first time; frozen since
    sha256: Mapped[str | None] = mapped_column(String(64))  # of what was sent
    sm3: Mapped[str | None] = mapped_column(String(64))
    discarded_at: Mapped[datetime | None]

    incident: Mapped[Incident] = relationship()
    edited_by: Mapped[Account] = relationship(foreign_keys=[edited_by_id])
    versions: Mapped[list[SituationReportVersion]] = relationship(order_by="SituationReportVersion.number.desc()")
    sendings: Mapped[list[SituationReportSending]] = relationship(
        order_by="SituationReportSending.id", back_populates="report"
    )


REPORT_TEXTS = (SituationReport.title, SituationReport.body, SituationReport.addressee)
"""What is looked for in it by its words."""
gram_index("ix_situation_reports_texts", REPORT_TEXTS)


class SituationReportVersion(Base):
    """The text as somebody kept it. Never changed."""

    __tablename__ = "situation_report_versions"
    __table_args__ = (UniqueConstraint("report_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("situation_reports.id"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(255))
    addressee: Mapped[str] = mapped_column(String(255))
    body: Mapped[str] = mapped_column(Text)
    signer: Mapped[str] = mapped_column(String(64))
    contact: Mapped[str] = mapped_column(String(128))
    at: Mapped[datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))

    account: Mapped[Account] = relationship()


class SituationReportSending(Base):
    """It went to somebody, and, where that is asked for, they confirmed by telephone that it came."""

    __tablename__ = "situation_report_sendings"

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("situation_reports.id"), index=True)
    to_whom: Mapped[str] = mapped_column(String(255))
    means: Mapped[SendingMeans] = mapped_column(text_enum(SendingMeans))
    note: Mapped[str] = mapped_column(String(255), default="")
    at: Mapped[datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    to_confirm: Mapped[bool] = mapped_column(default=True)
    confirmed_with: Mapped[str] = mapped_column(String(128), default="")
    confirmed_at: Mapped[datetime | None]
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))

    report: Mapped[SituationReport] = relationship(back_populates="sendings")
    account: Mapped[Account] = relationship(foreign_keys=[account_id])
