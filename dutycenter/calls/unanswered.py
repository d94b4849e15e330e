"""Calls that nobody took stay on a list with an owner until someone deals with them."""

from __future__ import annotations

from datetime import datetime

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from dutycenter.calls.models import Call
from dutycenter.calls.services import DEALT_WITH
from dutycenter.interfaces import IClock, ILedger

_ = TranslationStringFactory("dutycenter")

MAX_WORDS = 255
MAX_LISTED = 200


class NotOnList(Exception):
    """The call isn't on the list (any more)."""


class TakenBySomebody(Exception):
    """Somebody else has taken the call meanwhile; ``who`` by name."""

    def __init__(self, who: str) -> None:
        super().__init__(who)
        self.who = who


class Unanswered:
    """Missed calls and messages, and what became of them."""

    def __init__(self, db: Session, ledger: ILedger, clock: IClock) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock

    def listed(self, limit: int = MAX_LISTED) -> list[Call]:
        """What waits for someone, the longest waiting first."""
        return list(
            self.db.scalars(
                select(Call)
                .where(Call.open)
                .options(joinedload(Call.taken_by), selectinload(Call.recordings))
                .order_by(Call.arrived_at, Call.id)
                .limit(limit)
            )
        )

    def settled_since(self, since: datetime) -> list[Call]:
        """What was dealt with lately, so that it can be undone."""
        return list(
            self.db.scalars(
                select(Call)
                .where(Call.settled_at >= since)
                .options(joinedload(Call.taken_by))
                .order_by(Call.settled_at.desc())
                .limit(5)
            )
        )

    def count(self) -> int:
        """How many wait."""
        return self.db.scalar(select(func.count()).select_from(Call).where(Call.open)) or 0

    def take(self, call_id: int, account_id: int) -> Call:
        """The account will deal with it. Idempotent.

        Raises:
            NotOnList, TakenBySomebody
        """
        call = self._on_list(call_id)
        self._mine_or_free(call, account_id)
        if call.taken_by_id is None:
            call.taken_by_id, call.taken_at = account_id, self.clock.now()
            self._tell(call, "call.taken", by=account_id)
        return call

    def give_back(self, call_id: int, account_id: int) -> Call:
        """Undo ``take``.

        Raises:
            NotOnList, TakenBySomebody
        """
        call = self._on_list(call_id)
        self._mine_or_free(call, account_id)
        if call.taken_by_id is not None:
            call.taken_by_id = call.taken_at = None
            self._tell(call, "call.given_back", by=account_id)
        return call

    def settle(self, call_id: int, account_id: int, how: str) -> Call:
        """It has been dealt with, and how, in words.

        Raises:
            NotOnList, TakenBySomebody
            ValueError: no words, or too many; ``str()`` is a msgid.
        """
        how = " ".join(how.split())
        if not how:
            raise ValueError(_("Say in a few words what was done, for example: called back, nothing needed."))
        if len(how) > MAX_WORDS:
            raise ValueError(_("That is too long: 255 characters at most."))
        call = self.take(call_id, account_id)
        call.open, call.settled_at, call.settled_how = False, self.clock.now(), how
        self._tell(call, "call.settled", by=account_id, how=how)
        return call

    def reopen(self, call_id: int, account_id: int) -> Call:
        """Undo ``settle``: it is on the list again, with its owner. Idempotent.

        Raises:
            NotOnList: it never was.
        """
        call = self.db.get(Call, call_id, with_for_update=True, populate_existing=True)
        if call is None or call.result in (None, *DEALT_WITH):
            raise NotOnList
        if not call.open:
            call.open, call.settled_at, call.settled_how = True, None, ""
            self._tell(call, "call.reopened", by=account_id)
        return call

    def _on_list(self, call_id: int) -> Call:
        call = self.db.get(Call, call_id, with_for_update=True, populate_existing=True)
        if call is None or not call.open:
            raise NotOnList
        return call

    def _mine_or_free(self, call: Call, account_id: int) -> None:
        if call.taken_by_id not in (None, account_id):
            raise TakenBySomebody(call.taken_by.name if call.taken_by else "")

    def _tell(self, call: Call, action: str, **data: object) -> None:
        self.ledger.append(action, f"call:{call.id}", data)


def unanswered_factory(context: object, request: Request) -> Unanswered:
    """The request's ``Unanswered``."""
    return Unanswered(request.db, request.find_service(ILedger), request.find_service(IClock))
