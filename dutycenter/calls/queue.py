"""The duty desks: answering from the screen, and whether the queue may ring a desk."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from dutycenter.accounts.models import Account
from dutycenter.calls.models import Call, CallParty, Desk, Leg
from dutycenter.calls.numbers import person_of
from dutycenter.calls.orders import Apart, DeskError
from dutycenter.calls.own_rings import own_rings
from dutycenter.directory.models import Person
from dutycenter.interfaces import IClock, ILedger, ISwitch, SwitchAway, SwitchError
from dutycenter.switch.models import Gateway
from dutycenter.vocabulary import CallState, PartyPart
from dutycenter.work import Work, outside, settings_of

_ = TranslationStringFactory("dutycenter")
log = logging.getLogger(__name__)

AVAILABLE = "Available"
ON_BREAK = "On Break"
WRAP_UP = "Wrap Up"  # our word: the switch hears that the desk is on a break, and of its end by itself
LOGGED_OUT = "Logged Out"
STATUSES = (AVAILABLE, ON_BREAK, WRAP_UP, LOGGED_OUT)
WAIT = (CallState.QUEUED, CallState.RINGING)
BETWEEN_RINGS = timedelta(seconds=12)  # the queue's longest delay (``deploy/freeswitch/prepare``), and a little


def switch_word(status: str) -> str:
    """A desk's status as mod_callcenter knows it."""
    return ON_BREAK if status == WRAP_UP else status


@dataclass(frozen=True)
class Waiting:
    """An inbound call that is not taken yet, and the telephone of this desk that rings for it."""

    call: Call
    desk_channel_uuid: str | None  # of the asking account's own desk
    rang_lately: bool = False  # there, until a moment ago; and it rings there for nobody else: it pauses, or rings anew


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


@dataclass(frozen=True)
class OtherDesk:
    """A desk that somebody else sits at."""

    extension: str
    name: str  # whose it is
    status: str
    talks: bool


class Desks:
    """What a person at a desk telephone can do."""

    def __init__(
        self, db: Session, ledger: ILedger, clock: IClock, switch: ISwitch, apart: Apart, wrap_up: timedelta
    ) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.switch = switch
        self.apart = apart
        self.wrap_up = wrap_up

    def waiting(self, desk: str | None) -> list[Waiting]:
        """Calls that are up and not taken, the one that came first at the top."""
        calls = self.db.scalars(
            select(Call)
            .where(Call.ended_at.is_(None), Call.answered_at.is_(None), Call.state != CallState.ENDED)
            .order_by(Call.arrived_at, Call.id)
        ).all()
        rings = self._rings(calls, desk) if desk else {}
        lately = self._rang_lately(calls, desk) if desk else set()
        if rings:
            lately &= rings.keys()
        return [Waiting(call, rings.get(call.id), call.id in lately) for call in calls]

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

    def outside(self) -> dict[int, str]:
        """Calls that desks did not take, and for which somebody is called outside: by id, who, or their number."""
        rows = self.db.execute(
            select(Call.id, Leg.number)
            .join(Leg, Leg.call_id == Call.id)
            .where(
                Call.ended_at.is_(None),
                Leg.channel_uuid != Call.channel_uuid,
                Leg.gateway.in_(select(Gateway.name)),  # a desk's telephone comes by none of those
                Leg.ended_at.is_(None),
                Call.desk_channel_uuid.is_(None) | (Leg.channel_uuid == Call.desk_channel_uuid),
            )
        ).all()
        found = {}
        for call_id, number in rows:
            person_id = person_of(self.db, number)
            person = self.db.get(Person, person_id) if person_id else None
            found[call_id] = person.name if person else number
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
        self.sit(desk, AVAILABLE, account_id)
        self._talk(desk_channel_uuid)

    def offered(self, desk: str | None) -> list[CallParty]:
        """Calls of other desks for which this desk's telephone rings: to take over, to join, to listen to."""
        if not desk:
            return []
        return list(
            self.db.scalars(
                select(CallParty)
                .where(CallParty.number == desk, CallParty.joined_at.is_(None), CallParty.left_at.is_(None))
                .options(joinedload(CallParty.call), joinedload(CallParty.asked_by))
                .order_by(CallParty.id)
            )
        )

    def answer_offered(self, party_id: int, account_id: int, desk: str | None) -> CallParty:
        """Make this desk's telephone, which rings for another desk's call, answer.

        Raises:
            DeskError: it doesn't ring there any more, or the switch is away.
        """
        party = next((one for one in self.offered(desk) if one.id == party_id), None)
        if party is None or not desk:
            raise DeskError(_("This telephone does not ring any more."))
        if party.part is not PartyPart.SUPERVISES:  # whoever listens in does not take the hotline's calls by that
            self.sit(desk, AVAILABLE, account_id)
        self._talk(party.channel_uuid)
        return party

    def answer_own(self, desk_channel_uuid: str, desk: str | None) -> None:
        """Make this desk's telephone answer, which rings because somebody there wants to call back or to join.

        Raises:
            DeskError: it doesn't ring there any more, or the switch is away.
        """
        if all(one.desk_channel_uuid != desk_channel_uuid for one in own_rings(self.db, desk)):
            raise DeskError(_("This telephone does not ring any more."))
        self._talk(desk_channel_uuid)

    def talking(self, desk: str | None) -> Call | None:
        """The call that this desk talks on."""
        if not desk:
            return None
        return next((call for call in self.live() if call.desk == desk), None)

    def live(self) -> list[Call]:
        """Calls on which a desk talks, the latest first."""
        return list(
            self.db.scalars(
                select(Call)
                .join(Leg, Leg.channel_uuid == Call.desk_channel_uuid)
                .where(Call.state == CallState.TALKING, Leg.ended_at.is_(None))
                .options(selectinload(Call.parties))
                .order_by(Call.answered_at.desc())
            )
        )

    def answer(self, call_id: int, account_id: int, desk: str | None) -> bool:
        """Make this desk's ringing telephone take the call. Again: it stays taken.

        That the call is answered is written when the switch says so.

        Returns:
            False: the telephone pauses between two rings; ask again when it rings.

        Raises:
            DeskError: it doesn't ring there, or the switch is away.
        """
        call = self.db.get(Call, call_id)
        if call is None or call.ended_at is not None:
            raise DeskError(_("The caller has hung up. The call is kept on the list."))
        if not desk:
            raise DeskError(_("No desk telephone belongs to your account. Pick up the telephone that rings."))
        if call.answered_at is not None and call.desk == desk:
            return True
        if call.answered_at is not None:
            raise DeskError(_("Another desk has taken this call."))
        waiting = self.waiting(desk)
        mine = next((one for one in waiting if one.call.id == call.id), Waiting(call, None))
        if mine.rang_lately and mine.desk_channel_uuid is None:
            return False
        channel = mine.desk_channel_uuid
        if channel is None and any(one.desk_channel_uuid for one in waiting):
            raise DeskError(_("Your telephone rings for another caller by now."))
        if channel is None:
            raise DeskError(_("Your telephone does not ring for this call yet. It comes to a free desk by itself."))
        self.sit(desk, AVAILABLE, account_id)
        self._talk(channel)
        return True

    def status(self, desk: str | None) -> str:
        """May the queue ring this desk? Nobody sits there until somebody says so."""
        row = self.db.get(Desk, desk) if desk else None
        return row.status if row else LOGGED_OUT

    def writes_up_until(self, desk: str | None) -> datetime | None:
        """When a desk that writes up a call takes calls again."""
        row = self.db.get(Desk, desk) if desk else None
        return row.until if row else None

    def others(self, desk: str | None) -> list[OtherDesk]:
        """The desks that a call can be handed to: whose they are, and whether they are free."""
        accounts = self.db.scalars(
            select(Account).where(Account.desk.is_not(None), Account.closed_at.is_(None)).order_by(Account.desk)
        ).all()
        status = {row.extension: row.status for row in self.db.scalars(select(Desk))}
        talks = {call.desk for call in self.live()}
        return [
            OtherDesk(account.desk, account.name, status.get(account.desk, LOGGED_OUT), account.desk in talks)
            for account in accounts
            if account.desk and account.desk != desk
        ]

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
        self.sit(desk, status, account_id)
        try:
            self.apart(lambda: self.switch.agent_status(desk, switch_word(status)))
        except SwitchError:
            raise DeskError(_("The telephone system does not respond, so the queue was not told. Try again.")) from None

    def heard(self, desk: str, status: str) -> None:
        """The switch says that a desk's status changed."""
        if status not in STATUSES or not (0 < len(desk) <= 16 and desk.isalnum()):
            return
        if switch_word(self.status(desk)) != status:
            self.sit(desk, status, None)

    def end_wrap_up(self) -> None:
        """Desks that have written up long enough take calls again."""
        ready = select(Desk.extension).where(Desk.status == WRAP_UP, Desk.until <= self.clock.now())
        for desk in self.db.scalars(ready).all():
            self.sit(desk, AVAILABLE, None)
            self.apart(partial(self.switch.agent_status, desk, AVAILABLE))

    def _talk(self, desk_channel_uuid: str) -> None:
        try:
            self.apart(lambda: self.switch.talk(desk_channel_uuid))
        except SwitchAway:
            raise DeskError(_("The telephone system does not respond. Pick up the telephone by hand.")) from None
        except SwitchError:
            raise DeskError(_("The telephone could not be answered from here. Pick it up by hand.")) from None

    def sit(self, desk: str, status: str, account_id: int | None) -> None:
        """Write down that a desk takes calls or does not; the switch is told by whoever asks for it."""
        row = self.db.get(Desk, desk, with_for_update=True)
        if row is not None and row.status == status and account_id in (None, row.account_id):
            return
        if row is None:
            row = Desk(extension=desk, status=status, since=self.clock.now(), account_id=account_id)
            self.db.add(row)
        row.status, row.since = status, self.clock.now()
        row.until = row.since + self.wrap_up if status == WRAP_UP else None
        row.account_id = account_id or row.account_id
        self.ledger.append("desk.status", f"desk:{desk}", {"status": status})

    def _rings(self, calls: Sequence[Call], desk: str) -> dict[int, str]:
        legs = self.db.scalars(
            select(Leg).where(Leg.call_id.in_([call.id for call in calls]), Leg.number == desk, Leg.ended_at.is_(None))
        )
        own = {call.channel_uuid for call in calls}
        return {leg.call_id: leg.channel_uuid for leg in legs if leg.call_id and leg.channel_uuid not in own}

    def _rang_lately(self, calls: Sequence[Call], desk: str) -> set[int]:
        """Of these calls the ones for which the desk rang until a moment ago, and whose turn it still is."""
        if self.status(desk) != AVAILABLE:
            return set()
        wait = [call.id for call in calls if call.state in WAIT and call.pulled_by in (None, desk)]
        stopped = select(Leg.call_id).where(
            Leg.call_id.in_(wait), Leg.number == desk, Leg.answered_at.is_(None),
            Leg.ended_at > self.clock.now() - BETWEEN_RINGS,
        )  # fmt: skip
        return {call_id for call_id in self.db.scalars(stopped) if call_id}


def desks_factory(context: object, request: Request) -> Desks:
    """The request's ``Desks``."""
    return Desks(
        request.db,
        request.find_service(ILedger),
        request.find_service(IClock),
        request.find_service(ISwitch),
        partial(outside, request),
        timedelta(seconds=settings_of(request.registry).hotline_wrap_up),
    )


def end_wrap_up(work: Work) -> None:
    """The clerk: desks that have written up long enough take calls again."""
    with work.write() as request:
        try:
            request.find_service(Desks).end_wrap_up()
        except SwitchError as error:
            log.info("A desk that takes calls again could not be told to the switch (%s); the ivr tells it.", error)
