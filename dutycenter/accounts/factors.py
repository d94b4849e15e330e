"""Giving an account its second factor, asking for it, and taking it away."""

from __future__ import annotations

import logging
from collections.abc import Container
from datetime import UTC, datetime

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from dutycenter.accounts.models import Account, PaperCode
from dutycenter.accounts.second_factor import Seal, SealBroken, new_secret, paper_codes, paper_digest, step_of
from dutycenter.accounts.services import AccountFault, Accounts
from dutycenter.interfaces import IClock, ILedger
from dutycenter.secret import secret_key
from dutycenter.work import settings_of

log = logging.getLogger(__name__)
_ = TranslationStringFactory("dutycenter")

WRONG_CODE = _("The code is not right. Each code is good once: wait for the next one.")


def wall_clock() -> datetime:
    """The moment that telephones show: theirs doesn't run faster in a rehearsal."""
    return datetime.now(UTC)


class SecondFactors:
    """Second factors of one installation's accounts.

    Args:
        db: the session of the change.
        ledger: where each change is told; never a secret or a code.
        clock: the moment.
        accounts: counts wrong codes like wrong passwords, and ends log-ins.
        seal: keeps secrets unreadable in the store.
        required_for: roles that must have one.
    """

    def __init__(
        self, db: Session, ledger: ILedger, clock: IClock, accounts: Accounts, seal: Seal, required_for: Container[str]
    ) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.accounts = accounts
        self.seal = seal
        self.required_for = required_for

    def begin(self, account: Account, typed: str, address: str) -> str:
        """Make a secret to set up; it counts for nothing until ``confirm``.

        Args:
            typed: a code of the factor in use, when there is one: who found a desk unlocked cannot put theirs there.

        Raises:
            AccountFault: that code is wrong.
        """
        self._prove(account, typed, address)
        secret = new_secret()
        account.factor_pending = self.seal.close(secret)
        return secret

    def pending(self, account: Account) -> str | None:
        """The secret that is being set up, if there is one."""
        return self._open(account.factor_pending)

    def secret(self, account: Account) -> str | None:
        """The secret in use, if there is one that can be read."""
        return self._open(account.factor_secret)

    def confirm(self, account: Account, typed: str, keep: str) -> list[str]:
        """Take the secret into use, once a telephone has shown that it makes its codes; the paper codes, shown once.

        Args:
            typed: a code of the new secret.
            keep: the log-in (SHA-256 of its token) that goes on; the others were made without this factor.

        Raises:
            AccountFault: the code is wrong, or nothing is being set up.
        """
        secret = self.pending(account)
        if secret is None:
            raise AccountFault(_("Nothing is being set up. Begin again."))
        step = step_of(secret, typed, wall_clock(), after=0)
        if step is None:
            raise AccountFault(
                _(
                    "This is not the code of this moment. Check the telephone's clock, then type the code that it shows now."
                )
            )
        account.factor_secret, account.factor_pending = account.factor_pending, None
        account.factor_step, account.factor_since = step, self.clock.now()
        self.accounts.sessions.end_all(account.id, keep=keep)
        self._tell("factor_set", account)
        return self._new_paper(account)

    def accept(self, account: Account, typed: str, address: str) -> bool:
        """Is this the code of this moment, or an unused one from paper? Wrong ones count towards the lock."""
        self.db.refresh(account, with_for_update=True)  # two who type the same code at once: one of them is late
        if self.accounts.is_locked(account):
            self.accounts.refuse(account, address, "locked")
            return False
        if self._is_code(account, typed):
            return True
        if self._is_paper(account, typed):
            self._tell("paper_code_used", account, {"left": self.paper_left(account), "address": address})
            return True
        self.accounts.count_failure(account, address, "code")
        return False

    def renew_paper(self, account: Account, typed: str, address: str) -> list[str]:
        """New paper codes, the old ones void.

        Raises:
            AccountFault: the code is wrong.
        """
        self._prove(account, typed, address)
        return self._new_paper(account)

    def drop(self, account: Account, typed: str, address: str) -> None:
        """Go without a second factor, where the role allows it.

        Raises:
            AccountFault: the code is wrong, or the role needs the factor.
        """
        if account.role in self.required_for:
            raise AccountFault(_("Your role needs a second factor; it can be set up anew, not dropped."))
        self._prove(account, typed, address)
        self._forget(account)
        self._tell("factor_dropped", account)

    def take_away(self, account: Account) -> None:
        """For somebody who lost the telephone and the paper: the factor is set up anew at the next log-in.

        Raises:
            AccountFault: it is the actor's own account, or it needs a second person.
        """
        told = self.accounts.may_lose_factor(account)
        self._forget(account)
        self.accounts.sessions.end_all(account.id)
        self._tell("factor_taken_away", account, told)

    def countersign(self, username: str, password: str, typed: str, address: str, concerned: Account | None) -> None:
        """A second person signs, with password and code, for what the actor does next.

        Raises:
            AccountFault: they are not who they say, or may not answer for it.
        """
        signer = self.accounts.find(username)
        if signer is None:
            raise AccountFault(_("There is no account of this username."))
        self.accounts.sign(signer, password, address)
        self._prove(signer, typed, address)
        self.accounts.countersign(signer, concerned)

    def paper_left(self, account: Account) -> int:
        """How many paper codes are unused."""
        query = select(func.count()).where(PaperCode.account_id == account.id, PaperCode.used_at.is_(None))
        return int(self.db.scalar(query) or 0)

    def _prove(self, account: Account, typed: str, address: str) -> None:
        if account.factor_secret is not None and not self.accept(account, typed, address):
            raise AccountFault(WRONG_CODE)

    def _forget(self, account: Account) -> None:
        account.factor_secret = account.factor_pending = account.factor_since = None
        self.db.execute(delete(PaperCode).where(PaperCode.account_id == account.id))

    def _open(self, sealed: str | None) -> str | None:
        try:
            return self.seal.open(sealed) if sealed else None
        except SealBroken:
            log.error("A second factor cannot be read: is the file of the setting secret.file another one than before?")
            return None

    def _is_code(self, account: Account, typed: str) -> bool:
        secret = self.secret(account)
        step = None if secret is None else step_of(secret, typed, wall_clock(), account.factor_step)
        if step is None:
            return False
        account.factor_step = step
        return True

    def _is_paper(self, account: Account, typed: str) -> bool:
        digest = paper_digest(typed)
        code = digest and self.db.scalar(
            select(PaperCode)
            .where(PaperCode.account_id == account.id, PaperCode.sha256 == digest, PaperCode.used_at.is_(None))
            .with_for_update()
        )
        if not code:
            return False
        code.used_at = self.clock.now()
        self.db.flush()
        return True

    def _new_paper(self, account: Account) -> list[str]:
        codes = paper_codes()
        self.db.execute(delete(PaperCode).where(PaperCode.account_id == account.id))
        self.db.add_all(PaperCode(account_id=account.id, sha256=paper_digest(code)) for code in codes)
        self._tell("paper_codes_made", account, {"codes": len(codes)})
        return codes

    def _tell(self, what: str, account: Account, data: dict[str, object] | None = None) -> None:
        self.ledger.append(f"account.{what}", f"account:{account.id}", data or {})


def factory(context: object, request: Request) -> SecondFactors:
    """The request's second factors."""
    settings = settings_of(request.registry)
    return SecondFactors(
        request.db,
        request.find_service(ILedger),
        request.find_service(IClock),
        request.find_service(Accounts),
        Seal(secret_key(settings.secret_file)),
        settings.second_factor,
    )
