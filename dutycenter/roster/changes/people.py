"""Which person of the directory an account is: who logs in can ask and agree for themselves alone."""

from __future__ import annotations

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from dutycenter.accounts.models import Account
from dutycenter.accounts.services import Accounts
from dutycenter.directory.models import Person
from dutycenter.interfaces import ILedger
from dutycenter.roster.faults import RosterFault

_ = TranslationStringFactory("dutycenter")


class DutyPeople:
    """Accounts and their people.

    Args:
        db: any session of the store.
        ledger: where each change is told.
        accounts: refuses that somebody changes their own rights.
    """

    def __init__(self, db: Session, ledger: ILedger, accounts: Accounts) -> None:
        self.db = db
        self.ledger = ledger
        self.accounts = accounts

    def person_of(self, account_id: int | None) -> Person | None:
        """The person that an account is."""
        account = None if account_id is None else self.db.get(Account, account_id)
        if account is None or account.person_id is None:
            return None
        return self.db.get(Person, account.person_id)

    def all(self) -> list[tuple[Account, Person | None]]:
        """Every open account, and who it is."""
        open_ones = [account for account in self.accounts.all() if account.closed_at is None]
        ids = {account.person_id for account in open_ones if account.person_id is not None}
        people = {person.id: person for person in self.db.scalars(select(Person).where(Person.id.in_(ids)))}
        return [(account, people.get(account.person_id or 0)) for account in open_ones]

    def guess(self, account: Account) -> Person | None:
        """The only person who is called as the account is."""
        found = self.db.scalars(
            select(Person).where(Person.name == account.name, Person.removed_at.is_(None)).limit(2)
        ).all()
        return found[0] if len(found) == 1 else None

    def link(self, account: Account, person: Person | None) -> None:
        """Say who an account is.

        Raises:
            AccountFault: it is the actor's own.
            RosterFault: another open account is this person.
        """
        self.accounts.check_not_own(account)
        before = account.person_id
        if person is not None and before != person.id:
            other = self.db.scalar(
                select(Account).where(
                    Account.person_id == person.id, Account.id != account.id, Account.closed_at.is_(None)
                )
            )
            if other is not None:
                raise RosterFault(_("${name} is account ${account} already.",
                                    mapping={"name": person.name, "account": other.username}))  # fmt: skip
        account.person_id = None if person is None else person.id
        if before != account.person_id:
            self.db.flush()
            told = {"before": before, "after": account.person_id}
            self.ledger.append("account.person_set", f"account:{account.id}", told)


def factory(context: object, request: Request) -> DutyPeople:
    """The request's accounts and people."""
    return DutyPeople(request.db, request.find_service(ILedger), request.find_service(Accounts))
