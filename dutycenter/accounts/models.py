"""People who log in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dutycenter.db.base import Base, text_enum
from dutycenter.directory.models import Department
from dutycenter.vocabulary import Role


class Account(Base):
    """Someone who may log in. Accounts are closed, never deleted: the ledger names them."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    role: Mapped[Role] = mapped_column(text_enum(Role))
    department_id: Mapped[int | None] = mapped_column(
        ForeignKey("departments.id")
    )  # bound to its branch; None: to none
    password_hash: Mapped[str] = mapped_column(String(255))
    must_change: Mapped[bool] = mapped_column(default=True)
    language: Mapped[str | None] = mapped_column(String(8))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))  # who it is in directory and roster
    desk: Mapped[str | None] = mapped_column(String(16))  # extension of the desk telephone, also the queue agent's name
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    factor_secret: Mapped[str | None] = mapped_column(String(255))  # sealed; None: a password is enough
    factor_pending: Mapped[str | None] = mapped_column(String(255))  # sealed; set up but not confirmed yet
    factor_step: Mapped[int] = mapped_column(default=0)  # the last time step whose code was used
    factor_since: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    department: Mapped[Department | None] = relationship()


class LoginSession(Base):
    """One log-in; the cookie holds a random token, the row its SHA-256."""

    __tablename__ = "login_sessions"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(64), default="")
    needs_code: Mapped[bool] = mapped_column(default=False)  # the password was right, the second factor is awaited

    account: Mapped[Account] = relationship()


class PaperCode(Base):
    """A code on paper that stands in for a lost telephone, good once."""

    __tablename__ = "paper_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]
