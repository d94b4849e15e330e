"""A desk takes a waiting caller out of turn.

The switch's queue rings desks in its own order, and cannot be told to prefer one caller at one desk. So each desk
has a queue of its own beside that of all: the caller is led out of the one and into the other, where this desk alone
rings, before everybody else. Whom it does not reach there waits among all again, at their place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from dutycenter.calls.models import Call, Leg
from dutycenter.calls.orders import Apart, DeskError, give_for_desk
from dutycenter.calls.queue import AVAILABLE, WAIT, Desks
from dutycenter.interfaces import OUT_OF_QUEUE, IClock, ILedger, ISwitch
from dutycenter.ledger.models import LedgerEntry
from dutycenter.switch.causes import meaning
from dutycenter.vocabulary import Disposition
from dutycenter.work import outside, settings_of

_ = TranslationStringFactory("dutycenter")

RINGS_AGAIN = frozenset({"ALLOTTED_TIMEOUT", "LOSE_RACE", "NO_ANSWER", "ORIGINATOR_CANCEL"})  # nobody is there, yet
PULLED, ENDED = "call.pulled", "call.pull_ended"
NOT_ANSWERED, NOT_TOLD = "not answered", "not told"  # why it ended, beside the switch's causes
WHY = {
    Disposition.BUSY: _("Your telephone was busy."),
    Disposition.SWITCHED_OFF: _("Your telephone is off or not registered."),
    Disposition.REJECTED: _("Your telephone rejected the call."),
    Disposition.NO_ANSWER: _("Your telephone rang, and nobody answered."),
}
STANDS = timedelta(seconds=60)  # longer than a caller waits for one desk: what no flow ended, ends by itself


def own_queue(queue: str, desk: str) -> str:
    """The queue in which one desk alone rings."""
    return f"{queue}-{desk}"


class Pulls:
    """Which desk takes which caller next.

    Args:
        db: the session of the request's transaction.
        ledger: where each act leaves its entry.
        clock: gives its moment.
        switch: is told.
        apart: runs orders outside the transaction.
        desks: whoever pulls a caller takes calls.
        queue: the queue of all desks.
    """

    def __init__(
        self, db: Session, ledger: ILedger, clock: IClock, switch: ISwitch, apart: Apart, desks: Desks, queue: str
    ) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.switch = switch
        self.apart = apart
        self.desks = desks
        self.queue = queue

    def pull(self, call_id: int, account_id: int, desk: str | None) -> None:
        """Let this caller come to this desk next, whoever else waits. Again: the switch is told again.

        Raises:
            DeskError: they do not wait any more, another desk was quicker, or the switch did not do it.
        """
        if not desk:
            raise DeskError(_("No desk telephone belongs to your account."))
        call = self.db.get(Call, call_id, with_for_update=True, populate_existing=True)
        self._refuse(call, desk)
        assert call is not None
        channel = call.channel_uuid
        call.pulled_by, call.pulled_at = desk, self.clock.now()
        self.ledger.append(PULLED, f"call:{call.id}", {"desk": desk, "account": account_id})
        self.desks.sit(desk, AVAILABLE, account_id)

        def order() -> None:
            self.switch.agent_status(desk, AVAILABLE)
            self.switch.press(channel, OUT_OF_QUEUE)

        give_for_desk(self.apart, order, lambda: self.end(channel, desk, NOT_TOLD))

    def standing(self, calls: Iterable[Call]) -> dict[int, str]:
        """The desks that take these callers next, by call; callers of whom nobody said so are left out."""
        now = self.clock.now()
        return {call.id: desk for call in calls if (desk := _pulled_by(call, now))}

    def not_rung(self, calls: Iterable[Call], desk: str | None) -> dict[int, TranslationString]:
        """Why callers whom this desk wanted next did not come to it, by call; those that still come are left out."""
        standing = self.standing(calls := list(calls))
        subjects = {f"call:{call.id}": call.id for call in calls if desk and call.id not in standing}
        if not subjects:
            return {}
        rows = self.db.execute(
            select(LedgerEntry.subject, LedgerEntry.action, LedgerEntry.data)
            .where(LedgerEntry.subject.in_(subjects), LedgerEntry.action.in_((PULLED, ENDED)))
            .order_by(LedgerEntry.id)
        )
        last: dict[int, TranslationString] = {}
        for subject, action, text in rows:
            data = json.loads(text)
            if data["desk"] == desk:
                last[subjects[subject]] = why_words(data["why"] if action == ENDED else "")
        return last

    def desk_of(self, channel_uuid: str) -> str:
        """The desk that takes this caller next; empty when it is anybody's turn."""
        call = self.db.scalar(select(Call).where(Call.channel_uuid == channel_uuid))
        return _pulled_by(call, self.clock.now()) if call else ""

    def end(self, channel_uuid: str, desk: str, why: str) -> None:
        """The caller did not come to that desk: it is anybody's turn again. Idempotent."""
        call = self.db.scalar(
            select(Call)
            .where(Call.channel_uuid == channel_uuid)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if call is not None and call.pulled_by == desk:
            call.pulled_by = call.pulled_at = None
            self.ledger.append(ENDED, f"call:{call.id}", {"desk": desk, "why": why})

    def unreachable(self, queue: str, channel_uuid: str, cause: str) -> bool:
        """A desk's own queue could not ring it: is anybody's turn again? Then the caller is to be led out of there.

        A telephone that is not there, is busy or rejects would keep them from all others until their patience there ends.
        """
        desk = self._owner(queue)
        if not desk or cause in RINGS_AGAIN:
            return False
        self.end(channel_uuid, desk, cause)
        return True

    def in_the_way(self, queue: str) -> list[str]:
        """A desk's telephone that rings for somebody else while a caller waits in the desk's own queue."""
        desk = self._owner(queue)
        if not desk:
            return []
        return list(
            self.db.scalars(
                select(Leg.channel_uuid)
                .join(Call, Call.id == Leg.call_id)
                .where(
                    Leg.number == desk, Leg.answered_at.is_(None), Leg.ended_at.is_(None),
                    Leg.channel_uuid != Call.channel_uuid,
                    Call.answered_at.is_(None), Call.ended_at.is_(None), Call.pulled_by.is_(None),
                )
            )
        )  # fmt: skip

    def _owner(self, queue: str) -> str:
        """The desk whose own queue this is; empty for that of all."""
        desk = queue.removeprefix(own_queue(self.queue, ""))
        return "" if desk == queue else desk

    def _pulled(self, desk: str) -> list[Call]:
        calls = self.db.scalars(select(Call).where(Call.pulled_by == desk, Call.ended_at.is_(None))).all()
        now = self.clock.now()
        return [call for call in calls if _pulled_by(call, now) == desk]

    def _refuse(self, call: Call | None, desk: str) -> None:
        if call is None or call.ended_at is not None:
            raise DeskError(_("The caller has hung up. The call is kept on the list."))
        if call.answered_at is not None:
            raise DeskError(_("Another desk has taken this call."))
        if call.state not in WAIT:
            raise DeskError(_("This caller does not wait in the queue just now."))
        if call.id in self.desks.outside():
            raise DeskError(
                _("Somebody outside is being called for this caller. If nobody answers, they wait here again.")
            )
        taker = _pulled_by(call, self.clock.now())
        if taker and taker != desk:
            raise DeskError(_("Desk ${desk} takes this caller.", mapping={"desk": taker}))
        if self.desks.talking(desk) is not None:
            raise DeskError(
                _("You talk to a caller. End that call first: until then this one would wait for you alone.")
            )
        if any(one.id != call.id for one in self._pulled(desk)):
            raise DeskError(_("Another caller comes to your telephone already. Answer them first."))
        if not taker and any(one.desk_channel_uuid for one in self.desks.waiting(desk) if one.call.id == call.id):
            raise DeskError(_("Your telephone rings for this caller already: answer it."))


def why_words(why: str) -> TranslationString:
    """Why a desk's telephone did not take the caller whom it wanted.

    Args:
        why: the switch's cause, or what a flow said; empty when nobody said how it ended.
    """
    if why in ("", NOT_TOLD):
        return _("The caller was not led to your telephone in time.")
    if why == NOT_ANSWERED:
        return WHY[Disposition.NO_ANSWER]
    return WHY.get(meaning(why).disposition) or _(
        "Your telephone could not be rung (${cause}).", mapping={"cause": why}
    )


def _pulled_by(call: Call, now: datetime) -> str:
    stands = call.pulled_at is not None and now - call.pulled_at < STANDS and call.answered_at is None
    return call.pulled_by or "" if stands else ""


def pulls_factory(context: object, request: Request) -> Pulls:
    """The request's ``Pulls``."""
    return Pulls(
        request.db,
        request.find_service(ILedger),
        request.find_service(IClock),
        request.find_service(ISwitch),
        partial(outside, request),
        request.find_service(Desks),
        settings_of(request.registry).hotline_queue,
    )
