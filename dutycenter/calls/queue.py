"""The duty desks: answering from the screen, and whether the queue may ring a desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from dutycenter.calls.models import Call, Desk, Leg
from dutycenter.calls.numbers import person_of
from dutycenter.directory.models import Person
from dutycenter.interfaces import IClock, ILedger, ISwitch, SwitchAway, SwitchError
from dutycenter.vocabulary import CallState

_ = TranslationStringFactory("dutycenter")

AVAILABLE = "Available"
ON_BREAK = "On Break"
LOGGED_OUT = "Logged Out"
STATUSES = (AVAILABLE, ON_BREAK, LOGGED_OUT)


class DeskError(Exception):
    """What was asked of a desk cannot be done; ``reason`` is a msgid that says why and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Waiting:
    """An inbound call that is not taken yet, and the telephone of this desk that rings for it."""

    call: Call
    desk_channel_uuid: str | None  # of the asking account's own desk


@dataclass(frozen=True)
class Called:
    """A called person who asked for the desk, and rings there or talks to it."""

    desk_channel_uuid: str
    channel_uuid: str  # of their own leg
    desk: str
    number: str
    person: Person | None
    since: datetime
    talks: bool = False


class Desks:
    """What a person at a desk telephone can do."""

    def __init__(self, db: Session, ledger: ILedger, clock: IClock, switch: ISwitch) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.switch = switch

    def waiting(self, desk: str | None) -> list[Waiting]:
        """Calls that are up and not taken, the one that came first at the top."""
        calls = self.db.scalars(
            select(Call)
            .where(Call.ended_at.is_(None), Call.answered_at.is_(None), Call.state != CallState.ENDED)
            .order_by(Call.arrived_at, Call.id)
        ).all()
        rings = self._rings(calls, desk) if desk else {}
        return [Waiting(call, rings.get(call.id)) for call in calls]

    def called(self) -> list[Called]:
        """Called people who ring at a desk or talk to one, the longest waiting first."""
        theirs = aliased(Leg)
        rows = self.db.execute(
            select(Leg, theirs.number)
            .outerjoin(theirs, theirs.channel_uuid == Leg.rings_for)
            .where(Leg.rings_for.is_not(None), Leg.ended_at.is_(None))
            .order_by(Leg.created_at, Leg.channel_uuid)
        ).all()
        found = []
        for leg, number in rows:
            person_id = person_of(self.db, number or "")
            person = self.db.get(Person, person_id) if person_id else None
            since, talks = leg.answered_at or leg.created_at, leg.answered_at is not None
            found.append(Called(leg.channel_uuid, leg.rings_for or "", leg.number, number or "", person, since, talks))
        return found

    def answer_called(self, desk_channel_uuid: str, account_id: int, desk: str | None) -> None:
        """Make this desk's telephone, which rings for a called person, answer.

        Raises:
            DeskError: it doesn't ring there any more, or the switch is away.
        """
        leg = self.db.get(Leg, desk_channel_uuid)
        rings = leg is not None and leg.rings_for is not None and leg.ended_at is None and leg.answered_at is None
        if leg is None or not rings:
            raise DeskError(_("This telephone does not ring any more."))
        if leg.number != desk:
            raise DeskError(_("Another desk's telephone rings for this person."))
        self._sit(desk, AVAILABLE, account_id)
        self._talk(desk_channel_uuid)

    def talking(self, desk: str | None) -> Call | None:
        """The call that this desk talks on."""
        if not desk:
            return None
        return self.db.scalars(
            select(Call)
            .where(Call.state == CallState.TALKING, Call.desk == desk)
            .order_by(Call.answered_at.desc())
            .limit(1)
        ).first()

    def answer(self, call_id: int, account_id: int, desk: str | None) -> None:
        """Make this desk's ringing telephone take the call.

        That the call is answered is written when the switch says so.

        Raises:
            DeskError: it doesn't ring there, or the switch is away.
        """
        call = self.db.get(Call, call_id)
        if call is None or call.ended_at is not None:
            raise DeskError(_("The caller has hung up. The call is kept on the list."))
        if not desk:
            raise DeskError(_("No desk telephone belongs to your account. Pick up the telephone that rings."))
        if call.answered_at is not None:
            raise DeskError(_("Another desk has taken this call."))
        channel = self._rings([call], desk).get(call.id)
        if channel is None:
            raise DeskError(_("Your telephone does not ring for this call yet. It comes to a free desk by itself."))
        self._sit(desk, AVAILABLE, account_id)
        self._talk(channel)

    def status(self, desk: str | None) -> str:
        """May the queue ring this desk? Nobody sits there until somebody says so."""
        row = self.db.get(Desk, desk) if desk else None
        return row.status if row else LOGGED_OUT

    def set_status(self, account_id: int, desk: str | None, status: str) -> None:
        """Open a desk to the queue or close it.

        Raises:
            DeskError: there is no desk, or the switch is away.
            ValueError: no such status.
        """
        if status not in STATUSES:
            raise ValueError(f"no such status: {status[:32]!r}")
        if not desk:
            raise DeskError(_("No desk telephone belongs to your account."))
        self._sit(desk, status, account_id)
        try:
            self.switch.agent_status(desk, status)
        except SwitchError:
            raise DeskError(_("The telephone system does not respond, so the queue was not told. Try again.")) from None

    def heard(self, desk: str, status: str) -> None:
        """The switch says that a desk's status changed."""
        if status in STATUSES and 0 < len(desk) <= 16 and desk.isalnum():
            self._sit(desk, status, None)

    def _talk(self, desk_channel_uuid: str) -> None:
        try:
            self.switch.talk(desk_channel_uuid)
        except SwitchAway:
            raise DeskError(_("The telephone system does not respond. Pick up the telephone by hand.")) from None
        except SwitchError:
            raise DeskError(_("The telephone could not be answered from here. Pick it up by hand.")) from None

    def _sit(self, desk: str, status: str, account_id: int | None) -> None:
        row = self.db.get(Desk, desk, with_for_update=True)
        if row is not None and row.status == status and account_id in (None, row.account_id):
            return
        if row is None:
            row = Desk(extension=desk, status=status, since=self.clock.now(), account_id=account_id)
            self.db.add(row)
        row.status, row.since = status, self.clock.now()
        row.account_id = account_id or row.account_id
        self.ledger.append("desk.status", f"desk:{desk}", {"status": status})

    def _rings(self, calls: Sequence[Call], desk: str) -> dict[int, str]:
        legs = self.db.scalars(
            select(Leg).where(Leg.call_id.in_([call.id for call in calls]), Leg.number == desk, Leg.ended_at.is_(None))
        )
        own = {call.channel_uuid for call in calls}
        return {leg.call_id: leg.channel_uuid for leg in legs if leg.call_id and leg.channel_uuid not in own}


def desks_factory(context: object, request: Request) -> Desks:
    """The request's ``Desks``."""
    return Desks(request.db, request.find_service(ILedger), request.find_service(IClock), request.find_service(ISwitch))
