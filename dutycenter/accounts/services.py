"""What can be done with accounts. Every change and every log-in writes to the ledger."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from dutycenter.accounts.models import Account
from dutycenter.accounts.passwords import fault_of, hash_password, is_outdated, matches, one_time_password
from dutycenter.accounts.sessions import Sessions
from dutycenter.directory.models import Department
from dutycenter.interfaces import IClock, ILedger
from dutycenter.vocabulary import Role
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

USERNAME = re.compile(r"[a-z][a-z0-9._-]{1,31}")
BINDABLE = frozenset({Role.OFFICER, Role.LEADER, Role.ADMINISTRATOR})
"""Roles that may be bound to a department: auditors and wall displays see the whole."""
POWERFUL = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
"""Roles that nobody gives alone: else whoever opens accounts could open themselves one that audits them."""
DESK = re.compile(r"[0-9]{2,8}")
FREE_FAILURES = 5
FIRST_LOCK = timedelta(minutes=1)
LONGEST_LOCK = timedelta(hours=1)


class AccountFault(ValueError):
    """An account cannot be so. ``args[0]`` is a translation string for the reader."""

    @property
    def words(self) -> TranslationString:
        """What is wrong, to be translated."""
        words: TranslationString = self.args[0]
        return words


@dataclass(frozen=True)
class Draft:
    """What an administrator says of a new account."""

    username: str
    name: str
    role: Role
    desk: str | None = None
    language: str | None = None
    department_id: int | None = None  # to whose branch it is bound; None: to none


class Accounts:
    """Accounts of one installation.

    Args:
        db: the session of the change.
        ledger: where each change is told.
        sessions: log-ins, which some changes end.
        clock: the moment.
        actor_id: the account that acts, or None for a command at the console.
    """

    def __init__(
        self, db: Session, ledger: ILedger, sessions: Sessions, clock: IClock, actor_id: int | None = None
    ) -> None:
        self.db = db
        self.ledger = ledger
        self.sessions = sessions
        self.clock = clock
        self.actor_id = actor_id
        self._second: Account | None = None

    def all(self) -> list[Account]:
        """Every account, closed ones last."""
        return list(
            self.db.scalars(select(Account).order_by(Account.closed_at.is_not(None), Account.role, Account.username))
        )

    def get(self, account_id: int) -> Account | None:
        """The account of this id."""
        return self.db.get(Account, account_id)

    def find(self, username: str) -> Account | None:
        """The account of this username."""
        return self.db.scalar(select(Account).where(Account.username == username.strip().lower()))

    def countersign(self, signer: Account, concerned: Account | None) -> None:
        """A second person, who proved to be there, answers for what is done next.

        Raises:
            AccountFault: it is nobody else, or nobody who may answer for it.
        """
        if signer.id == self.actor_id or (concerned is not None and signer.id == concerned.id):
            raise AccountFault(_("The second person must be somebody else than you and the person concerned."))
        bound = signer.department_id is not None
        if signer.role not in POWERFUL or bound or signer.closed_at is not None or signer.must_change:
            raise AccountFault(_("The second person must be an auditor, or an administrator of the whole city."))
        self._second = signer

    def _seconded(self, *roles: Role) -> dict[str, object]:
        """What the ledger is told of the second person, where one of these roles asks for one."""
        if self.actor_id is None or POWERFUL.isdisjoint(roles):
            return {}
        if self._second is None:
            raise AccountFault(_("Auditors and administrators are made by two: a second person signs below."))
        return {"second": self._second.id}

    def create(
        self,
        username: str,
        name: str,
        role: Role,
        desk: str | None = None,
        language: str | None = None,
        department_id: int | None = None,
    ) -> str:
        """Open an account; its one-time password, which is shown once and kept nowhere.

        Raises:
            AccountFault: the username is taken or of the wrong form, a name is missing, a desk is no extension, the
                role cannot be bound to a department, or there is no such department.
        """
        draft = _checked(
            Draft(username.strip().lower(), name.strip(), role, (desk or "").strip() or None, language, department_id)
        )
        self._check_bound(draft.role, department_id)
        if self.find(draft.username) is not None:
            raise AccountFault(_("The username ${name} is taken.", mapping={"name": draft.username}))
        self._check_desk(draft.desk)
        seconded = self._seconded(draft.role)
        password = one_time_password()
        account = Account(
            username=draft.username, name=draft.name, role=draft.role, desk=draft.desk, language=draft.language,
            password_hash=hash_password(password), must_change=True, failed_logins=0, created_at=self.clock.now(),
            department_id=department_id,
        )  # fmt: skip
        self.db.add(account)
        self.db.flush()
        told: dict[str, object] = {
            "username": draft.username,
            "name": draft.name,
            "role": draft.role.value,
            "department": department_id,
        }
        self._tell("created", account, told | seconded)
        return password

    def reset(self, account: Account) -> str:
        """A new one-time password; ends the account's log-ins and any lock.

        Raises:
            AccountFault: it is the actor's own account, or a closed one.
        """
        self.check_not_own(account)
        self._not_closed(account)
        seconded = self._seconded(account.role)
        password = one_time_password()
        account.password_hash = hash_password(password)
        account.must_change = True
        account.failed_logins, account.locked_until = 0, None
        self.sessions.end_all(account.id)
        self._tell("password_reset", account, seconded)
        return password

    def set_rights(self, account: Account, role: Role, department_id: int | None) -> None:
        """Change what an account may do and where; ends its log-ins.

        Raises:
            AccountFault: it is the actor's own account, or a closed one, or the role cannot be bound to a department.
        """
        self.check_not_own(account)
        self._not_closed(account)
        self._check_bound(role, department_id)
        before = (account.role, account.department_id)
        if before == (role, department_id):
            return
        seconded = self._seconded(role)
        account.role, account.department_id = role, department_id
        self.sessions.end_all(account.id)
        if before[0] is not role:
            self._tell("role_changed", account, {"from": before[0].value, "to": role.value} | seconded)
        if before[1] != department_id:
            self._tell("department_changed", account, {"from": before[1], "to": department_id} | seconded)

    def edit(self, account: Account, name: str, desk: str) -> None:
        """Change an account's name and desk telephone.

        Raises:
            AccountFault: a name is missing, a desk is no extension or somebody else's.
        """
        self._not_closed(account)
        draft = _checked(Draft(account.username, name.strip(), account.role, desk.strip() or None))
        if draft.desk != account.desk:
            self._check_desk(draft.desk)
        before = {"name": account.name, "desk": account.desk}
        account.name, account.desk = draft.name, draft.desk
        after = {"name": account.name, "desk": account.desk}
        if before != after:
            self._tell("edited", account, {"before": before, "after": after})

    def close(self, account: Account) -> None:
        """Close an account: nobody logs in with it any more. Its traces stay.

        Raises:
            AccountFault: it is the actor's own account.
        """
        self.check_not_own(account)
        if account.closed_at is not None:
            return
        account.closed_at = self.clock.now()
        self.sessions.end_all(account.id)
        self._tell("closed", account)

    def reopen(self, account: Account) -> None:
        """Undo ``close``.

        Raises:
            AccountFault: it needs a second person.
        """
        if account.closed_at is None:
            return
        seconded = self._seconded(account.role)
        account.closed_at = None
        self._tell("reopened", account, seconded)

    def authenticate(self, username: str, password: str, address: str) -> Account | None:
        """The account, if username and password are right and it isn't locked.

        Takes as long for unknown usernames; a failure counts and locks: after 5
        for a minute, then twice as long with each further one, an hour at most.
        A right password alone doesn't set the count back: ``log_in`` does.
        """
        account = self.find(username[:64])
        right = matches(None if account is None or account.closed_at is not None else account.password_hash, password)
        if account is None:
            self._tell_refused("account:0", username, address, "unknown")
            return None
        if account.closed_at is not None or self.is_locked(account):
            self.refuse(account, address, "locked" if account.closed_at is None else "closed")
            return None
        if not right:
            self.count_failure(account, address, "password")
            return None
        if is_outdated(account.password_hash):
            account.password_hash = hash_password(password)
        return account

    def sign(self, account: Account, password: str, address: str) -> None:
        """Prove by the password that it is this person who acts; wrong ones count towards the lock.

        Raises:
            AccountFault: it is wrong, or the account is locked.
        """
        if self.is_locked(account) or not matches(account.password_hash, password):
            if not self.is_locked(account):
                self.count_failure(account, address, "signature")
            raise AccountFault(_("The password is not right, or the account is locked for some minutes."))

    def half_log_in(self, account: Account, address: str) -> str:
        """Open a log-in that waits for the second factor and is good for nothing else; the cookie's token."""
        return self.sessions.open(account, address, needs_code=True)

    def log_in(self, account: Account, address: str) -> str:
        """Open a log-in for an account that proved itself; the cookie's token. Wrong attempts are forgotten."""
        account.failed_logins, account.locked_until = 0, None
        token = self.sessions.open(account, address)
        self._tell("logged_in", account, {"address": address}, actor=f"user:{account.id}")
        return token

    def log_out(self, account: Account, token_sha256: str) -> None:
        """End the log-in."""
        self.sessions.end(token_sha256)
        self._tell("logged_out", account)

    def change_password(self, account: Account, old: str, new: str, keep: str) -> None:
        """Change one's own password; ends one's other log-ins.

        Args:
            keep: the log-in (SHA-256 of its token) that goes on.

        Raises:
            AccountFault: the old one is wrong, or the new one is too weak.
        """
        if not matches(account.password_hash, old):
            self._tell("password_refused", account)
            if account.must_change:
                raise AccountFault(_("The one-time password is not right. Type it as you did to log in."))
            raise AccountFault(_("The current password is not right."))
        fault = fault_of(new, account.username, account.name)
        if fault is None and new == old:
            fault = _("The new password must differ from the old one.")
        if fault is not None:
            raise AccountFault(fault)
        account.password_hash = hash_password(new)
        account.must_change = False
        self.sessions.end_all(account.id, keep=keep)
        self._tell("password_changed", account)

    def set_language(self, account: Account, language: str) -> None:
        """The language of the account's pages."""
        account.language = language

    def is_locked(self, account: Account) -> bool:
        """Is the account locked after too many wrong attempts?"""
        return account.locked_until is not None and account.locked_until > self.clock.now()

    def count_failure(self, account: Account, address: str, what: str) -> None:
        """Note a wrong ``password`` or ``code``, and lock after too many."""
        account.failed_logins += 1
        self.refuse(account, address, what)
        if account.failed_logins >= FREE_FAILURES:
            lock = min(FIRST_LOCK * 2 ** min(account.failed_logins - FREE_FAILURES, 10), LONGEST_LOCK)
            account.locked_until = self.clock.now() + lock
            self._tell("locked", account, {"seconds": int(lock.total_seconds()), "failures": account.failed_logins})

    def refuse(self, account: Account, address: str, why: str) -> None:
        """Tell the ledger of a log-in that was refused."""
        self._tell_refused(f"account:{account.id}", account.username, address, why)

    def _tell_refused(self, subject: str, username: str, address: str, why: str) -> None:
        data = {"why": why, "address": address, "username": printable(username)}
        self.ledger.append("account.login_failed", subject, data)

    def _tell(
        self, what: str, account: Account, data: dict[str, object] | None = None, actor: str | None = None
    ) -> None:
        self.ledger.append(f"account.{what}", f"account:{account.id}", data or {}, actor=actor)

    def _check_desk(self, desk: str | None) -> None:
        if desk and self.db.scalar(select(Account.id).where(Account.desk == desk, Account.closed_at.is_(None))):
            raise AccountFault(_("Desk telephone ${desk} belongs to another account.", mapping={"desk": desk}))

    def _check_bound(self, role: Role, department_id: int | None) -> None:
        if department_id is None:
            return
        if role not in BINDABLE:
            raise AccountFault(_("Auditors and wall displays see the whole: they are bound to no department."))
        if self.db.get(Department, department_id) is None:
            raise AccountFault(_("Choose a department from the list."))

    def may_lose_factor(self, account: Account) -> dict[str, object]:
        """May the actor take this account's second factor away? What the ledger is told besides.

        Raises:
            AccountFault: it is their own, or it needs a second person.
        """
        self.check_not_own(account)
        return self._seconded(account.role)

    def check_not_own(self, account: Account) -> None:
        """Raises AccountFault: it is the actor's own account."""
        if account.id == self.actor_id:
            raise AccountFault(_("Nobody changes their own rights; ask another administrator."))

    @staticmethod
    def _not_closed(account: Account) -> None:
        if account.closed_at is not None:
            raise AccountFault(_("This account is closed. Open it again first."))


def printable(text: str) -> str:
    """What somebody typed, short and without characters that do something."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)[:64]


def _checked(draft: Draft) -> Draft:
    if not USERNAME.fullmatch(draft.username):
        raise AccountFault(
            _("A username is 2 to 32 letters a–z, digits, dots, hyphens or underscores, and begins with a letter.")
        )
    if not draft.name or len(draft.name) > 64 or not draft.name.isprintable():
        raise AccountFault(_("Enter the person's name, 64 characters at most."))
    if draft.desk is not None and not DESK.fullmatch(draft.desk):
        raise AccountFault(_("A desk telephone is an extension of 2 to 8 digits, such as 1001."))
    return draft


def factory(context: object, request: Request) -> Accounts:
    """The request's accounts."""
    clock = request.find_service(IClock)
    identity = None if "dutycenter.actor" in request.environ else request.identity
    return Accounts(
        request.db,
        request.find_service(ILedger),
        Sessions(request.db, settings_of(request.registry), clock.now()),
        clock,
        None if identity is None else identity.id,
    )
