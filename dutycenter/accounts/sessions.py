"""Log-in sessions: a random token in the cookie, its SHA-256 in the store."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dutycenter.accounts.models import Account, LoginSession
from dutycenter.settings import Settings
from dutycenter.vocabulary import Role

COOKIE = "login"
TOKEN_BYTES = 32
SEEN_EVERY = timedelta(seconds=60)
# A wall display has no keyboard and reads boards only: it stays logged in for a season.
DISPLAY_LIFE = timedelta(days=90)
HALF_LIFE = timedelta(minutes=10)  # time to find the telephone


class Gate(StrEnum):
    """What stands between a log-in and work."""

    CODE = "code"  # the second factor is awaited
    PASSWORD = "password"  # noqa: S105 – the one-time password must be changed first
    FACTOR = "factor"  # the role needs a second factor, and none is set up


@dataclass(frozen=True)
class Identity:
    """Who is logged in, as it was when the request began; not tied to a transaction."""

    id: int
    username: str
    name: str
    role: Role
    language: str | None
    desk: str | None
    gate: Gate | None
    session: str  # SHA-256 of the token
    department_id: int | None = None  # bound to its branch


def digest(token: str) -> str:
    """What the store keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


class Sessions:
    """Opens, finds and ends log-ins.

    Args:
        db: any session of the store.
        settings: how long a log-in lasts.
        now: the moment.
    """

    def __init__(self, db: Session, settings: Settings, now: datetime) -> None:
        self.db = db
        self.settings = settings
        self.now = now

    def open(self, account: Account, address: str, *, needs_code: bool = False) -> str:
        """A new log-in of the account; its token, which is kept nowhere."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        life = HALF_LIFE if needs_code else self._life(account)
        self.db.execute(delete(LoginSession).where(LoginSession.expires_at < self.now))
        self.db.add(
            LoginSession(
                token_sha256=digest(token),
                account_id=account.id,
                created_at=self.now,
                seen_at=self.now,
                expires_at=self.now + life,
                address=address[:64],
                needs_code=needs_code,
            )
        )
        return token

    def _life(self, account: Account) -> timedelta:
        return DISPLAY_LIFE if account.role is Role.DISPLAY else timedelta(hours=self.settings.session_hours)

    def find(self, token: str) -> tuple[LoginSession, Identity] | None:
        """The log-in of this token, if it still holds."""
        row = self.db.execute(
            select(LoginSession, Account)
            .join(Account, Account.id == LoginSession.account_id)
            .where(LoginSession.token_sha256 == digest(token))
        ).first()
        if row is None:
            return None
        login, account = row
        if account.closed_at is not None or not self._holds(login, account):
            return None
        identity = Identity(
            account.id, account.username, account.name, account.role, account.language, account.desk,
            self._gate(login, account), login.token_sha256, account.department_id,
        )  # fmt: skip
        return login, identity

    def _gate(self, login: LoginSession, account: Account) -> Gate | None:
        if login.needs_code:
            return Gate.CODE
        if account.must_change:
            return Gate.PASSWORD
        if account.factor_secret is None and account.role in self.settings.second_factor:
            return Gate.FACTOR
        return None

    def _holds(self, login: LoginSession, account: Account) -> bool:
        if login.expires_at <= self.now:
            return False
        idle = timedelta(seconds=self.settings.session_idle)
        return account.role is Role.DISPLAY or login.seen_at + idle > self.now

    def end(self, token_sha256: str) -> None:
        """End one log-in."""
        self.db.execute(delete(LoginSession).where(LoginSession.token_sha256 == token_sha256))

    def end_all(self, account_id: int, keep: str | None = None) -> int:
        """End an account's log-ins, but for one; how many that were."""
        ended = self.db.execute(
            delete(LoginSession).where(LoginSession.account_id == account_id, LoginSession.token_sha256 != (keep or ""))
        )
        return int(ended.rowcount)  # type: ignore[attr-defined]
