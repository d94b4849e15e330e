"""Offering a handover, taking its items one by one, and signing."""

from __future__ import annotations

from collections.abc import Sequence

from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from dutycenter.accounts.models import Account
from dutycenter.accounts.policy import PERMISSIONS
from dutycenter.accounts.services import AccountFault, Accounts
from dutycenter.interfaces import IClock, ILedger
from dutycenter.kept_words import keep
from dutycenter.roster.duty_log.services import DutyLog
from dutycenter.roster.handover.items import OpenItem
from dutycenter.roster.handover.models import Handover, HandoverItem

_ = TranslationStringFactory("dutycenter")

MOST_NOTES = 30
MOST_CHARACTERS = 500
LISTED = 60


class HandoverFault(ValueError):
    """A handover cannot go on so. ``args[0]`` is a translation string for the reader."""

    @property
    def words(self) -> TranslationString:
        """What is wrong, to be translated."""
        words: TranslationString = self.args[0]
        return words


class Handovers:
    """Handovers of one installation.

    Args:
        db: the session of the change.
        ledger: where each signature is told.
        clock: the moment.
        accounts: who may take over, and whether a password proves who signs.
        log: the duty log, which tells of every change of shift.
        account_id: who acts.
    """

    def __init__(
        self, db: Session, ledger: ILedger, clock: IClock, accounts: Accounts, log: DutyLog, account_id: int | None
    ) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.accounts = accounts
        self.log = log
        self.account_id = account_id

    def takers(self) -> list[Account]:
        """Who may take over: every open account that works at a desk, but one's own."""
        return [
            account
            for account in self.accounts.all()
            if account.closed_at is None and account.id != self.account_id and "desk" in PERMISSIONS[account.role]
        ]

    def waiting(self) -> list[Handover]:
        """Handovers that wait for one's own second signature."""
        return list(self.db.scalars(select(Handover).where(*self._waits())))

    def count_waiting(self) -> int:
        """How many they are."""
        return self.db.scalar(select(func.count()).select_from(Handover).where(*self._waits())) or 0

    def _waits(self) -> tuple[ColumnElement[bool], ...]:
        return Handover.to_id == self.account_id, Handover.accepted_at.is_(None), Handover.withdrawn_at.is_(None)

    def offered(self) -> Handover | None:
        """One's own handover that nobody has taken yet."""
        return self.db.scalar(
            select(Handover).where(
                Handover.from_id == self.account_id, Handover.accepted_at.is_(None), Handover.withdrawn_at.is_(None)
            )
        )

    def latest(self) -> list[Handover]:
        """The latest handovers, newest first."""
        return list(self.db.scalars(select(Handover).order_by(Handover.id.desc()).limit(LISTED)))

    def get(self, handover_id: int) -> Handover | None:
        """The handover of this id."""
        return self.db.get(Handover, handover_id)

    def offer(self, to_id: int, items: Sequence[OpenItem], notes: str, password: str, address: str) -> Handover:
        """Sign off: what is open is written down as it stands.

        Args:
            items: what the rooms have open.
            notes: one thing a line, beside those.
            password: the giver's own, as a signature.

        Raises:
            HandoverFault: nobody to take over, too long, one is offered already, or the password is wrong.
        """
        giver = self._self()
        taker = next((account for account in self.takers() if account.id == to_id), None)
        if taker is None:
            raise HandoverFault(_("Choose who takes over."))
        if self.offered() is not None:
            raise HandoverFault(_("You have offered a handover already. Take it back first."))
        lines = [line.strip() for line in notes.splitlines() if line.strip()]
        if len(lines) > MOST_NOTES or any(len(line) > MOST_CHARACTERS for line in lines):
            raise HandoverFault(
                _("At most ${n} notes of ${most} characters.", mapping={"n": MOST_NOTES, "most": MOST_CHARACTERS})
            )
        self._sign(giver, password, address)
        handover = Handover(
            giver=giver,
            taker=taker,
            offered_at=self.clock.now(),
            items=[
                HandoverItem(
                    subject=item.subject,
                    text=item.text,
                    words=None if item.words is None else keep(item.words),
                    path=item.path,
                )
                for item in [*items, *(OpenItem("", line) for line in lines)]
            ],
        )
        self.db.add(handover)
        self.db.flush()
        self._tell(
            handover,
            "offered",
            to=to_id,
            items=[{"subject": item.subject, "text": item.text, "words": item.words} for item in handover.items],
        )
        return handover

    def withdraw(self, handover: Handover) -> None:
        """Take an offer back before it is taken.

        Raises:
            HandoverFault: it is somebody else's, or done.
        """
        self._check(handover, handover.from_id)
        handover.withdrawn_at = self.clock.now()
        self._tell(handover, "withdrawn")

    def take_item(self, handover: Handover, item_id: int, taken: bool, remark: str) -> None:
        """Take one item on, or give it back while nothing is signed.

        Raises:
            HandoverFault: it is somebody else's, or done; no such item; the remark is too long.
        """
        self._check(handover, handover.to_id)
        item = next((item for item in handover.items if item.id == item_id), None)
        if item is None:
            raise HandoverFault(_("There is no such item in this handover."))
        if len(remark) > MOST_CHARACTERS:
            raise HandoverFault(_("A remark has ${most} characters at most.", mapping={"most": MOST_CHARACTERS}))
        item.taken_at = self.clock.now() if taken else None
        item.remark = remark.strip() if taken else ""
        self._tell(handover, "item_taken" if taken else "item_given_back", item=item.id, remark=item.remark)

    def accept(self, handover: Handover, password: str, address: str, log_words: str) -> None:
        """The second signature; the duty log tells of it.

        Args:
            password: the taker's own, as a signature.
            log_words: what the duty log says of it.

        Raises:
            HandoverFault: an item isn't taken yet, it is somebody else's, or the password is wrong.
        """
        self._check(handover, handover.to_id)
        left = sum(1 for item in handover.items if item.taken_at is None)
        if left:
            raise HandoverFault(_("Not taken on yet: ${n}. Take each item on, then sign.", mapping={"n": left}))
        self._sign(self._self(), password, address)
        handover.accepted_at = self.clock.now()
        self._tell(handover, "accepted")
        self.log.write(log_words)

    def _self(self) -> Account:
        account = None if self.account_id is None else self.accounts.get(self.account_id)
        if account is None:
            raise HandoverFault(_("Only a person hands over."))
        return account

    def _check(self, handover: Handover, whose: int) -> None:
        self.db.refresh(handover, with_for_update=True)  # given back and taken in the same moment: one comes second
        if whose != self.account_id:
            raise HandoverFault(_("This is for somebody else to do."))
        if not handover.is_open:
            raise HandoverFault(_("This handover is over."))

    def _sign(self, account: Account, password: str, address: str) -> None:
        try:
            self.accounts.sign(account, password, address)
        except AccountFault as fault:
            raise HandoverFault(fault.words) from None

    def _tell(self, handover: Handover, what: str, **data: object) -> None:
        self.ledger.append(f"handover.{what}", f"handover:{handover.id}", data)


def factory(context: object, request: Request) -> Handovers:
    """The request's handovers."""
    identity = None if "dutycenter.actor" in request.environ else request.identity
    return Handovers(
        request.db,
        request.find_service(ILedger),
        request.find_service(IClock),
        request.find_service(Accounts),
        request.find_service(DutyLog),
        None if identity is None else identity.id,
    )
